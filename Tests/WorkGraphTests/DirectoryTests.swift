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
        let (command, ordinal) = Shard.addressed(command, to: ordinal)
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

struct DirectoryTests {
    @Test func `a new store has an operator, a token and a workspace`() throws {
        let store = try Store()
        let identified = try store.ask(.whoAmI(WhoAmI()), as: store.root, Identified.self)
        #expect(identified.account?.email == "root@example.com")
        #expect(identified.account?.isOperator == true)
        #expect(identified.scopes == [.read, .write, .import, .operate])
        #expect(identified.workspaces.map(\.name) == ["Acme"])
        let workspace = try store.ask(
            .getWorkspace(GetWorkspace()), in: 1, as: store.root, Workspace.self)
        #expect(workspace.isOrganization)
        #expect(Gid(workspace.gid).workspace == 1)
        #expect(store.directory.pendingErrands.isEmpty)
        #expect(store.refused(.createTeam(.with { $0.name = "x" }), in: 1, as: store.root) == nil)
    }

    @Test func `the log alone makes the same store`() throws {
        let store = try Store()
        _ = try store.invite("bob", .member)
        let copy = Shard()
        var positions: [UInt32: UInt64] = [:]
        for record in store.records {
            positions[record.ordinal, default: 0] += 1
            try copy.apply(
                record.body.span.bytes, in: record.ordinal,
                at: positions[record.ordinal, default: 0])
        }
        for ordinal in store.ordinals {
            #expect(copy.workspace(ordinal)?.digest == store.workspace(ordinal)?.digest)
            #expect(copy.workspace(ordinal)?.checkInvariants() == [])
        }
        #expect(copy.ordinals == [0, 1])
    }

    @Test func `a workspace is for its people alone`() throws {
        let store = try Store()
        let bob = try store.invite("bob", .member)
        try store.change(.createWorkspace(.with { $0.name = "Other" }), as: store.root)
        let mine = try store.ask(
            .listWorkspaces(ListWorkspaces()), as: bob, WorkspaceList.self)
        #expect(mine.workspaces.map(\.name) == ["Acme"])
        let all = try store.ask(
            .listWorkspaces(ListWorkspaces()), as: store.root, WorkspaceList.self)
        #expect(all.workspaces.map(\.name) == ["Acme", "Other"])
        #expect(store.refused(.createWorkspace(.with { $0.name = "x" }), as: bob) == .forbidden)
        #expect(throws: Rejection.notFound) {
            try store.ask(.getWorkspace(GetWorkspace()), in: 2, as: bob, Workspace.self)
        }
    }

    // MARK: - Tokens

    @Test func `a token never allows more, nor lasts longer, than the one it was made with`() throws
    {
        let store = try Store()
        let bob = try store.invite("bob", .member)
        var create = CreateToken()
        create.secretHash = Store.hash(50)
        create.scopes = [.operate]
        #expect(store.refused(.createToken(create), as: bob) == .forbidden)
        create.scopes = [.read]
        create.expiresAt = store.time + 1_000_000
        try store.change(.createToken(create), as: bob)
        let reader = try #require(
            store.directory.authenticate(secretHash: Store.hash(50), at: store.time))
        #expect(reader.scopes == .read)
        #expect(reader.account == bob.account)
        create.secretHash = Store.hash(51)
        create.expiresAt = 0
        #expect(store.refused(.createToken(create), as: reader) == .forbidden)
        let writer = Principal(
            account: reader.account, token: reader.token, scopes: [.read, .write])
        #expect(store.refused(.createToken(create), as: writer) == .badField)
    }

    @Test func `expired, revoked and unknown tokens are nobody's`() throws {
        let store = try Store()
        let bob = try store.invite("bob", .member)
        #expect(store.directory.isCurrent(bob, at: store.time))
        let tokens = try store.ask(.listTokens(ListTokens()), as: bob, TokenList.self).tokens
        #expect(tokens.count == 1)
        try store.change(.revokeToken(.with { $0.token = tokens[0].gid }), as: bob)
        #expect(store.directory.authenticate(secretHash: Store.hash(98), at: store.time) == nil)
        #expect(!store.directory.isCurrent(bob, at: store.time))
        #expect(store.directory.authenticate(secretHash: Store.hash(77), at: store.time) == nil)
        var create = CreateToken()
        create.secretHash = Store.hash(60)
        create.scopes = [.read]
        create.expiresAt = store.time + 10_000
        try store.change(.createToken(create), as: store.root)
        #expect(store.directory.authenticate(secretHash: Store.hash(60), at: store.time) != nil)
        #expect(
            store.directory.authenticate(secretHash: Store.hash(60), at: store.time + 10_000) == nil
        )
    }

    @Test func `others' tokens are nobody's business`() throws {
        let store = try Store()
        let bob = try store.invite("bob", .member)
        let cat = try store.invite("cat", .admin)
        let list = ListTokens.with { $0.account = bob.account.rawValue }
        #expect(throws: Rejection.notFound) {
            try store.ask(.listTokens(list), as: cat, TokenList.self)
        }
        #expect(
            store.refused(.revokeToken(.with { $0.token = bob.token.rawValue }), as: cat)
                == .notFound)
        try store.change(.revokeToken(.with { $0.token = bob.token.rawValue }), as: store.root)
    }

    // MARK: - People

    @Test func `an invitation makes an account and a member, once`() throws {
        let store = try Store()
        let bob = try store.invite("bob", .guest)
        #expect(try store.users(as: store.root).map(\.role) == [.admin, .guest])
        let again = try store.change(
            .invite(
                .with {
                    $0.email = "BOB@example.com"
                    $0.role = .admin
                }), in: 1, as: store.root)
        #expect(again.unchanged)
        #expect(again.gid == bob.account.rawValue)
        #expect(try store.users(as: store.root).map(\.role) == [.admin, .guest])
    }

    @Test func `members invite guests and members, admins anybody, guests nobody`() throws {
        let store = try Store()
        let bob = try store.invite("bob", .member)
        let gus = try store.invite("gus", .guest)
        func invitation(_ name: String, _ role: Role) -> Command {
            .invite(
                .with {
                    $0.email = "\(name)@example.com"
                    $0.role = role
                })
        }
        #expect(store.refused(invitation("x", .member), in: 1, as: bob) == nil)
        #expect(store.refused(invitation("y", .admin), in: 1, as: bob) == .forbidden)
        #expect(store.refused(invitation("z", .guest), in: 1, as: gus) == .forbidden)
        try store.change(.createWorkspace(.with { $0.name = "Other" }), as: store.root)
        #expect(store.refused(invitation("w", .guest), in: 2, as: bob) == .notFound)
        // Straight to the directory, it is the same.
        var forged = Invite()
        forged.email = "v@example.com"
        forged.role = .admin
        forged.workspace = 2
        #expect(store.refused(.invite(forged), as: bob) == .notFound)
        #expect(store.refused(invitation("no address", .guest), in: 1, as: bob) == .badField)
    }

    @Test func `who was removed comes back only by an admin`() throws {
        let store = try Store()
        let bob = try store.invite("bob", .member)
        let cat = try store.invite("cat", .member)
        try store.change(
            .updateMembership(
                .with {
                    $0.account = cat.account.rawValue
                    $0.isActive = false
                }), in: 1, as: store.root)
        let back = Command.invite(
            .with {
                $0.email = "cat@example.com"
                $0.role = .guest
            })
        #expect(store.refused(back, in: 1, as: bob) == .forbidden)
        #expect(store.refused(back, in: 1, as: store.root) == nil)
        let shown = try store.users(as: bob).first { $0.account == cat.account.rawValue }
        #expect(shown?.isActive == true)
        #expect(shown?.role == .guest)
    }

    @Test func `a rename and a deactivation reach the workspaces`() throws {
        let store = try Store()
        let bob = try store.invite("bob", .member)
        try store.change(.updateAccount(.with { $0.name = "Robert" }), as: bob)
        #expect(try store.users(as: store.root).map(\.name).contains("Robert"))
        #expect(store.refused(.updateAccount(.with { $0.isActive = false }), as: bob) == .forbidden)
        try store.change(
            .updateAccount(
                .with {
                    $0.account = bob.account.rawValue
                    $0.isActive = false
                }), as: store.root)
        #expect(!store.directory.isCurrent(bob, at: store.time))
        #expect(throws: Rejection.notFound) { try store.users(as: bob) }
        try store.change(
            .updateAccount(
                .with {
                    $0.account = bob.account.rawValue
                    $0.isActive = true
                }), as: store.root)
        #expect(try store.users(as: bob).count == 2)
    }

    @Test func `switching an account on again does not take back who was removed`() throws {
        let store = try Store()
        let bob = try store.invite("bob", .member)
        try store.change(
            .updateMembership(
                .with {
                    $0.account = bob.account.rawValue
                    $0.isActive = false
                }), in: 1, as: store.root)
        for isActive in [false, true] {
            try store.change(
                .updateAccount(
                    .with {
                        $0.account = bob.account.rawValue
                        $0.isActive = isActive
                    }), as: store.root)
        }
        #expect(throws: Rejection.notFound) { try store.users(as: bob) }
    }

    @Test func `an errand delivered twice or late changes nothing`() throws {
        let store = try Store()
        let bob = try store.invite("bob", .member)
        try store.change(.updateAccount(.with { $0.name = "First" }), as: bob, deliver: false)
        try store.change(.updateAccount(.with { $0.name = "Second" }), as: bob, deliver: false)
        let errands = store.directory.pendingErrands
        #expect(errands.map(\.admit.name) == ["First", "Second"])
        try store.deliver()
        let digest = store.workspace(1)?.rowDigest
        for errand in errands {
            let changed = try store.change(
                .admitMember(errand.admit), in: 1, as: .node, deliver: false)
            #expect(changed.unchanged)
        }
        #expect(store.workspace(1)?.rowDigest == digest)
        #expect(store.refused(.admitMember(errands[0].admit), in: 1, as: store.root) == .notFound)
        #expect(store.refused(.completeErrand(.with { $0.row = 1 }), as: store.root) == .notFound)
    }

    @Test func `there is always an operator and an admin`() throws {
        let store = try Store()
        let off = UpdateAccount.with { $0.isActive = false }
        #expect(store.refused(.updateAccount(off), as: store.root) == .conflict)
        var demote = UpdateMembership()
        demote.account = store.root.account.rawValue
        demote.role = .member
        #expect(store.refused(.updateMembership(demote), in: 1, as: store.root) == .conflict)
        _ = try store.invite("ada", .admin)
        #expect(store.refused(.updateMembership(demote), in: 1, as: store.root) == nil)
    }

    // MARK: - Imports and services

    @Test func `people of an import are found by what the workspace knows, else made`() throws {
        let store = try Store()
        let bob = try store.invite("bob", .member)
        var ensure = EnsurePeople()
        ensure.workspace = 1
        ensure.people = [
            .with {
                $0.name = "Somebody"
                $0.external = .with { $0.gid = "17" }
            },
            .with {
                $0.name = "Bob"
                $0.email = "bob@example.com"
            },
        ]
        let first = try store.change(.ensurePeople(ensure), as: store.root)
        #expect(first.gids[1] == bob.account.rawValue)
        let second = try store.change(.ensurePeople(ensure), as: store.root)
        #expect(second.gids == first.gids)
        #expect(second.unchanged)
        // Another workspace's external ids are not looked at.
        try store.change(.createWorkspace(.with { $0.name = "Other" }), as: store.root)
        ensure.workspace = 2
        let other = try store.change(.ensurePeople(ensure), as: store.root)
        #expect(other.gids[0] != first.gids[0])
        let cat = try store.invite("cat", .member)
        #expect(store.refused(.ensurePeople(ensure), as: cat) == .notFound)
        ensure.people = [.with { $0.name = "Nobody" }]
        #expect(store.refused(.ensurePeople(ensure), as: store.root) == .badField)
    }

    @Test func `a service account reads all of its workspace, and writes only with the scope`()
        throws
    {
        let store = try Store()
        let bob = try store.invite("bob", .member)
        var create = CreateServiceAccount()
        create.name = "reports"
        create.workspace = 1
        #expect(store.refused(.createServiceAccount(create), as: bob) == .forbidden)
        let account = try store.change(.createServiceAccount(create), as: store.root).gid
        var token = CreateToken()
        token.account = account
        token.scopes = [.read]
        token.secretHash = Store.hash(70)
        #expect(store.refused(.createToken(token), as: bob) == .notFound)
        try store.change(.createToken(token), as: store.root)
        let service = try #require(
            store.directory.authenticate(secretHash: Store.hash(70), at: store.time))
        #expect(service.isService && service.home == 1)
        let task = try store.change(.createTask(.with { $0.name = "private" }), in: 1, as: bob).gid
        let seen = try store.ask(
            .getTask(.with { $0.task = task }), in: 1, as: service, WorkTask.self)
        #expect(seen.name == "private")
        let delete = Command.deleteTask(.with { $0.task = task })
        #expect(store.refused(delete, in: 1, as: service) == .forbidden)
        try store.change(.createWorkspace(.with { $0.name = "Other" }), as: store.root)
        #expect(throws: Rejection.notFound) { try store.users(2, as: service) }
        try store.change(.deleteServiceAccount(.with { $0.account = account }), as: store.root)
        #expect(store.directory.authenticate(secretHash: Store.hash(70), at: store.time) == nil)
        #expect(throws: Rejection.notFound) { try store.users(as: service) }
    }
}
