import Testing
import WorkProtocol

@testable import WorkGraph

/// The directory: what a store begins with, and its tokens.
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
}
