import ByteCoding
import Testing
import WorkProtocol

@testable import WorkGraph

/// A store with its directory, begun as a node begins one, and errands run as a node runs them.
final class Store {
    /// As many as a node may have, so that the directory asks across them.
    private let shards = (0..<3).map { _ in Shard() }
    var time: Int64 = 1_700_000_000_000
    private(set) var records: [(ordinal: UInt32, body: [UInt8])] = []
    let root: Principal

    init() throws {
        let bootstrap = Bootstrap(
            name: "Root", email: "root@example.com", secretHash: Self.hash(0), workspace: "Acme",
            directoryKey: 0xD1, workspaceKey: 0xA1)
        let shards = shards
        for shard in shards { shard.meet(shards) }
        let steps = try WorkspaceGraph.bootstrapDirectory(
            bootstrap, in: { shards[Int($0) % shards.count] }, at: time)
        for step in steps {
            if let record = step.performed.record { records.append((step.ordinal, record)) }
        }
        let directory = try #require(shards[0].workspace(0))
        root = try #require(directory.authenticate(secretHash: Self.hash(0), at: time))
    }

    static func hash(_ number: UInt8) -> [UInt8] { [UInt8](repeating: number, count: 32) }

    func shard(_ ordinal: UInt32) -> Shard { shards[Int(ordinal) % shards.count] }

    func workspace(_ ordinal: UInt32) -> WorkspaceGraph? { shard(ordinal).workspace(ordinal) }

    var ordinals: [UInt32] { shards.flatMap(\.ordinals).sorted() }

    var directory: WorkspaceGraph {
        guard let directory = workspace(0) else { fatalError("no directory") }
        return directory
    }

    @discardableResult
    func change(
        _ command: Command, in ordinal: UInt32 = 0, as principal: Principal, deliver: Bool = true
    ) throws -> Changed {
        time += 1000
        directory.entropy = UInt64(time)
        var command = command
        let ordinal = Shard.address(&command, sentTo: ordinal)
        let performed = try shard(ordinal).perform(
            command, in: ordinal, as: principal, request: nil, requestHash: 0, wallTime: time)
        if let record = performed.record { records.append((ordinal, record)) }
        if deliver { try self.deliver() }
        return try Changed(decoding: performed.answer)
    }

    /// What the node does after each command of the directory.
    func deliver() throws {
        for errand in directory.pendingErrands {
            try change(.admitMember(errand.admit), in: errand.workspace, as: .node, deliver: false)
            try change(
                .completeErrand(.with { $0.row = errand.row }), as: .node, deliver: false)
        }
    }

    func refused(_ command: Command, in ordinal: UInt32 = 0, as principal: Principal) -> Reason? {
        do {
            try change(command, in: ordinal, as: principal)
            return nil
        } catch let rejection as Rejection {
            return rejection.reason
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    func ask<Answer: Message>(
        _ query: Query, in ordinal: UInt32 = 0, as principal: Principal, _ type: Answer.Type
    ) throws -> Answer {
        var writer = ByteWriter()
        try shard(ordinal).answer(query, in: ordinal, as: principal, into: &writer)
        return try Answer(decoding: writer.bytes)
    }

    /// Invites somebody and gives them a token.
    func invite(_ name: String, _ role: Role, to ordinal: UInt32 = 1) throws -> Principal {
        let account = try change(
            .invite(
                .with {
                    $0.email = "\(name)@example.com"
                    $0.name = name
                    $0.role = role
                }), in: ordinal, as: root
        ).gid
        return try principal(account, number: UInt8(name.utf8.first ?? 1))
    }

    func principal(_ account: UInt64, number: UInt8) throws -> Principal {
        try change(
            .createToken(
                .with {
                    $0.account = account
                    $0.scopes = [.read, .write, .import]
                    $0.secretHash = Self.hash(number)
                }), as: root)
        return try #require(directory.authenticate(secretHash: Self.hash(number), at: time))
    }

    func users(_ ordinal: UInt32 = 1, as principal: Principal) throws -> [Membership] {
        try ask(
            .listUsers(.with { $0.withInactive = true }), in: ordinal, as: principal, UserPage.self
        ).users
    }
}
