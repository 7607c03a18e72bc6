import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import StoreNode
import Testing
import WorkProtocol

/// What a node must not show, forget or delete, in situations made by hand: each test tells of one
/// that was got wrong once.
@Suite struct DurabilityTests {
    private static func pair(
        seed: UInt64, _ configure: (SimulatedCluster) -> Void = { _ in }
    ) throws -> (cluster: SimulatedCluster, primary: SimulatedHost, follower: SimulatedHost) {
        let cluster = SimulatedCluster(seed: seed)
        configure(cluster)
        cluster.start()
        let primary = try #require(cluster.primary)
        let follower = try #require(cluster.hosts.first { $0 !== primary })
        return (cluster, primary, follower)
    }

    private static func open(_ cluster: SimulatedCluster) -> RawClient {
        let client = RawClient(cluster)
        client.greet()
        return client
    }

    private static func createTask(_ client: RawClient, _ name: String) throws -> UInt64 {
        var create = CreateTask()
        create.name = name
        let answer = try #require(client.ask(Method.createTask.id, create.encoded()))
        #expect(answer.status == 0)
        return try Changed(decoding: answer.payload).gid
    }

    private static func request(
        _ method: Method, stream: UInt32, milliseconds: UInt32 = 20_000
    ) -> FrameHeader {
        FrameHeader(
            .request, flags: .end, code: method.id, stream: stream, aux: milliseconds,
            route: SimulatedCluster.workspace)
    }

    private static func answers(_ client: RawClient, _ stream: UInt32) -> [UInt16] {
        client.frames.filter { $0.header.type == .response && $0.header.stream == stream }
            .map(\.header.code)
    }

    // MARK: What is shown (R5)

    /// A token is revoked, and that is not committed: it may never have been.
    @Test func `that a token is revoked is not told before it is certain`() throws {
        let (cluster, _, _) = try Self.pair(seed: 35)
        let operator_ = Self.open(cluster)
        var create = CreateToken()
        create.name = "reader"
        create.scopes = [.read]
        create.secretHash = SimulatedCryptography().sha256(Array("reader".utf8))
        let made = try #require(operator_.ask(Method.createToken.id, create.encoded()))
        #expect(made.status == 0)
        let reader = RawClient(cluster)
        reader.greet(token: "reader")
        cluster.run(for: .milliseconds(300))
        cluster.wire.cutBothWays("host0", "host1")
        var revoke = RevokeToken()
        revoke.token = try Changed(decoding: made.payload).gid
        operator_.send(Self.request(.revokeToken, stream: 501), revoke.encoded())
        let late = RawClient(cluster)
        late.greet(token: "reader")
        cluster.run(for: .milliseconds(700))
        #expect(Self.answers(operator_, 501).isEmpty)
        #expect(reader.goAway == nil)
        #expect(late.goAway?.reason == Reason.starting.rawValue)
        cluster.wire.heal()
        cluster.run(for: .seconds(4))
        #expect(Self.answers(operator_, 501) == [0])
        #expect(reader.goAway?.reason == Reason.badToken.rawValue)
        let after = RawClient(cluster)
        after.greet(token: "reader")
        #expect(after.goAway?.reason == Reason.badToken.rawValue)
    }

    /// A task is deleted, and that is not committed: nobody may be told that it is not there.
    @Test func `a refusal waits for the records it was decided on, as an answer does`() throws {
        let (cluster, _, _) = try Self.pair(seed: 31)
        let writer = Self.open(cluster)
        let reader = Self.open(cluster)
        let task = try Self.createTask(writer, "here, or not")
        cluster.run(for: .milliseconds(300))
        cluster.wire.cutBothWays("host0", "host1")
        var delete = DeleteTask()
        delete.task = task
        writer.send(Self.request(.deleteTask, stream: 101), delete.encoded())
        var get = GetTask()
        get.task = task
        reader.send(Self.request(.getTask, stream: 101), get.encoded())
        var update = UpdateTask()
        update.task = task
        update.name = "another"
        reader.send(Self.request(.updateTask, stream: 103), update.encoded())
        cluster.run(for: .milliseconds(500))
        #expect(Self.answers(writer, 101).isEmpty)
        #expect(Self.answers(reader, 101).isEmpty, "shown before it was committed")
        #expect(Self.answers(reader, 103).isEmpty, "shown before it was committed")
        cluster.wire.heal()
        cluster.run(for: .seconds(8))
        #expect(Self.answers(writer, 101) == [0])
        #expect(Self.answers(reader, 101) == [Reason.notFound.status])
        #expect(Self.answers(reader, 103) == [Reason.notFound.status])
    }

    /// The directory tells the names of workspaces, which are theirs.
    @Test func `the directory's answers wait for the workspaces they looked into`() throws {
        let (cluster, _, _) = try Self.pair(seed: 32)
        let writer = Self.open(cluster)
        let reader = Self.open(cluster)
        cluster.run(for: .milliseconds(300))
        cluster.wire.cutBothWays("host0", "host1")
        var update = UpdateWorkspace()
        update.name = "Renamed"
        writer.send(Self.request(.updateWorkspace, stream: 101), update.encoded())
        reader.send(Self.request(.listWorkspaces, stream: 101), ListWorkspaces().encoded())
        cluster.run(for: .milliseconds(500))
        #expect(Self.answers(reader, 101).isEmpty, "shown before it was committed")
        cluster.wire.heal()
        cluster.run(for: .seconds(8))
        #expect(Self.answers(writer, 101) == [0])
        #expect(Self.answers(reader, 101) == [0])
    }

    /// The lease has run out, and no confirmation comes.
    @Test func `a read that nobody confirms ends with its time`() throws {
        let (cluster, _, _) = try Self.pair(seed: 33)
        let client = Self.open(cluster)
        cluster.wire.cutBothWays("host0", "host1")
        cluster.run(for: .milliseconds(1_500))
        client.send(
            Self.request(.getWorkspace, stream: 101, milliseconds: 1_000), GetWorkspace().encoded())
        cluster.run(for: .milliseconds(500))
        #expect(Self.answers(client, 101).isEmpty)
        cluster.run(for: .seconds(1))
        #expect(Self.answers(client, 101) == [Reason.deadlineExceeded.status])
    }

    // MARK: What is lost

    /// Both have flushed and acknowledged it; the follower's copy is bad. It must know that it may
    /// lack something, and not be promoted as if it were whole.
    @Test func `a follower whose last batch is bad is no whole copy until it has asked`() throws {
        let (cluster, primary, follower) = try Self.pair(seed: 34)
        let client = Self.open(cluster)
        cluster.run(for: .seconds(3))
        _ = try Self.createTask(client, "kept by both")
        var last: (path: String, offset: Int)?
        _ = try LogInspection(disk: follower.disk).forEachBatch { batch in
            last = ("log/\(batch.segment)", batch.offset)
            return true
        }
        let place = try #require(last)
        // Before it is noted in `acked.mark` that this was committed.
        for host in [primary, follower] { host.kill(.everything) }
        follower.disk.take("log/acked.mark")
        follower.disk.damage(place.path) { $0[place.offset + 90] ^= 1 }
        follower.start()
        cluster.run(for: .seconds(2))
        #expect(follower.node?.standing.soundness == .resyncing)
        cluster.promote(follower, down: primary)
        cluster.run(for: .seconds(5))
        #expect(cluster.primary == nil, "an acknowledged write is lost: \(cluster.summary)")
        primary.start()
        let isLevel = cluster.run(
            until: { cluster.isPaired && follower.node?.standing.soundness == .sound },
            limit: .seconds(20))
        #expect(isLevel, "\(cluster.summary)")
        let verdict = cluster.verdict()
        #expect(verdict.isGood, "\(verdict.problems)")
    }

    @Test func `an older copy of node.meta is refused, for it has forgotten a promise`() throws {
        let cluster = SimulatedCluster(seed: 35)
        let host = cluster.addHost(invited: false)
        host.start()
        cluster.run(for: .seconds(1))
        let older = try #require(host.disk.contents("node.meta"))
        cluster.addHost(invited: true).start()
        #expect(cluster.run(until: { cluster.isPaired }, limit: .seconds(30)))
        cluster.run(for: .seconds(1))
        host.kill(.everything)
        host.disk.put("node.meta", older)
        host.start()
        #expect(host.ends.map(\.exitCode) == [80])
        #expect(host.ends.first?.message.contains("older copy") == true)
    }

    // MARK: Snapshots

    @Test func `a snapshot found bad is not counted among those that are kept`() throws {
        let cluster = SimulatedCluster(seed: 36)
        let host = cluster.addHost(invited: false)
        host.start()
        cluster.run(for: .seconds(1))
        func snapshot(_ name: String) throws {
            _ = try Self.createTask(Self.open(cluster), name)
            cluster.ask(host, .takeSnapshot, TakeSnapshot().encoded())
            cluster.run(for: .seconds(2))
        }
        func points() throws -> [SnapshotInspection.Summary] {
            try SnapshotInspection(disk: host.disk, cryptography: SimulatedCryptography()).verify()
        }
        try snapshot("first")
        try snapshot("second")
        let made = try points()
        #expect(made.count == 2)
        host.kill(.everything)
        let chunk = try #require(
            host.disk.paths.last { $0.hasPrefix("snapshots/") && $0.hasSuffix(".lz4") })
        host.disk.damage(chunk) { $0[$0.count / 2] ^= 1 }
        host.start()
        cluster.run(for: .seconds(1))
        #expect(host.alarms.contains { $0.contains(chunk) && $0.contains("byte") })
        try snapshot("third")
        let now = try points()
        #expect(now.allSatisfy { $0.problem == nil }, "\(now.map(\.problem))")
        #expect(now.count == 2)
        #expect(now.last?.point == made.last?.point, "the older good one is gone")
    }

    // MARK: The archive

    @Test func `a follower's log is trimmed as far as the primary has shipped it`() throws {
        let (cluster, _, follower) = try Self.pair(seed: 37) { $0.snapshotBytes = 1 }
        for _ in 0..<4 { cluster.addClient() }
        func oldest() throws -> LSN {
            try #require(
                try LogInspection(disk: follower.disk).segments().compactMap(\.header?.first).min())
        }
        cluster.run(for: .seconds(4))
        for client in cluster.clients { client.finish() }
        let isTrimmed = cluster.run(
            until: { ((try? oldest()) ?? LSN(1)) > LSN(1) }, limit: .seconds(150))
        #expect(isTrimmed, "a follower keeps its log for ever")
    }

    // MARK: Digests

    @Test func `two copies agree on the requests they have answered`() throws {
        let (cluster, primary, follower) = try Self.pair(seed: 40)
        for _ in 0..<3 { cluster.addClient() }
        cluster.run(for: .seconds(22))
        for client in cluster.clients { client.finish() }
        cluster.run(for: .seconds(3))
        #expect(follower.node?.standing.soundness == .sound, "\(follower.alarms)")
        #expect(primary.node?.statePoint == follower.node?.statePoint)
        #expect(primary.node?.stateDigests == follower.node?.stateDigests)
        #expect(primary.node?.stateProblems == [])
        #expect(follower.node?.stateProblems == [])
    }

    /// The primary's last record, and the digest of the state after it, reach the follower; the
    /// primary loses it and writes another in its place. That is no difference of states.
    @Test func `a digest of a record that was cut is not compared with another record`() throws {
        let (cluster, primary, follower) = try Self.pair(seed: 38)
        cluster.run(for: .seconds(12))
        let client = Self.open(cluster)
        primary.disk.appendDelay = (.seconds(3), .seconds(3))
        var create = CreateTask()
        create.name = "lost"
        client.send(Self.request(.createTask, stream: 101), create.encoded())
        cluster.run(for: .milliseconds(600))
        let appended = try #require(follower.node?.standing.appended)
        primary.kill(.nothing)
        cluster.run(for: .milliseconds(100))
        primary.disk.appendDelay = (.microseconds(50), .microseconds(100))
        primary.start()
        #expect(cluster.run(until: { cluster.primary === primary }, limit: .seconds(20)))
        _ = try Self.createTask(Self.open(cluster), "in its place")
        cluster.run(for: .seconds(2))
        #expect((follower.node?.standing.applied ?? .zero) >= appended)
        #expect(follower.node?.standing.soundness == .sound, "\(follower.alarms)")
    }

    // MARK: The end

    @Test(arguments: [0, 1])
    func `a node that works can be stopped`(_ index: Int) throws {
        let (cluster, primary, follower) = try Self.pair(seed: 39)
        for _ in 0..<6 { cluster.addClient() }
        cluster.run(for: .milliseconds(500))
        let host = index == 0 ? primary : follower
        let stopped = Flag()
        host.node?.stop(within: .seconds(3)) { stopped.isSet = true }
        cluster.run(until: { stopped.isSet }, limit: .milliseconds(200))
        #expect(stopped.isSet)
        host.kill(.everything)
        host.start()
        cluster.run(for: .seconds(1))
        #expect(host.node?.recovery?.remade == 0, "the end was not vouched for")
    }

    private final class Flag: @unchecked Sendable {
        var isSet = false
    }
}
