import ByteCoding
import Simulation
import Testing
import WorkProtocol

@testable import StoreNode

/// Who loses the right to an export gets nothing more of it.
@Suite struct ExportRightsTests {
    private let cluster: SimulatedCluster
    private let owner: RawClient
    /// Invited, and a viewer of the private project.
    private let bob: UInt64
    private let project: UInt64
    /// The connection of bob.
    private let client: RawClient

    init() throws {
        cluster = SimulatedCluster(seed: 21, policy: .block)
        cluster.start()
        owner = RawClient(cluster)
        owner.greet()
        var invite = Invite()
        invite.email = "bob@example.com"
        invite.name = "Bob"
        invite.role = .member
        bob = try Self.gid(owner.ask(Method.invite.id, invite.encoded()))
        var token = CreateToken()
        token.account = bob
        token.name = "bob"
        token.scopes = [.read]
        token.secretHash = SimulatedCryptography().sha256(Array("bob".utf8))
        #expect(owner.ask(Method.createToken.id, token.encoded())?.status == 0)
        var create = CreateProject()
        create.name = "private"
        create.privacy = .private
        project = try Self.gid(owner.ask(Method.createProject.id, create.encoded()))
        var member = SetProjectMember()
        member.project = project
        member.member = bob
        member.access = .viewer
        #expect(owner.ask(Method.setProjectMember.id, member.encoded())?.status == 0)
        client = RawClient(cluster)
        client.greet(token: "bob")
        try fill()
    }

    private static func gid(_ answer: (status: UInt16, payload: [UInt8])?) throws -> UInt64 {
        try Changed(decoding: try #require(answer).payload).gid
    }

    /// Much more than what a client takes at first.
    private func fill() throws {
        var placement = Placement()
        placement.project = project
        for index in 0..<10 {
            var task = CreateTask()
            task.name = "\(index)"
            task.assignee = bob
            task.notes = String(repeating: "n", count: 60_000)
            task.placements = [placement]
            #expect(owner.ask(Method.createTask.id, task.encoded())?.status == 0)
        }
    }

    private static func request(_ method: Method, _ stream: UInt32) -> FrameHeader {
        FrameHeader(
            .request, flags: .end, code: method.id, stream: stream, aux: 60_000,
            route: SimulatedCluster.workspace)
    }

    /// Begins an export, of the project or of bob's own tasks.
    private func begin(ofProject: Bool) {
        var export = Export()
        export.project = ofProject ? project : 0
        export.format = .csv
        client.send(Self.request(.export, 5001), export.encoded())
        cluster.run(for: .milliseconds(200))
        #expect(sentBytes == Limits.initialCreditBytes)
    }

    private var sentBytes: Int {
        client.frames.filter { $0.header.type == .data }.reduce(0) { $0 + $1.payload.count }
    }

    private func removeFromWorkspace() -> (Method, [UInt8]) {
        var update = UpdateMembership()
        update.account = bob
        update.isActive = false
        return (.updateMembership, update.encoded())
    }

    private func removeFromProject() -> (Method, [UInt8]) {
        var removal = RemoveProjectMember()
        removal.project = project
        removal.member = bob
        return (.removeProjectMember, removal.encoded())
    }

    private func expectRefused() throws {
        let failure = try #require(client.failures.last)
        #expect(failure.reason == Reason.notFound.rawValue)
        #expect(client.failures.count == 1)
        #expect(!client.isClosed)
        #expect(sentBytes == Limits.initialCreditBytes)
    }

    @Test(arguments: [(true, true), (true, false), (false, false)])
    func `an export ends within a second when its reader is removed`(
        _ ofProject: Bool, _ fromProject: Bool
    ) throws {
        begin(ofProject: ofProject)
        let (method, payload) = fromProject ? removeFromProject() : removeFromWorkspace()
        #expect(owner.ask(method.id, payload)?.status == 0)
        try expectRefused()
        client.send(FrameHeader(.credit, stream: 5001, aux: 1 << 20))
        cluster.run(for: .seconds(2))
        try expectRefused()
    }

    @Test func `nothing leaves after the removal, and nobody is told before it is certain`()
        throws
    {
        begin(ofProject: true)
        cluster.wire.cutBothWays("host0", "host1")
        let (method, payload) = removeFromWorkspace()
        owner.send(Self.request(method, 501), payload)
        client.send(FrameHeader(.credit, stream: 5001, aux: 1 << 20))
        cluster.run(for: .milliseconds(700))
        #expect(client.failures.isEmpty)
        #expect(sentBytes == Limits.initialCreditBytes)
        cluster.wire.heal()
        cluster.run(for: .seconds(3))
        let answer = owner.frames.first { $0.header.type == .response && $0.header.stream == 501 }
        #expect(answer?.header.code == 0)
        try expectRefused()
    }

    @Test func `an export goes on when its reader loses something else`() throws {
        begin(ofProject: false)
        let (method, payload) = removeFromProject()
        #expect(owner.ask(method.id, payload)?.status == 0)
        client.send(FrameHeader(.credit, stream: 5001, aux: 1 << 20))
        cluster.run(for: .seconds(1))
        let end = try #require(client.frames.last { $0.header.type == .response })
        #expect(end.header.stream == 5001 && end.header.code == 0)
    }

    @Test func `one export at a time, whatever the connection`() throws {
        begin(ofProject: true)
        let other = RawClient(cluster)
        other.greet(token: "bob")
        var export = Export()
        export.project = project
        export.format = .csv
        let refused = try #require(other.failure(.export, export))
        #expect(refused.reason == Reason.overloaded.rawValue && refused.outcome == .notExecuted)
        client.close()
        other.send(Self.request(.export, 6001), export.encoded())
        cluster.run(for: .milliseconds(200))
        #expect(other.frames.contains { $0.header.type == .data && $0.header.stream == 6001 })
    }
}
