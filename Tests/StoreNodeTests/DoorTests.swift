import ByteCoding
import Simulation
import Testing
import WorkProtocol

/// What the node's door lets in, and what it says to the rest.
@Suite struct DoorTests {
    private let cluster: SimulatedCluster

    init() {
        cluster = SimulatedCluster(seed: 11)
        cluster.start()
    }

    private func open() -> RawClient {
        let client = RawClient(cluster)
        client.greet()
        return client
    }

    @Test func `a good token is let in and told where it is`() throws {
        let client = open()
        let frame = try #require(client.frames.first { $0.header.type == .helloOk })
        let hello = try HelloOk(decoding: frame.payload)
        #expect(hello.role == "primary")
        #expect(hello.members.count == 2)
        #expect(hello.methodTableHash == Method.tableHash)
    }

    @Test func `a wrong token is told so and loses the connection`() throws {
        let client = RawClient(cluster)
        client.greet(token: "hft_wrong")
        #expect(client.goAway?.reason == Reason.badToken.rawValue)
        #expect(client.isClosed)
    }

    /// Found by a seed: an operator that connected while a node started, and so had no accounts
    /// yet, was a stranger to all workspaces for as long as the connection lasted.
    @Test func `an operator who came before the accounts did is known once they are there`()
        throws
    {
        let primary = try #require(cluster.primary)
        for host in cluster.machines where host !== primary { host.retire() }
        cluster.run(for: .milliseconds(1_500))
        cluster.degrade(primary)
        cluster.run(until: { primary.node?.isOpen ?? false }, limit: .seconds(5))
        cluster.wire.cutBothWays(primary.name, "host2")
        let fresh = cluster.addFollower()
        let client = RawClient(cluster, host: 2)
        client.greet()
        cluster.wire.heal()
        #expect(cluster.run(until: { cluster.isPaired }, limit: .seconds(10)))
        primary.kill()
        cluster.promote(fresh, down: primary)
        #expect(cluster.run(until: { cluster.primary === fresh }, limit: .seconds(10)))
        let answer = try #require(client.ask(Method.whoAmI.id, WhoAmI().encoded(), route: 0))
        #expect(answer.status == 0)
        let account = try #require(try Identified(decoding: answer.payload).account)
        #expect(account.isOperator)
        let listed = client.ask(Method.listProjects.id, ListProjects().encoded())
        #expect(listed?.status == 0)
    }

    @Test func `a client of another cluster is turned away`() {
        let client = RawClient(cluster)
        client.greet(cluster: [UInt8](repeating: 9, count: 16))
        #expect(client.goAway?.message.contains("not the one the client expects") == true)
    }

    @Test func `plain HTTP gets an answer in its own language`() {
        let client = RawClient(cluster)
        client.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(String(decoding: client.text, as: UTF8.self).hasPrefix("HTTP/1.1 400"))
        #expect(client.isClosed)
    }

    @Test func `nothing but a greeting is taken before the greeting`() {
        let client = RawClient(cluster)
        client.send(Preface.bytes)
        client.send(FrameHeader(.request, flags: .end, code: Method.ping.id, stream: 1))
        #expect(client.isClosed)
        #expect(!client.frames.contains { $0.header.type == .response })
    }

    @Test func `who says nothing is sent away after five seconds`() {
        let client = RawClient(cluster)
        client.send(Preface.bytes)
        cluster.run(for: .seconds(6))
        #expect(client.isClosed)
    }

    @Test func `an unknown method is refused by itself`() throws {
        let client = open()
        let answer = try #require(client.ask(0x7777, []))
        #expect(answer.status == Reason.unknownMethod.status)
        #expect(client.ask(Method.ping.id, Ping().encoded())?.status == 0)
    }

    @Test func `an unknown critical extension is refused by name`() throws {
        let client = open()
        let stream: UInt32 = 1
        var writer = ByteWriter()
        var header = FrameHeader(.request, flags: .end, code: Method.ping.id, stream: stream)
        header.extensionBytes = 3
        FrameEncoder().append(header, payload: [], to: &writer)
        var bytes = writer.bytes
        // A TLV of type 0xF0 (critical), of no bytes, written by hand.
        bytes += [0xF0, 0, 0]
        bytes[0] = UInt8(bytes.count - 4)
        bytes[24] = 3
        client.send(bytes)
        let frame = try #require(client.frames.first { $0.header.stream == stream })
        let failure = try Failure(decoding: frame.payload)
        #expect(failure.reason == Reason.unknownExtension.rawValue)
        #expect(failure.message.contains("0xF0"))
    }

    @Test func `an oversized frame costs its sender the connection, and nobody else`() {
        let other = open()
        let client = open()
        client.send([0xFF, 0xFF, 0xFF, 0x7F] + [UInt8](repeating: 0, count: 60))
        #expect(client.isClosed)
        #expect(client.goAway?.reason == Reason.tooLarge.rawValue)
        #expect(other.ask(Method.ping.id, Ping().encoded())?.status == 0)
    }

    @Test func `what is hidden and what is absent get the same answer`() throws {
        let client = open()
        var absent = GetTask()
        absent.task = Gid(workspace: 1, low: 0x1234_5678).rawValue
        var foreign = GetTask()
        foreign.task = Gid(workspace: 77, low: 5).rawValue
        let first = try #require(client.ask(Method.getTask.id, absent.encoded()))
        let second = try #require(client.ask(Method.getTask.id, foreign.encoded()))
        let third = try #require(
            client.ask(Method.getTask.id, absent.encoded(), route: 77))
        #expect(first.status == Reason.notFound.status)
        #expect(first.payload == second.payload)
        #expect(first.payload == third.payload)
    }

    @Test func `the same request ID answers the same, and another request under it is refused`()
        throws
    {
        let client = open()
        var create = CreateTask()
        create.name = "once"
        var extensions = Extensions()
        extensions.requestID = RequestID(
            time: cluster.scheduler.wallTime, random: (1, 2), sequence: 1)
        let first = try #require(
            client.ask(Method.createTask.id, create.encoded(), extensions))
        let again = try #require(
            client.ask(Method.createTask.id, create.encoded(), extensions))
        #expect(first.status == 0)
        #expect(first.payload == again.payload)
        create.name = "another"
        let failure = client.failure(.createTask, create, extensions)
        #expect(failure?.reason == Reason.requestIDReused.rawValue)
    }

    @Test func `a limit gone over is told with the field and both figures`() {
        let client = open()
        var create = CreateTask()
        create.name = String(repeating: "n", count: 1025)
        let failure = client.failure(.createTask, create)
        #expect(failure?.reason == Reason.badField.rawValue)
        #expect(failure?.fields.first?.field == "name")
        #expect(failure?.message.contains("1025 bytes, at most 1024") == true)
    }

    @Test func `more copies than there are cannot be had`() {
        let client = open()
        var create = CreateTask()
        create.name = "three times"
        var extensions = Extensions()
        extensions.minimumReplicas = 3
        let failure = client.failure(.createTask, create, extensions)
        #expect(failure?.reason == Reason.insufficientCopies.rawValue)
    }

    @Test func `a follower says where the primary is`() {
        let client = RawClient(cluster, host: 1)
        client.greet()
        let failure = client.failure(.getWorkspace, GetWorkspace())
        #expect(failure?.reason == Reason.notPrimary.rawValue)
        #expect(failure?.primary == "host0:7420")
    }
}
