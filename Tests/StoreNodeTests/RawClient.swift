import ByteCoding
import Environment
import Simulation
import WorkProtocol

/// A client that sends exactly what a test says, onto the simulated network.
final class RawClient: ConnectionReceiver, @unchecked Sendable {
    private let cluster: SimulatedCluster
    private let queue: any SerialQueue
    private var connection: (any Connection)?
    private var decoder = FrameDecoder(from: .server)
    private var encoder = FrameEncoder()
    private(set) var frames: [(header: FrameHeader, payload: [UInt8])] = []
    /// What arrived that is no frame.
    private(set) var text: [UInt8] = []
    private(set) var isClosed = false
    private var nextStream: UInt32 = 1

    init(_ cluster: SimulatedCluster, host: Int = 0) {
        self.cluster = cluster
        let scheduler = ProcessScheduler(cluster.scheduler)
        queue = scheduler.makeQueue("raw", .core)
        let network = cluster.wire.network(host: "raw", identity: "raw")
        network.connect(cluster.hosts[host].client, .client, on: queue) { [self] result in
            if case .success(let connection) = result {
                self.connection = connection
                connection.receiver = self
            }
        }
        cluster.run(for: .milliseconds(50))
    }

    func close() {
        connection?.close()
        cluster.run(for: .milliseconds(50))
    }

    /// Says hello, and takes what is agreed.
    func greet(token: String = SimulatedCluster.token, cluster expected: [UInt8] = []) {
        var hello = Hello()
        hello.versions = [1]
        hello.token = token
        hello.expectedCluster = expected
        send(Preface.bytes)
        send(FrameHeader(.hello, flags: .end), hello.encoded())
        if frames.contains(where: { $0.header.type == .helloOk }) { decoder.open() }
    }

    func send(_ bytes: [UInt8]) {
        connection?.send(bytes)
        cluster.run(for: .milliseconds(50))
    }

    func send(
        _ header: FrameHeader, _ payload: [UInt8] = [], _ extensions: Extensions = Extensions()
    ) {
        var writer = ByteWriter()
        encoder.append(header, extensions: extensions, payload: payload, to: &writer)
        send(writer.bytes)
    }

    /// Asks, and gives the response: its status, and the payload.
    func ask(
        _ code: UInt16, _ payload: [UInt8], route: UInt64 = SimulatedCluster.workspace,
        _ extensions: Extensions = Extensions(), stream given: UInt32? = nil
    ) -> (status: UInt16, payload: [UInt8])? {
        let stream = given ?? nextStream
        nextStream = stream + 2
        send(
            FrameHeader(.request, flags: .end, code: code, stream: stream, route: route), payload,
            extensions)
        cluster.run(for: .seconds(1))
        return frames.first { $0.header.type == .response && $0.header.stream == stream }.map {
            ($0.header.code, $0.payload)
        }
    }

    /// Asks for what must fail.
    func failure(
        _ method: Method, _ message: some Message, route: UInt64 = SimulatedCluster.workspace,
        _ extensions: Extensions = Extensions()
    ) -> Failure? {
        guard let answer = ask(method.id, message.encoded(), route: route, extensions),
            answer.status != 0
        else { return nil }
        return try? Failure(decoding: answer.payload)
    }

    /// All failures it was told, in order.
    var failures: [Failure] {
        frames.filter { $0.header.type == .response && $0.header.code != 0 }
            .compactMap { try? Failure(decoding: $0.payload) }
    }

    var goAway: GoAway? {
        frames.first { $0.header.type == .goAway }.flatMap { try? GoAway(decoding: $0.payload) }
    }

    func received(_ bytes: UnsafeRawBufferPointer, on connection: any Connection) {
        var reader = ByteReader(bytes.bytes)
        do {
            while let frame = try decoder.next(&reader) {
                frames.append((frame.header, frame.payloadCopy()))
                if frame.header.type == .helloOk { decoder.open() }
            }
        } catch {
            text += Array(bytes)
        }
    }

    func receivedAll(on connection: any Connection) {}
    func writable(_ connection: any Connection) {}
    func closed(_ connection: any Connection, _ reason: NetworkError?) { isClosed = true }
}
