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
            guard isSocket(path), try isDead(address) else { throw error }
            _ = try retrying("unlink") { unsafe unlink(path) }
            return try open(endpoint, address)
        }
    }

    /// A socket's file is the one kind that nobody can open.
    private static func isSocket(_ path: String) -> Bool {
        let file = unsafe Glibc.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        if file < 0 { return errno == ENXIO }
        _ = Glibc.close(file)
        return false
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

    /// A socket of the address's family that never blocks.
    static func makeSocket(_ address: SocketAddress) throws(SystemError) -> Descriptor {
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

/// A listening socket on an event loop.
///
/// Accepting pauses when the process has no descriptors or memory left for a connection. The kernel
/// keeps those who wait, and says "readable" without end: without a pause the loop would do nothing
/// but fail to accept them, and what would free a descriptor would not run.
///
/// Unchecked Sendable because all but `endpoint` and `isClosed` is touched on the loop only.
final class SystemListener: Listener, EventSource, @unchecked Sendable {
    private static let pause = Interval.milliseconds(500)
    /// Connections accepted in one turn.
    private static let most = 64

    let endpoint: Endpoint
    private let loop: EventLoop
    private let socket: Int32
    private let accepted: (Int32, SocketAddress?) -> Void
    private let refused: @Sendable (NetworkError) -> Void
    private let isClosed = Atomic<Bool>(false)
    private var watched: Poll.Number?
    private var isGone = false

    /// - Parameters:
    ///   - accepted: Takes each connection's socket, and where it comes from.
    ///   - refused: Told when no connection can be accepted.
    init(
        _ listening: ListeningSocket, on loop: EventLoop,
        accepted: @escaping @Sendable (Int32, SocketAddress?) -> Void,
        refused: @escaping @Sendable (NetworkError) -> Void
    ) {
        endpoint = listening.endpoint
        socket = listening.descriptor
        self.loop = loop
        self.accepted = accepted
        self.refused = refused
        loop.run { [self] in watch() }
    }

    func close() {
        if isClosed.exchange(true, ordering: .relaxed) { return }
        if case .unix(let path) = endpoint {
            // Before the socket is closed: after it another server may have put its own there.
            _ = unsafe unlink(path)
        }
        loop.run { [self] in
            // Those who wait have been told that they are connected.
            ready(.readable)
            abandon()
        }
    }

    func ready(_ interest: Interest) {
        guard !isGone else { return }
        do throws(SystemError) {
            for _ in 0..<Self.most {
                guard let (connection, address) = try StreamSocket.accept(socket) else { return }
                accepted(connection, address)
                if isGone { return }
            }
        } catch {
            // Whoever was gone before being accepted is no matter, and neither is a signal.
            if error.number == ECONNABORTED || error.number == EINTR { return }
            refused(NetworkError(errno: error.number, endpoint, doing: "accepting is paused"))
            unwatch()
            watchLater()
        }
    }

    func abandon() {
        guard !isGone else { return }
        unwatch()
        isGone = true
        _ = Glibc.close(socket)
    }

    private func watch() {
        guard !isGone, watched == nil else { return }
        do throws(SystemError) {
            watched = try loop.add(self, socket, .readable)
        } catch {
            refused(NetworkError(errno: error.number, endpoint, doing: "listen"))
            watchLater()
        }
    }

    private func watchLater() {
        loop.schedule(at: MonotonicClock.now.advanced(by: Self.pause)) { [self] in watch() }
    }

    private func unwatch() {
        if let watched { loop.remove(watched, socket) }
        watched = nil
    }
}
