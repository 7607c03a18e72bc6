import Testing
import WorkProtocol

@testable import WorkGraph

/// Where tasks stand: projects, sections, parents, and the pages that list them.
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

    // MARK: - Parents

    @Test func `subtasks are ordered under their parent and seen by who sees it`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let parent = try world.task("parent", in: project)
        let a = try world.task("a") { $0.parent = parent }
        let b = try world.task("b") { $0.parent = parent }
        try world.change(
            .setParent(
                .with {
                    $0.task = b
                    $0.parent = parent
                    $0.before = a
                }), as: world.ann)
        #expect(try world.names(as: world.bob) { $0.parent = parent } == ["b", "a"])
        let seen = try world.get(a, as: world.bob, names: true)
        #expect(seen.parent == parent)
        #expect(seen.names.contains { $0.gid == parent && $0.name == "parent" })
        #expect(try world.get(parent, as: world.bob).subtaskCount == 2)
        try world.change(.setParent(.with { $0.task = a }), as: world.ann)
        #expect(
            reason(world.refusedQuery(.getTask(.with { $0.task = a }), as: world.bob)) == .notFound)
        #expect(try world.stories(a).map(\.kind) == [.parentChanged])
    }

    @Test func `a parent one does not see is nothing`() throws {
        let world = try World()
        let parent = try world.task("secret parent")
        let child = try world.task("child") {
            $0.parent = parent
            $0.assignee = 2
        }
        let seen = try world.get(child, as: world.bob, names: true)
        #expect(seen.parent == 0 && !seen.names.contains { $0.name == "secret parent" })
    }

    @Test func `no task hangs under itself, nor deeper than allowed`() throws {
        let world = try World()
        var chain = [try world.task("0")]
        for depth in 1...GraphLimits.subtaskDepth {
            let parent = chain[depth - 1]
            chain.append(try world.task("\(depth)") { $0.parent = parent })
        }
        let deepest = chain[GraphLimits.subtaskDepth]
        let deeper = Command.createTask(.with { $0.parent = deepest })
        #expect(reason(world.refused(deeper, as: world.ann)) == .limitReached)
        let circle = Command.setParent(
            .with {
                $0.task = chain[0]
                $0.parent = deepest
            })
        #expect(reason(world.refused(circle, as: world.ann)) != nil)
        let short = Command.setParent(
            .with {
                $0.task = chain[1]
                $0.parent = chain[3]
            })
        #expect(reason(world.refused(short, as: world.ann)) == .conflict)
        let own = Command.setParent(
            .with {
                $0.task = chain[1]
                $0.parent = chain[1]
            })
        #expect(reason(world.refused(own, as: world.ann)) == .conflict)
        // A tree that is too high to hang under another task.
        let top = try world.task("top")
        let under = Command.setParent(
            .with {
                $0.task = chain[0]
                $0.parent = top
            })
        #expect(reason(world.refused(under, as: world.ann)) == .limitReached)
    }

    // MARK: - Dependencies

    private func depend(_ task: UInt64, on others: [UInt64]) -> Command {
        .changeDependencies(
            .with {
                $0.task = task
                $0.add = others
            })
    }

    @Test func `dependencies show on both sides, never in a circle`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let tasks = try ["a", "b", "c"].map { try world.task($0, in: project) }
        try world.change(depend(tasks[0], on: [tasks[1]]), as: world.ann)
        try world.change(depend(tasks[1], on: [tasks[2]]), as: world.ann)
        #expect(try world.get(tasks[1]).dependents == [tasks[0]])
        #expect(try world.get(tasks[1]).dependencies == [tasks[2]])
        #expect(reason(world.refused(depend(tasks[2], on: [tasks[0]]), as: world.ann)) == .conflict)
        #expect(reason(world.refused(depend(tasks[0], on: [tasks[0]]), as: world.ann)) == .conflict)
        try world.change(
            .changeDependencies(
                .with {
                    $0.task = tasks[0]
                    $0.remove = [tasks[1]]
                }), as: world.ann)
        #expect(try world.get(tasks[1]).dependents.isEmpty)
        #expect(
            try world.stories(tasks[0]).map(\.kind) == [.dependencyAdded, .dependencyRemoved])
    }

    @Test func `thirty dependencies and dependents are enough`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let hub = try world.task("hub", in: project)
        let others = try (0..<31).map { try world.task("\($0)", in: project) }
        try world.change(depend(hub, on: Array(others[..<15])), as: world.ann)
        for other in others[15..<30] { try world.change(depend(other, on: [hub]), as: world.ann) }
        #expect(
            reason(world.refused(depend(hub, on: [others[30]]), as: world.ann)) == .limitReached)
        #expect(
            reason(world.refused(depend(others[30], on: [hub]), as: world.ann)) == .limitReached)
    }

    @Test func `a dependency one does not see is nothing, not a stub`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let task = try world.task("t", in: project)
        let secret = try world.task("secret")
        try world.change(depend(task, on: [secret]), as: world.ann)
        let seen = try world.get(task, as: world.bob)
        #expect(seen.dependencies.isEmpty)
        #expect(try world.stories(task, as: world.bob).isEmpty)
        #expect(try world.get(task).dependencies == [secret])
        #expect(seen.version == 1 && seen.modifiedAt == seen.createdAt)
        #expect(reason(world.refused(depend(task, on: [secret]), as: world.bob)) == .notFound)
    }

    // MARK: - Pages

    @Test func `pages stay right when tasks come and go between them`() throws {
        let world = try World()
        let (project, sections) = try world.project()
        var tasks: [UInt64] = []
        for index in 0..<30 {
            tasks.append(try world.task("\(index)", in: project, section: sections[index / 15]))
        }
        var list = ListTasks()
        list.project = project
        list.limit = 7
        var seen: [String] = []
        var pages = 0
        repeat {
            let page: TaskPage = try world.ask(.listTasks(list), as: world.bob)
            seen += page.tasks.map(\.name)
            list.cursor = page.next
            pages += 1
            // Before and after the place, and the very task the cursor names.
            _ = try world.task("top \(pages)", in: project) { $0.placements[0].atTop = true }
            if let last = page.tasks.last {
                try world.change(.deleteTask(.with { $0.task = last.gid }), as: world.ann)
            }
        } while !list.cursor.isEmpty
        #expect(seen == (0..<30).map(String.init))
        #expect(pages == 5)
    }

    @Test func `the last page says that it is`() throws {
        let world = try World()
        let (project, _) = try world.project()
        for index in 0..<4 { _ = try world.task("\(index)", in: project) }
        let page: TaskPage = try world.ask(
            .listTasks(
                .with {
                    $0.project = project
                    $0.limit = 4
                }), as: world.bob)
        #expect(page.tasks.count == 4 && page.next.isEmpty)
    }

    @Test func `a cursor of another list, and other bytes, are refused`() throws {
        let world = try World()
        let (project, sections) = try world.project()
        for index in 0..<3 { _ = try world.task("\(index)", in: project) }
        let page: TaskPage = try world.ask(
            .listTasks(
                .with {
                    $0.project = project
                    $0.limit = 1
                }), as: world.bob)
        for cursor in [page.next + [0], Array(page.next.dropLast()), [1, 2, 3]] {
            let query = Query.listTasks(
                .with {
                    $0.project = project
                    $0.cursor = cursor
                })
            #expect(reason(world.refusedQuery(query, as: world.bob)) == .badField)
        }
        let other = Query.listTasks(
            .with {
                $0.section = sections[0]
                $0.cursor = page.next
            })
        #expect(reason(world.refusedQuery(other, as: world.bob)) == .badField)
    }

    @Test func `a page has at most a thousand rows, and not more bytes than a response`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let notes = String(repeating: "n", count: 60_000)
        for index in 0..<60 {
            _ = try world.task("\(index)", in: project) { $0.notes = notes }
        }
        let query = Query.listTasks(
            .with {
                $0.project = project
                $0.limit = 1000
            })
        #expect(try world.bytes(query, as: world.ann).count < 4 << 20)
        #expect(
            try world.names {
                $0.project = project; $0.limit = 1000
            }.count == 60)
        let large = Query.listTasks(
            .with {
                $0.project = project
                $0.limit = 1001
            })
        #expect(world.refusedQuery(large, as: world.ann) != nil)
    }

    @Test func `a person's tasks are listed as far as one sees them`() throws {
        let world = try World()
        let (project, _) = try world.project()
        _ = try world.task("shared", in: project) { $0.assignee = 2 }
        _ = try world.task("secret") { $0.assignee = 2 }
        #expect(try world.names(as: world.cat) { $0.assignee = 2 } == ["shared"])
        #expect(Set(try world.names(as: world.bob) { $0.assignee = 2 }) == ["shared", "secret"])
        let page: TaskPage = try world.ask(.listMyTasks(.with { $0.user = 2 }), as: world.cat)
        #expect(page.tasks.map(\.name) == ["shared"])
        #expect(
            reason(world.refusedQuery(.listMyTasks(.with { $0.user = 2 }), as: world.gus))
                == .notFound)
    }

    @Test func `completed tasks are left out on request`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let done = try world.task("done", in: project)
        _ = try world.task("open", in: project)
        try world.update(done) { $0.completed = true }
        let since = world.time
        #expect(
            try world.names {
                $0.project = project; $0.completedSince = .max
            } == ["open"])
        #expect(
            try world.names {
                $0.project = project; $0.completedSince = since
            }.count == 2)
        #expect(
            try world.names {
                $0.project = project; $0.completedSince = since + 1
            } == ["open"])
        #expect(
            try world.names {
                $0.project = project; $0.modifiedSince = since
            } == ["done"])
    }
}
