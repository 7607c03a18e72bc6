import Environment
import Glibc
import Synchronization
import Testing

/// What lies between a client and a server, and does to their bytes what networks do.
///
/// It carries one connection, with a thread for each direction.
final class Relay: Sendable {
    /// How the bytes of one direction are carried.
    struct Way: Sendable {
        /// As many at once at most.
        var part = 1 << 16
        /// Both directions end after so many.
        var limit = Int.max
    }

    private struct State: Sendable {
        /// The sockets to the client and to the server, while both are open.
        var sockets: (near: Int32, far: Int32)?
        var isCorrupting = false
        var isReset = false
        var endedWays = 0
    }

    /// Where clients are to connect.
    let endpoint: Endpoint
    private let listening: Int32
    private let state = Mutex(State())

    init(to server: Endpoint, fromClient: Way = Way(), fromServer: Way = Way()) throws {
        listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let (number, size) = (listening, socklen_t(MemoryLayout<sockaddr_in>.size))
        let failed = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                var size = size
                return bind(number, pointer, size) + listen(number, 1)
                    + getsockname(number, pointer, &size)
            }
        }
        try #require(failed == 0)
        endpoint = .tcp(host: "127.0.0.1", port: UInt16(bigEndian: address.sin_port))
        TestThread.start { [self] in
            let near = accept(number, nil, nil)
            close(number)
            guard near >= 0 else { return }
            guard let socket = try? RawSocket(server) else {
                close(near)
                return
            }
            let far = dup(socket.number)
            for end in [near, far] {
                var on: Int32 = 1
                let size = socklen_t(MemoryLayout<Int32>.size)
                setsockopt(end, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
            }
            state.withLock { $0.sockets = (near, far) }
            TestThread.start { [self] in carry(from: far, to: near, fromServer) }
            carry(from: near, to: far, fromClient)
        }
    }

    /// From now on one bit of each part is another.
    func corrupt() {
        state.withLock { $0.isCorrupting = true }
    }

    /// No more comes to either end, without a word of TLS.
    func cut() {
        state.withLock { state in
            guard let sockets = state.sockets else { return }
            shutdown(sockets.near, Int32(SHUT_RDWR))
            shutdown(sockets.far, Int32(SHUT_RDWR))
        }
    }

    /// Both ends are told that the connection is gone, with what was under way.
    func reset() {
        state.withLock { state in
            guard let sockets = state.sockets else { return }
            state.isReset = true
            for end in [sockets.near, sockets.far] {
                // A TCP socket that is connected to nothing resets what it was connected to.
                var nothing = sockaddr()
                nothing.sa_family = sa_family_t(AF_UNSPEC)
                connect(end, &nothing, socklen_t(MemoryLayout<sockaddr>.size))
            }
        }
    }

    private func carry(from source: Int32, to target: Int32, _ way: Way) {
        defer { finish() }
        var left = way.limit
        var part = [UInt8](repeating: 0, count: way.part)
        while left > 0 {
            let count = recv(source, &part, min(part.count, left), 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                // An end that is being reset sees no other end before it.
                state.withLock { if !$0.isReset { shutdown(target, Int32(SHUT_WR)) } }
                return
            }
            left -= count
            if state.withLock({ $0.isCorrupting }) { part[count / 2] ^= 1 }
            var sent = 0
            while sent < count {
                let result = part[sent..<count].withUnsafeBytes {
                    send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard result > 0 else { return cut() }
                sent += result
            }
        }
        cut()
    }

    /// The second thread that ends closes the sockets.
    private func finish() {
        state.withLock { state in
            state.endedWays += 1
            guard state.endedWays == 2, let sockets = state.sockets else { return }
            state.sockets = nil
            close(sockets.near)
            close(sockets.far)
        }
    }
}

private enum TestThread {
    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    static func start(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { work in
                guard let work else { return nil }
                Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(Work(body)).toOpaque())
        pthread_detach(thread)
    }
}
