import Testing
import WorkProtocol

@testable import WorkGraph

/// People that imports bring, and service accounts.
struct DirectoryServicesTests {
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

    @Test func `one source's id of a person is not taken by another's`() throws {
        let store = try Store()
        func ensure(_ external: String) throws -> UInt64 {
            try store.change(
                .ensurePeople(
                    .with {
                        $0.workspace = 1
                        $0.people = [
                            .with {
                                $0.name = "Dan"
                                $0.email = "dan@example.com"
                                $0.external = .with { $0.gid = external }
                            }
                        ]
                    }), as: store.root
            ).gids[0]
        }
        let dan = try ensure("github:dan")
        #expect(try ensure("12345") == dan)
        let shown = try store.users(as: store.root).first { $0.account == dan }
        #expect(shown?.external?.gid == "github:dan")
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
