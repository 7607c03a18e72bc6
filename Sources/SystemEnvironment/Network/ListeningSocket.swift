internal import Environment
internal import Glibc
internal import NIOCore
internal import Synchronization

/// A socket that listens, made with plain calls, so that a port in use is known at once and from
/// any thread, and so that a UNIX socket never exists with other rights than 0600.
struct ListeningSocket {
    let descriptor: Int32
    /// Where it listens, with the port that was given for port 0.
    let endpoint: Endpoint

    /// Connections that wait to be accepted; the kernel's own limit (`somaxconn`) is lower mostly.
    private static let backlog: Int32 = 4_096

    static func open(_ endpoint: Endpoint) throws(NetworkError) -> ListeningSocket {
        do {
            switch endpoint {
            case .tcp(let host, let port):
                let address = try SocketAddress.makeAddressResolvingHost(host, port: Int(port))
                return try open(endpoint, address)
            case .unix(let path):
                let address = try SocketAddress(unixDomainSocketPath: path)
                return try openPath(path, endpoint, address)
            }
        } catch let error as SystemError {
            throw NetworkError(errno: error.number, endpoint, doing: error.call)
        } catch {
            throw NetworkError(error, endpoint, doing: "listen")
        }
    }

    private static func open(_ endpoint: Endpoint, _ address: SocketAddress) throws
        -> ListeningSocket
    {
        let socket = try makeSocket(address)
        let number = socket.number
        if case .tcp = endpoint {
            var on: Int32 = 1
            let size = socklen_t(MemoryLayout<Int32>.size)
            _ = try retrying("setsockopt") {
                unsafe setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, size)
            }
        } else {
            // Before the bind: the name in the folder is made with the socket's own rights.
            _ = try retrying("fchmod") { fchmod(number, 0o600) }
        }
        try unsafe address.withSockAddr { pointer, size in
            _ = try retrying("bind") { unsafe bind(number, pointer, socklen_t(size)) }
        }
        _ = try retrying("listen") { Glibc.listen(number, backlog) }
        let bound = try name(of: number, endpoint)
        return ListeningSocket(descriptor: socket.release(), endpoint: bound)
    }

    /// A socket's file stays when its server is killed. It is replaced if nobody listens behind it,
    /// and only if it is a socket.
    private static func openPath(_ path: String, _ endpoint: Endpoint, _ address: SocketAddress)
        throws -> ListeningSocket
    {
        do {
            return try open(endpoint, address)
        } catch let error as SystemError where error.number == EADDRINUSE {
            var found = stat()
            let isThere = unsafe lstat(path, &found) == 0
            guard isThere, found.st_mode & S_IFMT == S_IFSOCK, try isDead(address) else {
                throw error
            }
            _ = try retrying("unlink") { unsafe unlink(path) }
            return try open(endpoint, address)
        }
    }

    private static func isDead(_ address: SocketAddress) throws -> Bool {
        let socket = try makeSocket(address)
        let number = socket.number
        do {
            try unsafe address.withSockAddr { pointer, size in
                _ = try retrying("connect") { unsafe connect(number, pointer, socklen_t(size)) }
            }
            return false
        } catch let error as SystemError {
            return error.number == ECONNREFUSED
        }
    }

    private static func makeSocket(_ address: SocketAddress) throws(SystemError) -> Descriptor {
        let family: Int32 =
            switch address {
            case .v4: AF_INET
            case .v6: AF_INET6
            case .unixDomainSocket: AF_UNIX
            }
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        return try Descriptor(retrying("socket") { Glibc.socket(family, type, 0) })
    }

    /// The endpoint with the port that the kernel gave.
    private static func name(of socket: Int32, _ endpoint: Endpoint) throws(SystemError) -> Endpoint
    {
        guard case .tcp(let host, 0) = endpoint else { return endpoint }
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        try unsafe withUnsafeMutablePointer(to: &storage) { pointer throws(SystemError) in
            let address = unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(
                to: sockaddr.self)
            _ = try retrying("getsockname") { unsafe getsockname(socket, address, &size) }
        }
        // The port has the same place in the addresses of both families.
        let port = unsafe withUnsafeBytes(of: &storage) { bytes in
            unsafe UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
        return .tcp(host: host, port: port)
    }
}

/// A listening channel, from before NIO has it until it is closed.
final class SystemListener: Listener {
    private struct State {
        var channel: (any Channel)?
        var isClosed = false
    }

    let endpoint: Endpoint
    private let state = Mutex(State())

    init(_ endpoint: Endpoint) {
        self.endpoint = endpoint
    }

    func opened(_ channel: any Channel) {
        let isClosed = state.withLock { state in
            state.channel = channel
            return state.isClosed
        }
        if isClosed { channel.close(promise: nil) }
    }

    func close() {
        let (channel, wasClosed) = state.withLock { state in
            defer { state.isClosed = true }
            return (state.channel, state.isClosed)
        }
        if wasClosed { return }
        if case .unix(let path) = endpoint {
            // Before the socket is closed: after it another server may have put its own there.
            _ = unsafe unlink(path)
        }
        channel?.close(promise: nil)
    }
}
