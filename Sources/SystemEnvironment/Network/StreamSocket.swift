internal import CLinux
internal import Environment
internal import Glibc
internal import NIOCore

/// What an event loop does with a connected socket that never blocks.
enum StreamSocket {
    /// What came of a read or a write.
    enum Outcome {
        case bytes(Int)
        /// Nothing now; the loop tells when it is worth trying again.
        case wouldBlock
        /// The other end sends no more.
        case ended
        case failed(Int32)
    }

    /// TCP gives up when sent bytes were not acknowledged for so long, in milliseconds.
    private static let unacknowledged: Int32 = 10_000

    static func read(_ socket: Int32, into room: UnsafeMutableRawBufferPointer) -> Outcome {
        outcome { unsafe recv(socket, room.baseAddress, room.count, 0) }
    }

    /// Writes as much of `bytes` as the socket takes. Not empty.
    static func write(_ socket: Int32, _ bytes: RawSpan) -> Outcome {
        outcome {
            unsafe bytes.withUnsafeBytes {
                unsafe send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
        }
    }

    private static func outcome(_ call: () -> Int) -> Outcome {
        while true {
            let result = call()
            if result > 0 { return .bytes(result) }
            if result == 0 { return .ended }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return .wouldBlock
            case let number: return .failed(number)
            }
        }
    }

    /// Sends no more; what was written still arrives.
    static func endWriting(_ socket: Int32) {
        // Fails only for a connection that is gone.
        _ = shutdown(socket, Int32(SHUT_WR))
    }

    /// Begins to connect. When the socket is writable, `failure(of:)` tells what came of it.
    static func connect(_ socket: Int32, _ address: SocketAddress) throws {
        try unsafe address.withSockAddr { pointer, size in
            while unsafe Glibc.connect(socket, pointer, socklen_t(size)) != 0 {
                switch errno {
                case EINTR: continue
                case EINPROGRESS: return
                case let number: throw SystemError(call: "connect", number: number)
                }
            }
        }
    }

    /// What went wrong with a socket since this was last asked.
    static func failure(of socket: Int32) -> SystemError? {
        var number: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        let result = unsafe getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &size)
        if result != 0 { number = errno }
        return number == 0 ? nil : SystemError(call: "connect", number: number)
    }

    /// Takes the next connection that waits, or nil, and where it comes from.
    static func accept(_ listening: Int32) throws(SystemError) -> (Int32, SocketAddress?)? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let accepted = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe holdfast_accept(listening, pointer, &size)
        }
        if accepted >= 0 { return (accepted, SocketAddress(storage)) }
        switch errno {
        // Those who went away meanwhile are no matter.
        case EAGAIN, EWOULDBLOCK: return nil
        case let number: throw SystemError(call: "accept", number: number)
        }
    }

    /// Answers leave at once, and an end that is silently gone is found out.
    static func setOptions(_ socket: Int32, _ endpoint: Endpoint) {
        guard case .tcp = endpoint else { return }
        // Fail only for a connection that is gone, which its first read tells.
        set(socket, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        set(socket, SOL_SOCKET, SO_KEEPALIVE, 1)
        set(socket, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, unacknowledged)
    }

    private static func set(_ socket: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        let size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe setsockopt(socket, level, option, &value, size)
    }
}

extension SocketAddress {
    /// Of an internet connection; nil for others, which have no address worth telling.
    init?(_ storage: sockaddr_storage) {
        var storage = storage
        let size = MemoryLayout<sockaddr_storage>.size
        let made = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe SocketAddress(
                UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), size)
        }
        guard let made else { return nil }
        self = made
    }

    /// The same of an address of so many bytes.
    init?(_ address: UnsafePointer<sockaddr>, _ size: Int) {
        let bytes = unsafe UnsafeRawBufferPointer(start: address, count: size)
        switch unsafe Int32(bytes.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET where size >= MemoryLayout<sockaddr_in>.size:
            self.init(unsafe bytes.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6 where size >= MemoryLayout<sockaddr_in6>.size:
            self.init(unsafe bytes.loadUnaligned(as: sockaddr_in6.self))
        default:
            return nil
        }
    }
}

extension Endpoint {
    init?(_ address: SocketAddress) {
        if let host = address.ipAddress, let port = address.port, let port = UInt16(exactly: port) {
            self = .tcp(host: host, port: port)
        } else if let path = address.pathname, !path.isEmpty {
            self = .unix(path: path)
        } else {
            return nil
        }
    }
}
