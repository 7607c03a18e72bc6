import Testing
import WorkProtocol

@testable import WorkGraph

/// What tasks hang on: parents and dependencies.
@Suite struct TasksStructureTests {
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

    @Test func `what comes back from the trash does not hang deeper than allowed`() throws {
        let world = try World()
        let top = try world.task("top")
        var chain = [top]
        for level in 1...GraphLimits.subtaskDepth {
            let above = chain[level - 1]
            chain.append(try world.task("level \(level)") { $0.parent = above })
        }
        try world.change(.deleteTask(.with { $0.task = chain[1] }), as: world.ann)
        let other = try world.task("other")
        try world.change(
            .setParent(
                .with {
                    $0.task = top
                    $0.parent = other
                }), as: world.ann)
        let restore = Command.restore(.with { $0.gid = chain[1] })
        #expect(reason(world.refused(restore, as: world.ann)) == .limitReached)
        #expect(world.graph.checkInvariants() == [])
    }

    @Test func `a long chain of dependencies costs one step a link`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let tasks = try (0..<600).map { try world.task("\($0)", in: project) }
        for (task, other) in zip(tasks.dropFirst(), tasks) {
            try world.change(depend(task, on: [other]), as: world.ann)
            #expect(world.graph.walked == 2)
        }
        #expect(
            reason(world.refused(depend(tasks[0], on: [tasks[599]]), as: world.ann)) == .conflict)
    }
}
