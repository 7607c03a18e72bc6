import Testing
import WorkProtocol

@testable import WorkGraph

/// How people get into workspaces, and what of them reaches these.
struct DirectoryPeopleTests {
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
}
