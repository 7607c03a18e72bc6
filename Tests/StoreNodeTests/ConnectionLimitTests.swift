import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing
import WorkProtocol

@testable import StoreNode

/// What one client can make the node hold is bounded, and whoever goes over a bound disturbs nobody
/// else.
@Suite struct ConnectionLimitTests {
    private let cluster: SimulatedCluster

    init() {
        cluster = SimulatedCluster(seed: 12, policy: .block)
        cluster.start()
    }

    private func open(token: String = SimulatedCluster.token) -> RawClient {
        let client = RawClient(cluster)
        client.greet(token: token)
        return client
    }

    /// Whether somebody else is served as ever.
    private func isServing() -> Bool {
        open().ask(Method.ping.id, Ping().encoded())?.status == 0
    }

    /// The primary's session that was opened last.
    private func newestSession() throws -> Session {
        let node = try #require(cluster.hosts[0].node)
        let newest = try #require(node.sessions.keys.max())
        return try #require(node.sessions[newest])
    }

    private static func request(
        _ method: Method, stream: UInt32, _ payload: [UInt8] = [], aux: UInt32 = 0
    ) -> [UInt8] {
        bytes(
            FrameHeader(
                .request, flags: .end, code: method.id, stream: stream, aux: aux,
                route: SimulatedCluster.workspace), payload)
    }

    private static func bytes(_ header: FrameHeader, _ payload: [UInt8] = []) -> [UInt8] {
        var writer = ByteWriter()
        FrameEncoder().append(header, payload: payload, to: &writer)
        return writer.bytes
    }

    private static func task(_ name: String, notes: Int = 0, assignee: UInt64 = 0) -> [UInt8] {
        var create = CreateTask()
        create.assignee = assignee
        create.name = name
        create.notes = String(repeating: "n", count: notes)
        return create.encoded()
    }

    // MARK: Who may come in

    @Test func `no token is nobody's token`() {
        let client = open(token: "")
        #expect(client.goAway?.reason == Reason.badToken.rawValue)
        #expect(client.isClosed)
    }

    @Test func `one connection more than a token may have is turned away, until one is closed`()
        throws
    {
        var create = CreateToken()
        create.name = "reader"
        create.scopes = [.read]
        create.secretHash = SimulatedCryptography().sha256(Array("reader".utf8))
        #expect(open().ask(Method.createToken.id, create.encoded())?.status == 0)
        let clients = (0..<Limits.connectionsPerToken).map { _ in open(token: "reader") }
        #expect(clients.allSatisfy { $0.goAway == nil && !$0.isClosed })
        let over = open(token: "reader")
        #expect(over.goAway?.reason == Reason.overloaded.rawValue)
        #expect(over.isClosed)
        clients[0].close()
        #expect(open(token: "reader").goAway == nil)
        // An operator is let in all the same.
        #expect(isServing())
    }

    @Test func `one connection more than there may be is told so`() {
        #expect(cluster.hosts[0].node?.connectionLimit == Limits.connections)
        cluster.hosts[0].node?.connectionLimit = 20
        let clients = (0..<20).map { _ in RawClient(cluster) }
        let over = RawClient(cluster)
        #expect(over.goAway?.reason == Reason.overloaded.rawValue)
        #expect(over.isClosed)
        #expect(clients.allSatisfy { $0.goAway == nil })
        // Those who say nothing are gone soon.
        cluster.run(for: .seconds(6))
        #expect(isServing())
    }

    // MARK: What it may hold

    @Test func `asking and giving up in turn is no way round the limit of requests`() throws {
        let client = open()
        // Nothing is committed while the follower is away: what is asked waits.
        cluster.wire.cutBothWays("host0", "host1")
        var bytes: [UInt8] = []
        for index in 0..<600 {
            let stream = UInt32(index * 2 + 1)
            bytes += Self.request(.createTask, stream: stream, Self.task("\(index)"))
            bytes += Self.bytes(FrameHeader(.reset, code: StatusCode.cancelled, stream: stream))
        }
        client.send(bytes)
        let refused = client.failures.filter { $0.reason == Reason.overloaded.rawValue }
        #expect(refused.count == 600 - Limits.streams)
        #expect(refused.allSatisfy { $0.outcome == .notExecuted && $0.retry == .backoff })
        cluster.wire.heal()
        cluster.run(for: .seconds(3))
        // What was given up gets no answer, and its place is free again.
        #expect(client.failures.count == refused.count)
        #expect(client.ask(Method.ping.id, Ping().encoded(), stream: 2001)?.status == 0)
    }

    @Test func `requests under way are limited in bytes`() throws {
        let client = open()
        cluster.wire.cutBothWays("host0", "host1")
        var bytes: [UInt8] = []
        for index in 0..<150 {
            bytes += Self.request(
                .createTask, stream: UInt32(index * 2 + 1), Self.task("\(index)", notes: 60_000))
        }
        client.send(bytes)
        let refused = client.failures.filter { $0.reason == Reason.overloaded.rawValue }
        let taken = 150 - refused.count
        #expect(taken * 60_000 <= Limits.requestsInFlightBytes)
        #expect((taken + 1) * 60_100 > Limits.requestsInFlightBytes)
    }

    /// Answers that wait for a commit were once counted nowhere: one write and 511 pages of a
    /// megabyte after it made the node hold half a gigabyte.
    @Test func `answers that wait for a commit are limited in bytes`() throws {
        let client = open()
        let session = try newestSession()
        let account = try #require(session.credentials).principal.account.rawValue
        for index in 0..<30 {
            let task = Self.task("\(index)", notes: 60_000, assignee: account)
            #expect(client.ask(Method.createTask.id, task)?.status == 0)
        }
        cluster.wire.cutBothWays("host0", "host1")
        // What is written is in every page, so no page may leave before it is certain.
        var bytes = Self.request(
            .createTask, stream: 1001, Self.task("waits", notes: 60_000, assignee: account))
        var list = ListTasks()
        list.assignee = account
        list.limit = 1000
        for index in 1...20 {
            bytes += Self.request(
                .listTasks, stream: UInt32(1001 + 2 * index), list.encoded(), aux: 60_000)
        }
        client.send(bytes)
        let refused = client.failures.filter { $0.reason == Reason.overloaded.rawValue }
        #expect(session.heldAnswerBytes > 0)
        #expect(session.heldAnswerBytes <= Limits.unsentBytes / 2 + Limits.responseBytes)
        #expect(refused.count > 10)
        cluster.wire.heal()
        cluster.run(for: .seconds(3))
        #expect(session.heldAnswerBytes == 0)
        // Who reads well keeps its connection, and gets what was held.
        #expect(!client.isClosed)
        let responses = client.frames.filter {
            $0.header.type == .response && $0.header.stream > 1001 && $0.header.code == 0
        }
        #expect(responses.count == 20 - refused.count)
        #expect(isServing())
    }

    /// It was once looked for among ascending streams: its answer was dropped, its place lost.
    @Test func `a message whose parts came around another one is answered`() throws {
        let client = open()
        let ping = Ping().encoded()
        cluster.wire.cutBothWays("host0", "host1")
        client.send(
            Self.bytes(FrameHeader(.request, flags: .more, code: Method.ping.id, stream: 5)))
        client.send(Self.request(.createTask, stream: 7, Self.task("in between"), aux: 60_000))
        client.send(
            Self.bytes(FrameHeader(.request, flags: .end, code: Method.ping.id, stream: 5), ping))
        #expect(client.frames.contains { $0.header.stream == 5 && $0.header.code == 0 })
        cluster.wire.heal()
        cluster.run(for: .seconds(3))
        #expect(client.frames.contains { $0.header.stream == 7 && $0.header.code == 0 })
    }

    @Test func `who does not read what it asks for is not read from either`() throws {
        let client = open()
        let session = try newestSession()
        cluster.wire.cut(from: "host0", to: "raw")
        var stream: UInt32 = 1
        for _ in 0..<40 {
            var bytes: [UInt8] = []
            for _ in 0..<50 {
                bytes += Self.request(.describe, stream: stream)
                stream += 2
            }
            client.send(bytes)
        }
        #expect(!session.isReading)
        #expect(session.connection.unsentBytes <= Limits.unsentBytes)
        #expect(session.connection.unsentBytes > Limits.unsentBytes / 2)
        cluster.wire.heal()
        cluster.run(for: .seconds(1))
        #expect(session.isReading && !client.isClosed)
        let overloaded = client.failures.count { $0.reason == Reason.overloaded.rawValue }
        #expect(overloaded > 0)
        #expect(client.ask(Method.ping.id, Ping().encoded(), stream: stream)?.status == 0)
    }

    @Test func `who never reads is sent away`() throws {
        let client = open()
        let session = try newestSession()
        cluster.wire.cut(from: "host0", to: "raw")
        for _ in 0..<200 where !session.isClosed {
            client.send(
                (0..<2000).flatMap { _ in Self.bytes(FrameHeader(.ping)) })
            cluster.run(for: .milliseconds(500))
            #expect(session.connection.unsentBytes <= Limits.unsentBytes + (64 << 10))
        }
        #expect(session.isClosed)
        cluster.wire.heal()
        #expect(isServing())
    }

    @Test(arguments: [true, false])
    func `an answer too large for a response is refused, and says whether it was done`(
        _ isCommand: Bool
    ) throws {
        let client = open()
        let session = try newestSession()
        cluster.wire.cutBothWays("host0", "host1")
        client.send(Self.request(.createTask, stream: 1, Self.task("held")))
        session.deliver(
            HeldReply(
                lsn: .zero, session: session, stream: 1, deadline: Instant(nanoseconds: .max),
                isCommand: isCommand, workspacePosition: 0,
                content: .answer([UInt8](repeating: 0, count: Limits.responseBytes + 1))))
        cluster.run(for: .milliseconds(100))
        let failure = try #require(client.failures.first)
        #expect(failure.reason == Reason.tooLarge.rawValue)
        #expect(failure.outcome == (isCommand ? .executed : .notExecuted))
        #expect(!client.isClosed)
    }

    // MARK: Half of something

    @Test func `half a frame is waited for, and not for ever`() throws {
        let client = open()
        let session = try newestSession()
        client.send(Array(Self.request(.ping, stream: 1).prefix(20)))
        cluster.run(for: .seconds(8))
        #expect(!session.isClosed)
        cluster.run(for: .seconds(4))
        #expect(session.isClosed)
        #expect(client.goAway?.message.contains("did not go on for 10 s") == true)
        #expect(isServing())
    }

    @Test func `half a message is not kept alive by pings`() throws {
        let client = open()
        let session = try newestSession()
        client.send(Self.bytes(FrameHeader(.request, flags: .more, stream: 1), [1, 2, 3]))
        for _ in 0..<6 where !session.isClosed {
            client.send(Self.bytes(FrameHeader(.ping)))
            cluster.run(for: .seconds(4))
        }
        #expect(session.isClosed)
        #expect(client.goAway?.reason == Reason.badFrame.rawValue)
    }

    @Test func `a message that goes on slowly is waited for`() throws {
        let client = open()
        let payload = Self.task("slow")
        for (index, byte) in payload.enumerated() {
            let isLast = index == payload.count - 1
            client.send(
                Self.bytes(
                    FrameHeader(
                        .request, flags: isLast ? .end : .more, code: Method.createTask.id,
                        stream: 1, route: SimulatedCluster.workspace), [byte]))
            cluster.run(for: .seconds(8))
        }
        #expect(client.goAway == nil)
        #expect(client.frames.contains { $0.header.type == .response && $0.header.code == 0 })
    }

    // MARK: Waiting for the right to read

    @Test func `a read whose confirmation never comes is answered`() {
        let client = open()
        cluster.wire.cutBothWays("host0", "host1")
        var stream: UInt32 = 1
        for _ in 0..<60 {
            client.send(Self.request(.getWorkspace, stream: stream, aux: 60_000))
            cluster.run(for: .milliseconds(50))
            stream += 2
        }
        cluster.run(for: .seconds(6))
        let answered = client.frames.count { $0.header.type == .response }
        #expect(answered == 60)
        #expect(client.failures.contains { $0.reason == Reason.noReadLease.rawValue })
        #expect(client.failures.allSatisfy { $0.outcome == .notExecuted })
        #expect(cluster.hosts[0].node?.unconfirmed.isEmpty == true)
    }

    @Test func `who was deposed learns it from a client`() {
        let client = open()
        var extensions = Extensions()
        extensions.highestEpoch = WireEpoch(version: 99, boot: 0)
        let failure = client.failure(.getWorkspace, GetWorkspace(), extensions)
        #expect(failure?.reason == Reason.notPrimary.rawValue)
        #expect(failure?.message.contains("99.0") == true)
        #expect(client.ask(Method.ping.id, Ping().encoded())?.status == 0)
    }

    // MARK: What has no place

    @Test func `a request in another encoding, or without END, is refused by itself`() throws {
        let client = open()
        var header = FrameHeader(
            .request, flags: .end, code: Method.ping.id, stream: 1, encoding: .json)
        client.send(header, Array("{}".utf8))
        header = FrameHeader(.request, code: Method.ping.id, stream: 3)
        client.send(header)
        #expect(client.failures.map(\.reason) == [303, 303])
        #expect(client.failures.first?.message.contains("Encoding 2") == true)
        #expect(client.ask(Method.ping.id, Ping().encoded(), stream: 5)?.status == 0)
    }

    @Test(arguments: [FrameType.data, .auth])
    func `what no method takes costs its sender the connection`(_ type: FrameType) {
        let client = open()
        client.send(FrameHeader(type, stream: type == .data ? 1 : 0))
        #expect(client.goAway?.message.contains("\(type) has no place here") == true)
        #expect(client.isClosed)
        #expect(isServing())
    }

    // MARK: Exports

    /// Makes a task with this many comments of 60,000 bytes, and begins to export all of it.
    private func export(_ comments: Int, _ client: RawClient) throws {
        var project = CreateProject()
        project.name = "large"
        let made = try #require(client.ask(Method.createProject.id, project.encoded()))
        var placement = Placement()
        placement.project = try Changed(decoding: made.payload).gid
        var create = CreateTask()
        create.name = "large"
        create.placements = [placement]
        let answer = try #require(client.ask(Method.createTask.id, create.encoded()))
        var comment = AddComment()
        comment.task = try Changed(decoding: answer.payload).gid
        comment.text = String(repeating: "c", count: 60_000)
        for _ in 0..<comments {
            #expect(client.ask(Method.addComment.id, comment.encoded())?.status == 0)
        }
        var export = Export()
        export.project = placement.project
        export.format = .json
        export.withStories = true
        client.send(Self.request(.export, stream: 5001, export.encoded()))
        cluster.run(for: .milliseconds(200))
    }

    private func dataBytes(_ client: RawClient) -> Int {
        client.frames.filter { $0.header.type == .data }.reduce(0) { $0 + $1.payload.count }
    }

    @Test func `one large task leaves in small frames, and no more of it than was asked for`()
        throws
    {
        let client = open()
        try export(80, client)
        #expect(dataBytes(client) == Limits.initialCreditBytes)
        let data = client.frames.filter { $0.header.type == .data }
        #expect(
            data.allSatisfy { $0.payload.count <= 48 << 10 && !$0.header.flags.contains(.more) })
        client.send(FrameHeader(.credit, stream: 5001, aux: 1000))
        #expect(dataBytes(client) == Limits.initialCreditBytes + 1000)
        client.send(FrameHeader(.credit, stream: 5001, aux: 1 << 30))
        cluster.run(for: .seconds(1))
        let end = try #require(client.frames.last { $0.header.type == .response })
        #expect(end.header.stream == 5001 && end.header.code == 0)
        #expect(try ExportEnd(decoding: end.payload).bytes == UInt64(dataBytes(client)))
        #expect(dataBytes(client) > Limits.responseBytes)
    }

    @Test func `an export that is not read ends, and its connection does not`() throws {
        let client = open()
        try export(10, client)
        for _ in 0..<25 {
            cluster.run(for: .seconds(30))
            client.send(FrameHeader(.ping))
        }
        let end = try #require(client.failures.last)
        #expect(end.reason == Reason.deadlineExceeded.rawValue && end.outcome == .notExecuted)
        #expect(end.message.contains("not read for 600 s"))
        #expect(!client.isClosed)
        #expect(client.ask(Method.ping.id, Ping().encoded(), stream: 6001)?.status == 0)
    }

    @Test func `an export that was given up makes room for the next one`() throws {
        let client = open()
        try export(10, client)
        client.send(FrameHeader(.reset, code: StatusCode.cancelled, stream: 5001))
        var export = Export()
        export.format = .csv
        client.send(Self.request(.export, stream: 5003, export.encoded()))
        cluster.run(for: .seconds(1))
        let end = try #require(client.frames.last { $0.header.type == .response })
        #expect(end.header.stream == 5003 && end.header.code == 0)
    }
}
