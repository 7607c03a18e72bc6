import Testing
import WorkProtocol

@testable import WorkGraph

/// Projects, their members and sections, teams, and the trash.
struct ProjectsTests {
    private func shown(
        _ project: UInt64, in world: World, as principal: Principal? = nil
    ) throws -> Project {
        try world.ask(
            .getProject(.with { $0.project = "\(project)" }), as: principal ?? world.ann,
            Project.self)
    }

    private func share(
        _ project: UInt64, with member: UInt64, _ access: AccessLevel
    ) -> Command {
        .setProjectMember(
            .with {
                $0.project = project
                $0.member = member
                $0.access = access
            })
    }

    private func update(
        _ project: UInt64, _ body: (inout UpdateProject) -> Void
    ) -> Command {
        var update = UpdateProject()
        update.project = project
        body(&update)
        return .updateProject(update)
    }

    // MARK: - Making and changing

    @Test func `a project has its maker as owner and admin, and a section`() throws {
        let world = try World()
        let made = try world.change(.createProject(.with { $0.name = "Launch" }), as: world.bob)
        let project = try shown(made.gid, in: world, as: world.bob)
        #expect(project.owner == world.bob.account.rawValue)
        #expect(project.access == .admin)
        #expect(project.defaultAccess == .editor)
        #expect(project.privacy == .publicToWorkspace)
        #expect(project.sections == made.gids)
        let sections = try world.ask(
            .listSections(.with { $0.project = made.gid }), as: world.bob, SectionList.self)
        #expect(sections.sections.map(\.name) == [""])
    }

    @Test func `what cannot be is refused`() throws {
        let world = try World()
        let project = try world.project().gid
        func refusal(_ command: Command) -> Reason? {
            reason(world.refused(command, as: world.ann))
        }
        #expect(refusal(.createProject(CreateProject())) == .badField)
        #expect(refusal(update(project) { $0.privacy = .privateToTeam }) == .conflict)
        #expect(
            refusal(
                update(project) {
                    $0.startOn = 10; $0.dueOn = 9
                }) == .badField)
        #expect(refusal(update(project) { $0.name = "" }) == .badField)
        #expect(refusal(update(project) { $0.defaultAccess = AccessLevel.none }) == .badField)
        #expect(
            refusal(
                update(project) {
                    $0.name = "x"; $0.ifVersion = 9
                }) == .versionMismatch)
        #expect(refusal(update(project) { $0.owner = 99 }) == .notFound)
        #expect(refusal(update(project) { $0.team = 99 }) == .notFound)
        #expect(
            reason(world.refused(.createProject(.with { $0.name = "x" }), as: world.gus))
                == .forbidden)
    }

    @Test func `counts go along with the tasks`() throws {
        let world = try World()
        let (project, sections) = try world.project()
        let first = try world.task("a", in: project, section: sections[0])
        let second = try world.task("b", in: project, section: sections[1])
        try world.update(first) { $0.completed = true }
        #expect(try shown(project, in: world).taskCount == 2)
        #expect(try shown(project, in: world).completedCount == 1)
        try world.change(.deleteTask(.with { $0.task = first }), as: world.ann)
        #expect(try shown(project, in: world).taskCount == 1)
        #expect(try shown(project, in: world).completedCount == 0)
        try world.change(
            .removeFromProject(
                .with {
                    $0.task = second
                    $0.project = project
                }), as: world.ann)
        #expect(try shown(project, in: world).taskCount == 0)
    }

    @Test func `a project is found by gid, by external id, or by a name of its own`() throws {
        let world = try World()
        var create = CreateProject()
        create.name = "Website relaunch"
        create.external = .with { $0.gid = "4711" }
        let gid = try world.change(.createProject(create), as: world.ann).gid
        for text in ["\(gid)", "external:4711", "Website relaunch"] {
            let found = try world.ask(
                .getProject(.with { $0.project = text }), as: world.bob, Project.self)
            #expect(found.gid == gid)
        }
        #expect(reason(world.refused(.createProject(create), as: world.bob)) == .alreadyExists)
        // A hidden one of the same name does not make the name ambiguous.
        _ = try world.project("Website relaunch", privacy: .private, as: world.cat)
        let query = Query.getProject(.with { $0.project = "Website relaunch" })
        #expect(world.refusedQuery(query, as: world.bob) == nil)
        #expect(reason(world.refusedQuery(query, as: world.cat)) == .badField)
    }

    @Test func `an external id that somebody hides can be used again`() throws {
        let world = try World()
        var create = CreateProject()
        create.name = "Secret"
        create.external = .with { $0.gid = "4711" }
        create.privacy = .private
        let hidden = try world.change(.createProject(create), as: world.cat).gid
        let own = try world.change(.createProject(create), as: world.bob).gid
        #expect(hidden != own)
        let query = Query.getProject(.with { $0.project = "external:4711" })
        #expect(try world.ask(query, as: world.bob, Project.self).gid == own)
        #expect(try world.ask(query, as: world.cat, Project.self).gid == hidden)
        #expect(world.graph.checkInvariants() == [])
    }

    // MARK: - Who may what

    /// What each level of access may do with a project, and what not.
    @Test(arguments: [
        (AccessLevel.viewer, [false, false, false, false, false]),
        (.commenter, [false, false, false, false, false]),
        (.editor, [true, true, true, false, false]),
        (.admin, [true, true, true, true, true]),
    ])
    func `levels of access`(level: AccessLevel, allowed: [Bool]) throws {
        let world = try World()
        let (project, sections) = try world.project(privacy: .private)
        let bob = world.bob.account.rawValue
        try world.change(share(project, with: bob, level), as: world.ann)
        #expect(try shown(project, in: world, as: world.bob).access == level)
        let commands: [Command] = [
            update(project) { $0.notes = "changed" },
            .createSection(
                .with {
                    $0.project = project
                    $0.name = "More"
                }),
            .updateSection(
                .with {
                    $0.section = sections[0]
                    $0.name = "Renamed"
                }),
            share(project, with: world.cat.account.rawValue, .viewer),
            .deleteProject(.with { $0.project = project }),
        ]
        for (command, isAllowed) in zip(commands, allowed) {
            if isAllowed {
                try world.change(command, as: world.bob)
            } else {
                #expect(reason(world.refused(command, as: world.bob)) == .forbidden)
                #expect(reason(world.refused(command, as: world.gus)) == .notFound)
            }
        }
    }

    @Test func `only admins customize where the project says so`() throws {
        let world = try World()
        let project = try world.project().gid
        let notes = update(project) { $0.notes = "by Bob" }
        try world.change(notes, as: world.bob)
        try world.change(update(project) { $0.minimumCustomizationAccess = .admin }, as: world.ann)
        let more = update(project) { $0.notes = "again" }
        #expect(reason(world.refused(more, as: world.bob)) == .forbidden)
        try world.change(more, as: world.ann)
    }

    @Test func `an own share says what one may, less than the others or more`() throws {
        let world = try World()
        let project = try world.project().gid
        let bob = world.bob.account.rawValue
        #expect(try shown(project, in: world, as: world.bob).access == .editor)
        try world.change(share(project, with: bob, .viewer), as: world.ann)
        #expect(try shown(project, in: world, as: world.bob).access == .viewer)
        let team = try world.change(.createTeam(.with { $0.name = "Team" }), as: world.bob).gid
        try world.change(share(project, with: team, .admin), as: world.ann)
        #expect(try shown(project, in: world, as: world.bob).access == .viewer)
        try world.change(
            .removeProjectMember(
                .with {
                    $0.project = project
                    $0.member = bob
                }), as: world.ann)
        #expect(try shown(project, in: world, as: world.bob).access == .admin)
        #expect(try shown(project, in: world, as: world.cat).access == .editor)
    }

    @Test func `a project never loses its last admin`() throws {
        let world = try World()
        let project = try world.project().gid
        let ann = world.ann.account.rawValue
        let leave = Command.removeProjectMember(
            .with {
                $0.project = project
                $0.member = ann
            })
        #expect(reason(world.refused(leave, as: world.ann)) == .conflict)
        #expect(
            reason(world.refused(share(project, with: ann, .viewer), as: world.ann)) == .conflict)
        try world.change(update(project) { $0.owner = world.bob.account.rawValue }, as: world.ann)
        try world.change(leave, as: world.ann)
        #expect(
            reason(world.refused(update(project) { $0.clear = [.owner] }, as: world.ann))
                == .forbidden)
    }

    // MARK: - Sections

    @Test func `sections are put, moved and renamed`() throws {
        let world = try World()
        let (project, sections) = try world.project(sections: ["A", "B"])
        let middle = try world.change(
            .createSection(
                .with {
                    $0.project = project
                    $0.name = "M"
                    $0.before = sections[1]
                }), as: world.ann
        ).gid
        func names() throws -> [String] {
            try world.ask(
                .listSections(.with { $0.project = project }), as: world.ann, SectionList.self
            ).sections.map(\.name)
        }
        #expect(try names() == ["A", "M", "B"])
        try world.change(
            .moveSection(
                .with {
                    $0.section = sections[0]
                    $0.after = sections[1]
                }), as: world.ann)
        #expect(try names() == ["M", "B", "A"])
        for _ in 0..<60 {
            // Between the same two, again and again: neighbours make room.
            try world.change(
                .createSection(
                    .with {
                        $0.project = project
                        $0.name = "x"
                        $0.after = middle
                    }), as: world.ann)
        }
        #expect(try names().count == 63)
        #expect(try names().first == "M")
        #expect(world.graph.checkInvariants() == [])
    }

    @Test func `a section goes only when it is empty and not the last`() throws {
        let world = try World()
        let (project, sections) = try world.project(sections: ["A", "B"])
        let task = try world.task("t", in: project, section: sections[0])
        let first = Command.deleteSection(.with { $0.section = sections[0] })
        #expect(reason(world.refused(first, as: world.ann)) == .conflict)
        try world.change(.deleteTask(.with { $0.task = task }), as: world.ann)
        try world.change(first, as: world.ann)
        let last = Command.deleteSection(.with { $0.section = sections[1] })
        #expect(reason(world.refused(last, as: world.ann)) == .conflict)
        // The deleted task comes back into the section that is left.
        try world.change(.restore(.with { $0.gid = task }), as: world.ann)
        #expect(try world.get(task).memberships.map(\.section) == [sections[1]])
    }

    // MARK: - Trash

    @Test func `a deleted project hides its tasks, and brings them back`() throws {
        let world = try World()
        let project = try world.project().gid
        let other = try world.project("Other").gid
        let task = try world.task("t", in: project)
        let both = try world.task("both", in: project)
        try world.change(
            .addToProject(
                .with {
                    $0.task = both
                    $0.placement = .with { $0.project = other }
                }), as: world.ann)
        try world.change(.deleteProject(.with { $0.project = project }), as: world.ann)
        #expect(world.refusedQuery(.getTask(.with { $0.task = task }), as: world.ann) == .notFound)
        #expect(try world.get(both).memberships.map(\.project) == [other])
        #expect(try shown(other, in: world).taskCount == 1)
        let trash = try world.ask(.listTrash(ListTrash()), as: world.ann, TrashPage.self)
        #expect(trash.entries.map(\.gid) == [project])
        #expect(
            try world.ask(.listTrash(ListTrash()), as: world.bob, TrashPage.self).entries.isEmpty)
        let restore = Command.restore(.with { $0.gid = project })
        #expect(reason(world.refused(restore, as: world.bob)) == .notFound)
        try world.change(restore, as: world.ann)
        #expect(try world.names { $0.project = project } == ["t", "both"])
    }

    @Test func `after thirty days nothing comes back`() throws {
        let world = try World()
        let task = try world.task("t")
        try world.change(.deleteTask(.with { $0.task = task }), as: world.ann)
        world.time += 31 * 24 * 3600 * 1000
        let restore = Command.restore(.with { $0.gid = task })
        #expect(reason(world.refused(restore, as: world.ann)) == .notFound)
        #expect(reason(world.refused(.restore(.with { $0.gid = 12 }), as: world.ann)) == .notFound)
    }

    @Test func `a subtask under something deleted is brought back with it`() throws {
        let world = try World()
        let parent = try world.task("parent")
        let child = try world.task("child") { $0.parent = parent }
        try world.change(.deleteTask(.with { $0.task = child }), as: world.ann)
        try world.change(.deleteTask(.with { $0.task = parent }), as: world.ann)
        let restore = Command.restore(.with { $0.gid = child })
        #expect(reason(world.refused(restore, as: world.ann)) == .conflict)
        try world.change(.restore(.with { $0.gid = parent }), as: world.ann)
        try world.change(restore, as: world.ann)
        #expect(try world.get(parent).subtaskCount == 1)
    }

    @Test func `a project begins and is due on days of the calendar`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let update = Command.updateProject(
            .with {
                $0.project = project
                $0.dueOn = .max
            })
        #expect(reason(world.refused(update, as: world.ann)) == .badField)
    }
}
