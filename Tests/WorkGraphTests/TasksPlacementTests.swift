import Testing
import WorkProtocol

@testable import WorkGraph

/// Where tasks stand: in projects and their sections.
@Suite struct TasksPlacementTests {
    private func move(
        _ world: World, _ task: UInt64, _ body: (inout Placement) -> Void
    ) throws {
        var placement = Placement()
        body(&placement)
        try world.change(
            .addToProject(
                .with {
                    $0.task = task
                    $0.placement = placement
                }), as: world.ann)
    }

    @Test func `tasks stand where they are put, in the order of sections`() throws {
        let world = try World()
        let (project, sections) = try world.project()
        let a = try world.task("a", in: project)
        let b = try world.task("b", in: project, section: sections[1])
        _ = try world.task("c", in: project)
        _ = try world.task("d", in: project) { $0.placements[0].atTop = true }
        #expect(try world.names { $0.project = project } == ["d", "a", "c", "b"])
        #expect(try world.names { $0.section = sections[1] } == ["b"])
        try move(world, b) {
            $0.project = project
            $0.after = a
        }
        #expect(try world.names { $0.project = project } == ["d", "a", "b", "c"])
        try move(world, a) {
            $0.project = project
            $0.section = sections[1]
        }
        #expect(try world.names { $0.project = project } == ["d", "b", "c", "a"])
        #expect(try world.stories(a).map(\.kind) == [.sectionChanged])
        #expect(try world.stories(a)[0].oldValue == "To do")
    }

    @Test func `a neighbour of another section or project is refused`() throws {
        let world = try World()
        let (project, sections) = try world.project()
        let (other, _) = try world.project("Other")
        let stranger = try world.task("stranger", in: other)
        let task = try world.task("task", in: project)
        for placement in [
            Placement.with {
                $0.project = project
                $0.after = stranger
            },
            Placement.with {
                $0.project = project
                $0.section = sections[1]
                $0.before = task
            },
            Placement.with {
                $0.project = other
                $0.section = sections[0]
            },
        ] {
            let add = Command.addToProject(
                .with {
                    $0.task = stranger
                    $0.placement = placement
                })
            #expect(world.refused(add, as: world.ann) != nil)
        }
    }

    @Test func `a hundred insertions at one spot keep their order`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let first = try world.task("first", in: project)
        let last = try world.task("last", in: project)
        var expected: [String] = []
        for index in 0..<100 {
            // Always right after the first: the room between the two is halved each time.
            _ = try world.task("\(index)", in: project) { $0.placements[0].after = first }
            expected.insert("\(index)", at: 0)
        }
        for index in 100..<200 {
            _ = try world.task("\(index)", in: project) { $0.placements[0].before = last }
            expected.append("\(index)")
        }
        #expect(try world.names { $0.project = project } == ["first"] + expected + ["last"])
        #expect(world.graph.checkInvariants() == [])
    }

    @Test func `a task is in twenty projects at once, and not in one more`() throws {
        let world = try World()
        let projects = try (0...GraphLimits.projectsPerTask).map { try world.project("p\($0)").gid }
        let task = try world.task("t")
        for project in projects.dropLast() { try move(world, task) { $0.project = project } }
        #expect(try world.get(task).memberships.map(\.project) == Array(projects.dropLast()))
        let add = Command.addToProject(
            .with {
                $0.task = task
                $0.placement = .with { $0.project = projects[projects.count - 1] }
            })
        #expect(reason(world.refused(add, as: world.ann)) == .limitReached)
        try world.change(
            .removeFromProject(
                .with {
                    $0.task = task
                    $0.project = projects[0]
                }), as: world.ann)
        try world.change(add, as: world.ann)
    }

    @Test func `a hidden project of a task does not show`() throws {
        let world = try World()
        let open = try world.project("open")
        let closed = try world.project("closed", privacy: .private)
        let task = try world.task("t", in: open.gid)
        try move(world, task) { $0.project = closed.gid }
        let seen = try world.get(task, as: world.bob, names: true)
        #expect(seen.memberships.map(\.project) == [open.gid])
        #expect(!seen.names.contains { $0.gid == closed.gid || $0.name == "closed" })
        #expect(try world.stories(task, as: world.bob).isEmpty)
        #expect(try world.get(task).memberships.count == 2)
        #expect(try world.stories(task).map(\.kind) == [.addedToProject])
        // And it cannot be removed from what one does not see.
        let remove = Command.removeFromProject(
            .with {
                $0.task = task
                $0.project = closed.gid
            })
        #expect(reason(world.refused(remove, as: world.bob)) == .notFound)
    }

    @Test func `viewers read, commenters comment, editors change`() throws {
        let world = try World()
        let (project, _) = try world.project(privacy: .private)
        let task = try world.task("t", in: project)
        func allow(_ access: AccessLevel) throws {
            try world.change(
                .setProjectMember(
                    .with {
                        $0.project = project
                        $0.member = 2
                        $0.access = access
                    }), as: world.ann)
        }
        let comment = Command.addComment(
            .with {
                $0.task = task
                $0.text = "hello"
            })
        let rename = Command.updateTask(
            .with {
                $0.task = task
                $0.name = "renamed"
            })
        #expect(reason(world.refused(comment, as: world.bob)) == .notFound)
        try allow(.viewer)
        #expect(try world.get(task, as: world.bob).name == "t")
        #expect(reason(world.refused(comment, as: world.bob)) == .forbidden)
        #expect(reason(world.refused(rename, as: world.bob)) == .forbidden)
        try allow(.commenter)
        try world.change(comment, as: world.bob)
        #expect(reason(world.refused(rename, as: world.bob)) == .forbidden)
        try allow(.editor)
        try world.change(rename, as: world.bob)
    }
}
