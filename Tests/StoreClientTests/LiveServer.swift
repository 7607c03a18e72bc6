import ByteCoding
import Environment
import Foundation
import SystemEnvironment
import WorkProtocol

@testable import StoreClient

/// A server on a UNIX socket that speaks the protocol and keeps tasks in memory: what the client
/// needs to be tried over real sockets, and nothing more. Touched on its queue only.
final class LiveServer: @unchecked Sendable {
    let path: String
    let scheduler = SystemScheduler()
    private let network = SystemNetwork()
    private let queue: any SerialQueue
    private var listener: (any Listener)?
    private var sessions: [LiveSession] = []
    var tasks: [WorkTask] = []
    var outcomes: [RequestID: [UInt8]] = [:]
    /// So many requests lose their connection after they have run.
    var losses = 0
    /// How large an export is.
    var exportBytes = 3 << 20

    init(_ name: String) throws {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: "hf-\(UUID().uuidString.prefix(8)).\(name)").path
        queue = scheduler.makeQueue("server", .core)
        let listener = try network.listen(.unix(path: path), .none, on: queue) { connection in
            let session = LiveSession(self)
            connection.receiver = session
            self.sessions.append(session)
        }
        self.listener = listener
    }

    func stop() {
        listener?.close()
        scheduler.shutdown()
        try? FileManager.default.removeItem(atPath: path)
    }

    func with<Value: Sendable>(_ body: @escaping @Sendable (LiveServer) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.run { continuation.resume(returning: body(self)) }
        }
    }
}

private final class LiveSession: ConnectionReceiver, @unchecked Sendable {
    private let server: LiveServer
    private var decoder = FrameDecoder(from: .client)
    private var encoder = FrameEncoder()
    private var writer = ByteWriter()
    private var exports: [UInt32: (sent: Int, credit: Int)] = [:]

    init(_ server: LiveServer) { self.server = server }

    func received(_ bytes: UnsafeRawBufferPointer, on connection: any Connection) {
        var reader = ByteReader(bytes.bytes)
        do {
            while let frame = try decoder.next(&reader) {
                switch frame.header.type {
                case .hello: try greet(frame, connection)
                case .request: try serve(frame, connection)
                case .credit:
                    exports[frame.header.stream]?.credit += Int(frame.header.aux)
                    pump(frame.header.stream)
                case .reset: exports[frame.header.stream] = nil
                default: break
                }
            }
        } catch {
            connection.close()
        }
    }

    private func greet(_ frame: borrowing Frame, _ connection: any Connection) throws {
        let hello = try Hello(decoding: frame.payload)
        guard hello.token == "hft_live" else {
            var goAway = GoAway()
            goAway.reason = Reason.badToken.rawValue
            goAway.message = "The token is not known."
            encoder.append(
                FrameHeader(.goAway, code: UInt16(goAway.reason)), payload: goAway.encoded(),
                to: &writer)
            connection.send(writer.bytes)
            writer.removeAll()
            return connection.close()
        }
        var answer = HelloOk()
        answer.version = 1
        answer.features = hello.features
        answer.role = "primary"
        answer.node = "live"
        answer.epochVersion = 1
        answer.initialCredit = UInt32(Limits.initialCreditBytes)
        answer.serverTime = server.scheduler.wallTime
        encoder.append(FrameHeader(.helloOk), payload: answer.encoded(), to: &writer)
        let features = Features(rawValue: hello.features)
        decoder.open(features: features)
        encoder.features = features
    }

    private func serve(_ frame: borrowing Frame, _ connection: any Connection) throws {
        let stream = frame.header.stream
        switch Method(id: frame.header.code) {
        case .createTask:
            guard let id = try frame.extensions().requestID else { return }
            let key = RequestID(high: id.high, low: id.low, sequence: id.sequence)
            if let kept = server.outcomes[key] { return respond(stream, kept) }
            if id.after > 0,
                server.outcomes[RequestID(high: id.high, low: id.low, sequence: id.after)] == nil
            {
                return refuse(stream, Failure(.outOfOrder, "Not yet."))
            }
            var task = WorkTask()
            task.name = try CreateTask(decoding: frame.payload).name
            task.gid = Gid(workspace: 3, low: UInt32(server.tasks.count + 1)).rawValue
            server.tasks.append(task)
            var changed = Changed()
            changed.gid = task.gid
            server.outcomes[key] = changed.encoded()
            if server.losses > 0 {
                server.losses -= 1
                return connection.close()
            }
            respond(stream, changed.encoded())
        case .getTask:
            let gid = try GetTask(decoding: frame.payload).task
            if let task = server.tasks.first(where: { $0.gid == gid }) {
                respond(stream, task.encoded())
            } else {
                refuse(stream, Failure(.notFound))
            }
        case .export:
            exports[stream] = (0, Limits.initialCreditBytes)
            pump(stream)
        default: refuse(stream, Failure(Rejection(.unknownMethod, "Not here.")))
        }
    }

    private func pump(_ stream: UInt32) {
        guard var export = exports[stream] else { return }
        while export.credit > 0, export.sent < server.exportBytes {
            let count = min(export.credit, 30_000, server.exportBytes - export.sent)
            let part = (export.sent..<(export.sent + count)).map { UInt8($0 % 251) }
            encoder.append(
                FrameHeader(.data, stream: stream, encoding: .raw), payload: part, to: &writer)
            export.sent += count
            export.credit -= count
        }
        exports[stream] = export
        if export.sent == server.exportBytes {
            exports[stream] = nil
            var end = ExportEnd()
            end.bytes = UInt64(export.sent)
            respond(stream, end.encoded())
        }
    }

    private func respond(_ stream: UInt32, _ payload: [UInt8]) {
        var extensions = Extensions()
        extensions.standing = .init(epoch: WireEpoch(version: 1), replicas: 2)
        encoder.append(
            FrameHeader(.response, flags: .end, stream: stream), extensions: extensions,
            payload: payload, to: &writer)
    }

    private func refuse(_ stream: UInt32, _ failure: Failure) {
        encoder.append(
            FrameHeader(.response, flags: .end, code: failure.status, stream: stream),
            payload: failure.encoded(), to: &writer)
    }

    func receivedAll(on connection: any Connection) {
        guard writer.count > 0 else { return }
        connection.send(writer.bytes)
        writer.removeAll()
    }
    func writable(_ connection: any Connection) {}
    func closed(_ connection: any Connection, _ reason: NetworkError?) {}
}
