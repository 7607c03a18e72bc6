import ByteCoding
import Environment
import WorkProtocol

@testable import StoreClient

/// A client session on a bench: the test plays network, servers and clock.
final class SessionBench {
    struct Sent: Hashable {
        var connection: Int
        var header: FrameHeader
        var extensions: Extensions
        var payload: [UInt8]

        var stream: UInt32 { header.stream }
        var requestID: RequestID? { extensions.requestID }
    }

    var session: ClientSession
    var now = Instant(nanoseconds: 1_000_000_000_000)
    /// Connections asked for, in order: number and server.
    var attempts: [(number: Int, server: Endpoint)] = []
    var closed: [Int] = []
    /// Frames the session sent, but HELLO.
    var sent: [Sent] = []
    var hellos: [Hello] = []
    var data: [[UInt8]] = []
    var results: [CallID: Result<Reply, StoreError>] = [:]
    private var decoders: [Int: FrameDecoder] = [:]

    static let a = Endpoint.tcp(host: "a", port: 7400)
    static let b = Endpoint.tcp(host: "b", port: 7400)
    static let serverTime: Int64 = 1_790_000_000_000

    init(
        _ servers: [Endpoint] = [a, b],
        change: (inout ClientSession.Configuration) -> Void = { _ in }
    ) {
        var configuration = ClientSession.Configuration(servers: servers, token: "hft_secret")
        change(&configuration)
        session = ClientSession(configuration, CountingRandomness())
    }

    // What the session says of itself (it cannot be copied into an expectation).
    var isOpen: Bool { session.isOpen }
    var pendingCount: Int { session.pendingCount }
    var highestEpoch: WireEpoch { session.highestEpoch }
    var isConnecting: Bool {
        if case .connecting = session.phase { return true }
        return false
    }

    // MARK: The application

    func begin(_ request: ClientRequest) -> CallID {
        let id = session.begin(request, at: now)
        settle()
        return id
    }

    /// Begins a command that makes a task.
    func create(
        _ name: String = "ship", in series: UInt64? = nil, timeout: Interval = .seconds(10)
    ) -> CallID {
        var task = CreateTask()
        task.name = name
        var request = ClientRequest(
            .createTask, route: 3, payload: task.encoded(), timeout: timeout)
        request.series = series
        return begin(request)
    }

    func get(timeout: Interval = .seconds(10)) -> CallID {
        begin(ClientRequest(.getTask, route: 3, payload: GetTask().encoded(), timeout: timeout))
    }

    func error(_ id: CallID) -> StoreError? {
        if case .failure(let error) = results[id] { return error }
        return nil
    }

    func reply(_ id: CallID) -> Reply? { try? results[id]?.get() }

    // MARK: The clock

    func pass(_ interval: Interval) {
        let end = now.advanced(by: interval)
        while let wake = session.wakeTime, wake <= end {
            now = max(wake, now)
            session.tick(at: now)
            settle()
        }
        now = end
    }

    // MARK: The network

    /// The number of the connection that was asked for last.
    var current: Int { attempts.last?.number ?? 0 }

    func connected() {
        decoders[current] = FrameDecoder(from: .client)
        session.connected(current, at: now)
        settle()
    }

    func refused(_ kind: NetworkError.Kind = .refused) {
        let (number, server) = attempts[attempts.count - 1]
        session.connectFailed(number, NetworkError(kind, server, reason: "\(kind)"), at: now)
        settle()
    }

    func cut() {
        session.closed(current, nil, at: now)
        settle()
    }

    func settle() {
        for effect in session.takeEffects() {
            switch effect {
            case .connect(let number, let server): attempts.append((number, server))
            case .send(let number, let bytes): take(number, bytes)
            case .close(let number): closed.append(number)
            case .data(_, let bytes): data.append(bytes)
            case .complete(let id, let result): results[id] = result
            }
        }
    }

    private func take(_ number: Int, _ bytes: [UInt8]) {
        do throws(FrameError) {
            var decoder = decoders[number] ?? FrameDecoder(from: .client)
            var reader = unsafe ByteReader(bytes.span.bytes)
            while let frame = try decoder.next(&reader) {
                if frame.header.type == .hello {
                    if let hello = try? Hello(decoding: frame.payload) { hellos.append(hello) }
                    decoder.open(features: [.checksums, .lz4])
                } else {
                    sent.append(
                        Sent(
                            connection: number, header: frame.header,
                            extensions: try frame.extensions(), payload: frame.payloadCopy()))
                }
            }
            decoders[number] = decoder
        } catch {
            fatalError("the client sent a bad frame: \(error)")
        }
    }

    // MARK: The server

    /// The requests sent so far.
    var requests: [Sent] { sent.filter { $0.header.type == .request } }

    func give(
        _ header: FrameHeader, _ extensions: Extensions = Extensions(), _ payload: [UInt8] = []
    ) {
        var writer = ByteWriter()
        FrameEncoder().append(header, extensions: extensions, payload: payload, to: &writer)
        let bytes = writer.bytes
        unsafe session.received(current, bytes.span.bytes, at: now)
        settle()
    }

    /// Connects and greets as a primary (or what `role` says).
    func greet(
        _ role: String = "primary", epoch: UInt64 = 1, primary: String = "",
        change: (inout HelloOk) -> Void = { _ in }
    ) {
        connected()
        var hello = HelloOk()
        hello.version = 1
        hello.role = role
        hello.node = "\(attempts[attempts.count - 1].server)"
        hello.epochVersion = epoch
        hello.primaryAddress = primary
        hello.serverTime = SessionBench.serverTime
        hello.initialCredit = 1000
        change(&hello)
        give(FrameHeader(.helloOk), Extensions(), hello.encoded())
    }

    func answer(_ request: Sent, epoch: UInt64 = 1, gid: UInt64 = 7) {
        var changed = Changed()
        changed.gid = gid
        var extensions = Extensions()
        extensions.standing = .init(
            epoch: WireEpoch(version: epoch), replicas: 2, workspacePosition: 5)
        give(
            FrameHeader(.response, flags: .end, stream: request.stream, route: 99), extensions,
            changed.encoded())
    }

    func refuse(_ request: Sent, _ failure: Failure) {
        give(
            FrameHeader(.response, flags: .end, code: failure.status, stream: request.stream),
            Extensions(), failure.encoded())
    }
}

/// Numbers that look random enough and are the same each time.
final class CountingRandomness: Randomness, @unchecked Sendable {
    private var state: UInt64 = 0

    func number() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return state ^ (state >> 29)
    }

    func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: number()) }
    }
}
