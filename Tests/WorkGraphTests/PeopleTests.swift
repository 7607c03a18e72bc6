import Testing
import WorkProtocol

@testable import WorkGraph

/// Members, guests, and teams.
struct PeopleTests {
    private func user(_ text: String, in world: World, as principal: Principal) throws -> Membership
    {
        try world.ask(.getUser(.with { $0.user = text }), as: principal, Membership.self)
    }

    private func team(
        _ world: World, _ visibility: TeamVisibility = .public, as principal: Principal
    ) throws -> UInt64 {
        try world.change(
            .createTeam(
                .with {
                    $0.name = "Team"
                    $0.visibility = visibility
                }), as: principal
        ).gid
    }

    private func join(_ team: UInt64, _ account: Gid, admin: Bool = false) -> Command {
        .setTeamMember(
            .with {
                $0.team = team
                $0.account = account.rawValue
                $0.isAdmin = admin
            })
    }

    private func leave(_ team: UInt64, _ account: Gid) -> Command {
        .removeTeamMember(
            .with {
                $0.team = team
                $0.account = account.rawValue
            })
    }

    @Test func `people are found by gid, by e-mail in any case, and by me`() throws {
        let world = try World()
        for text in ["2", "bob@example.com", "BOB@Example.com"] {
            #expect(try user(text, in: world, as: world.ann).name == "Bob")
        }
        #expect(try user("me", in: world, as: world.gus).name == "Gus")
        for text in ["99", "nobody@example.com", "external:1", ""] {
            let query = Query.getUser(.with { $0.user = text })
            #expect(world.refusedQuery(query, as: world.ann) == .notFound)
        }
        #expect(world.refusedQuery(.getUser(.with { $0.user = "2" }), as: world.gus) == .notFound)
    }

    @Test func `lists page, and narrow by a prefix`() throws {
        let world = try World()
        for number in 0..<7 { _ = try world.person("Member \(number)") }
        var names: [String] = []
        var query = ListUsers.with {
            $0.limit = 3
            $0.prefix = "mEM"
        }
        repeat {
            let page = try world.ask(.listUsers(query), as: world.bob, UserPage.self)
            #expect(page.users.count <= 3)
            names += page.users.map(\.name)
            query.cursor = page.next
        } while !query.cursor.isEmpty
        #expect(names == (0..<7).map { "Member \($0)" })
        query.cursor = [1, 2, 3]
        #expect(reason(world.refusedQuery(.listUsers(query), as: world.bob)) == .badField)
        query.cursor = []
        query.limit = 1001
        #expect(reason(world.refusedQuery(.listUsers(query), as: world.bob)) == .badField)
    }

    @Test func `a page stays right when rows come and go`() throws {
        let world = try World()
        var made: [UInt64] = []
        for number in 0..<6 { made.append(try world.project("P\(number)").gid) }
        let first = try world.ask(
            .listProjects(.with { $0.limit = 3 }), as: world.bob, ProjectPage.self)
        try world.change(.deleteProject(.with { $0.project = made[2] }), as: world.ann)
        try world.change(.deleteProject(.with { $0.project = made[4] }), as: world.ann)
        let late = try world.project("late").gid
        let rest = try world.ask(
            .listProjects(.with { $0.cursor = first.next }), as: world.bob, ProjectPage.self)
        #expect(first.projects.map(\.gid) == Array(made[0...2]))
        #expect(rest.projects.map(\.gid) == [made[3], made[5], late])
    }

    @Test func `who is removed sees nothing at once, and leaves a list of open tasks`() throws {
        let world = try World()
        let project = try world.project().gid
        let task = try world.task("open", in: project) { $0.assignee = world.bob.account.rawValue }
        let hidden = try world.task("private", as: world.bob) {
            $0.assignee = world.bob.account.rawValue
        }
        let removal = UpdateMembership.with {
            $0.account = world.bob.account.rawValue
            $0.isActive = false
        }
        #expect(reason(world.refused(.updateMembership(removal), as: world.cat)) == .forbidden)
        let changed = try world.change(.updateMembership(removal), as: world.ann)
        #expect(changed.gids == [task])
        #expect(
            world.refusedQuery(.getTask(.with { $0.task = hidden }), as: world.bob) == .notFound)
        #expect(world.refusedQuery(.getWorkspace(GetWorkspace()), as: world.bob) == .notFound)
        #expect(try world.get(task).assignee == world.bob.account.rawValue)
        #expect(try user("2", in: world, as: world.cat).isActive == false)
    }

    @Test func `the last admin stays one`() throws {
        let world = try World()
        for body: (inout UpdateMembership) -> Void in [
            { $0.role = .member }, { $0.isActive = false },
        ] {
            var update = UpdateMembership.with { $0.account = world.ann.account.rawValue }
            body(&update)
            #expect(reason(world.refused(.updateMembership(update), as: world.ann)) == .conflict)
        }
    }

    // MARK: - Teams

    @Test func `members join public teams, not secret ones`() throws {
        let world = try World()
        let open = try team(world, as: world.bob)
        let secret = try team(world, .secret, as: world.bob)
        try world.change(join(open, world.cat.account), as: world.cat)
        #expect(reason(world.refused(join(secret, world.cat.account), as: world.cat)) == .notFound)
        #expect(reason(world.refused(join(secret, world.ann.account), as: world.ann)) == .notFound)
        #expect(reason(world.refused(join(open, world.gus.account), as: world.gus)) == .notFound)
        #expect(
            reason(world.refused(join(open, world.cat.account, admin: true), as: world.cat))
                == .forbidden)
        #expect(
            reason(world.refused(join(open, world.gus.account), as: world.cat)) == .forbidden)
        try world.change(join(secret, world.gus.account), as: world.bob)
        let seen = try world.ask(.listTeams(ListTeams()), as: world.gus, TeamPage.self)
        #expect(seen.teams.map(\.gid) == [secret])
        #expect(try user("2", in: world, as: world.gus).name == "Bob")
    }

    @Test func `a team keeps an admin as long as it has members`() throws {
        let world = try World()
        let gid = try team(world, as: world.bob)
        try world.change(join(gid, world.cat.account), as: world.bob)
        #expect(reason(world.refused(leave(gid, world.bob.account), as: world.bob)) == .conflict)
        try world.change(join(gid, world.cat.account, admin: true), as: world.bob)
        try world.change(leave(gid, world.bob.account), as: world.bob)
        try world.change(leave(gid, world.cat.account), as: world.cat)
    }

    @Test func `a guest in a team sees its projects, and nobody else's`() throws {
        let world = try World()
        let gid = try team(world, as: world.bob)
        let project = try world.change(
            .createProject(
                .with {
                    $0.name = "Team's"
                    $0.team = gid
                    $0.privacy = .privateToTeam
                }), as: world.bob
        ).gid
        _ = try world.project("Everybody's")
        func seen(_ principal: Principal) throws -> [UInt64] {
            try world.ask(.listProjects(ListProjects()), as: principal, ProjectPage.self)
                .projects.map(\.gid)
        }
        #expect(try seen(world.gus) == [])
        try world.change(join(gid, world.gus.account), as: world.bob)
        #expect(try seen(world.gus) == [project])
        #expect(try !seen(world.cat).contains(project))
        // Deleting the team hides its projects from all, its members too.
        try world.change(.deleteTeam(.with { $0.team = gid }), as: world.bob)
        #expect(try seen(world.gus) == [])
        #expect(try !seen(world.bob).contains(project))
        #expect(
            reason(world.refused(.restore(.with { $0.gid = project }), as: world.bob)) == .notFound)
        try world.change(.restore(.with { $0.gid = gid }), as: world.bob)
        #expect(try seen(world.gus) == [project])
    }

    @Test func `a project does not tell of a team that its reader does not see`() throws {
        let world = try World()
        let secret = try team(world, .secret, as: world.bob)
        let project = try world.change(
            .createProject(
                .with {
                    $0.name = "Open"
                    $0.team = secret
                }), as: world.bob
        ).gid
        try world.change(
            .setProjectMember(
                .with {
                    $0.project = project
                    $0.member = secret
                    $0.access = .admin
                }), as: world.bob)
        let query = Query.getProject(
            .with {
                $0.project = "\(project)"
                $0.withNames = true
            })
        let seen = try world.ask(query, as: world.cat, Project.self)
        #expect(seen.team == 0)
        #expect(!seen.members.contains { $0.member == secret })
        #expect(!seen.names.contains { $0.gid == secret })
        let own = try world.ask(query, as: world.bob, Project.self)
        #expect(own.team == secret)
        #expect(own.names.contains { $0.gid == secret })
    }
}
