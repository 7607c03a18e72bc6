internal import Environment
internal import Glibc
internal import NIOCore

/// One attempt to connect to an endpoint: the addresses of a name are tried one after the other.
///
/// Unchecked Sendable because everything in it is touched on its loop only.
final class Dial: EventSource, @unchecked Sendable {
    typealias Completed = (Result<Int32, NetworkError>, Endpoint) -> Void

    /// For all addresses together.
    private static let limit = Interval.seconds(5)

    private let endpoint: Endpoint
    private let loop: EventLoop
    private let completed: Completed
    private var addresses: [SocketAddress] = []
    private var failures: [NetworkError] = []
    /// The attempt that is under way.
    private var attempt: (socket: Int32, address: SocketAddress, watched: Poll.Number)?
    private var timer: LoopTimer?

    /// Begins. On the loop's thread.
    /// - Parameter completed: Told once, later, the connected socket, which it closes, and the
    ///   address that answered; or why there is none.
    init(_ endpoint: Endpoint, on loop: EventLoop, completed: @escaping @Sendable Completed) {
        self.endpoint = endpoint
        self.loop = loop
        self.completed = completed
        do {
            switch endpoint {
            case .unix(let path):
                addresses = [try SocketAddress(unixDomainSocketPath: path)]
                next()
            case .tcp(let host, let port):
                if let address = try? SocketAddress(ipAddress: host, port: Int(port)) {
                    addresses = [address]
                    next()
                } else {
                    // Asking for a name blocks.
                    WorkerThread.start("resolve") { [self] in
                        let found = Self.addresses(of: host, port)
                        loop.run { [self] in
                            addresses = found
                            next()
                        }
                    }
                }
            }
        } catch {
            end(.failure(NetworkError(error, endpoint, doing: "connect")), endpoint)
        }
    }

    func ready(_ interest: Interest) {
        guard let attempt else { return }
        letGo()
        if let error = StreamSocket.failure(of: attempt.socket) {
            _ = close(attempt.socket)
            failed(error)
        } else {
            end(.success(attempt.socket), Endpoint(attempt.address) ?? endpoint)
        }
    }

    func abandon() {
        guard let attempt else { return }
        letGo()
        _ = close(attempt.socket)
        end(.failure(NetworkError(.closed, endpoint, reason: "this end stops")), endpoint)
    }

    private func next() {
        guard !addresses.isEmpty else { return giveUp() }
        let share = Interval(nanoseconds: Self.limit.nanoseconds / UInt64(addresses.count))
        let address = addresses.removeFirst()
        let socket: Int32
        do {
            socket = try begin(address)
        } catch {
            return failed(error)
        }
        timer = loop.schedule(at: MonotonicClock.now.advanced(by: share)) { [self] in
            guard attempt?.socket == socket else { return }
            letGo()
            let late = NetworkError(.timedOut, endpoint, reason: "connect: no answer in time")
            _ = close(socket)
            failed(late)
        }
    }

    /// - Returns: the socket of the attempt that is now under way.
    private func begin(_ address: SocketAddress) throws -> Int32 {
        let made = try ListeningSocket.makeSocket(address)
        // One that is connected at once is writable at once.
        try StreamSocket.connect(made.number, address)
        let watched = try loop.add(self, made.number, .writable)
        let socket = made.release()
        attempt = (socket, address, watched)
        return socket
    }

    private func letGo() {
        if let attempt { loop.remove(attempt.watched, attempt.socket) }
        attempt = nil
        timer?.cancel()
        timer = nil
    }

    private func failed(_ error: any Error) {
        failures.append(NetworkError(error, endpoint, doing: "connect"))
        next()
    }

    private func giveUp() {
        // The addresses of one name fail alike mostly; a refusal says most about the server.
        let failure =
            failures.first { $0.kind == .refused } ?? failures.first
            ?? NetworkError(
                .unreachable, endpoint, reason: "no address is known for this name")
        end(.failure(failure), endpoint)
    }

    private func end(_ result: Result<Int32, NetworkError>, _ address: Endpoint) {
        loop.run { [self] in completed(result, address) }
    }

    /// The addresses of a name, in the order the system wants them tried; none if there are none.
    private static func addresses(of host: String, _ port: UInt16) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, "\(port)", &hints, &first) == 0 else { return [] }
        defer { unsafe freeaddrinfo(first) }
        var all: [SocketAddress] = []
        var next = unsafe first
        while let entry = unsafe next {
            let size = unsafe Int(entry.pointee.ai_addrlen)
            if let address = unsafe entry.pointee.ai_addr {
                unsafe SocketAddress(address, size).map { all.append($0) }
            }
            unsafe next = entry.pointee.ai_next
        }
        return all
    }
}
