import Testing
import WorkProtocol

@testable import WorkGraph

/// What is tied to something hidden, for those who see only the one end. Each of these was once
/// visible; the twin worlds look for more of the kind.
@Suite struct HiddenRelationsTests {
    /// A shown and a closed project with a task in both, and a field of the closed one.
    private struct Case {
        let world: World
        let shown: UInt64
        let closed: UInt64
        let field: UInt64
        let task: UInt64

        init() throws {
            world = try World()
            shown = try world.project("Shown").gid
            closed = try world.project("Closed", privacy: .private).gid
            field = try world.change(.createField(.with { $0.name = "Margin" }), as: world.ann).gid
            task = try world.task("t", in: shown)
            let (closed, field, task) = (closed, field, task)
            try world.change(
                .setProjectField(
                    .with {
                        $0.project = closed
                        $0.field = field
                    }), as: world.ann)
            try world.change(
                .addToProject(
                    .with {
                        $0.task = task
                        $0.placement = .with { $0.project = closed }
                    }), as: world.ann)
        }

        func setValue(_ text: String) throws {
            try world.update(task) {
                $0.fields = [
                    .with {
                        $0.field = field
                        $0.text = text
                    }
                ]
            }
        }

        /// What Bob, who sees only the shown project, gets.
        func seen() throws -> WorkTask { try world.get(task, as: world.bob) }
    }

    @Test func `a value of a hidden field moves no version but that of who sees it`() throws {
        let one = try Case()
        let before = (try one.seen(), try one.world.get(one.task))
        try one.setValue("12 %")
        #expect(try one.seen() == before.0)
        let after = try one.world.get(one.task)
        #expect(after.version == before.1.version + 1)
        #expect(after.modifiedAt > before.1.modifiedAt)
        // Each changes by the version it was told.
        try one.world.update(one.task, as: one.world.bob) {
            $0.name = "Bob's"
            $0.ifVersion = before.0.version
        }
        let stale = Command.updateTask(
            .with {
                $0.task = one.task
                $0.name = "Ann's"
                $0.ifVersion = after.version
            })
        #expect(reason(one.world.refused(stale, as: one.world.ann)) == .versionMismatch)
    }

    @Test func `lists of what was modified since tell each what changed for it`() throws {
        let one = try Case()
        let since = one.world.time
        try one.setValue("12 %")
        func names(_ principal: Principal) throws -> [String] {
            try one.world.names(as: principal) {
                $0.project = one.shown
                $0.modifiedSince = since + 1
            }
        }
        #expect(try names(one.world.ann) == ["t"])
        #expect(try names(one.world.bob) == [])
    }

    @Test func `a hidden project that is deleted, left, or robbed of its field opens nothing`()
        throws
    {
        let one = try Case()
        try one.setValue("12 %")
        let leave = Command.removeFromProject(
            .with {
                $0.task = one.task
                $0.project = one.closed
            })
        let rob = Command.removeProjectField(
            .with {
                $0.project = one.closed
                $0.field = one.field
            })
        for command in [rob, .deleteProject(.with { $0.project = one.closed }), leave] {
            let again = try Case()
            try again.setValue("12 %")
            try again.world.change(command, as: again.world.ann)
            #expect(try again.seen().fields.isEmpty)
            #expect(
                try !again.world.stories(again.task, as: again.world.bob)
                    .contains { $0.kind == .fieldChanged })
        }
    }

    @Test func `subtasks show the values of what they hang under`() throws {
        let world = try World()
        let items = ImportTests()
        let child = items.task("2", section: nil) {
            $0.parent = items.foreign("1")
            $0.fields = [
                .with {
                    $0.field = items.foreign("F")
                    $0.options = ["High"]
                }
            ]
        }
        let answer = try items.run(
            [items.field, items.project(), items.task("1"), child], in: world)
        #expect(try world.get(answer.gids[3], as: world.bob).fields.count == 1)
    }

    @Test func `limits and circles count what the caller sees`() throws {
        let world = try World()
        let (shown, _) = try world.project("Shown")
        let (closed, _) = try world.project("Closed", privacy: .private)
        let first = try world.task("first", in: shown)
        let last = try world.task("last", in: shown)
        let between = try world.task("between", in: closed)
        func depend(_ task: UInt64, on other: UInt64) -> Command {
            .changeDependencies(
                .with {
                    $0.task = task
                    $0.add = [other]
                })
        }
        try world.change(depend(last, on: between), as: world.ann)
        try world.change(depend(between, on: first), as: world.ann)
        // Ann sees the circle that it would close; to Bob there is none.
        #expect(reason(world.refused(depend(first, on: last), as: world.ann)) == .conflict)
        try world.change(depend(first, on: last), as: world.bob)
        for number in 0..<GraphLimits.dependenciesPerTask {
            let other = try world.task("hidden \(number)", in: closed)
            if number < GraphLimits.dependenciesPerTask - 2 {
                try world.change(depend(first, on: other), as: world.ann)
            }
        }
        let another = try world.task("another", in: shown)
        #expect(reason(world.refused(depend(first, on: another), as: world.ann)) == .limitReached)
        try world.change(depend(first, on: another), as: world.bob)
    }

    @Test func `a parent one does not see is neither left nor told of`() throws {
        let world = try World()
        let (shown, _) = try world.project("Shown")
        let (closed, _) = try world.project("Closed", privacy: .private)
        let task = try world.task("task", in: shown)
        let parent = try world.task("parent", in: shown)
        let secret = try world.task("secret", in: closed)
        func hang(_ parent: UInt64) -> Command {
            .setParent(
                .with {
                    $0.task = task
                    $0.parent = parent
                })
        }
        try world.change(hang(secret), as: world.ann)
        #expect(try world.change(hang(0), as: world.bob).unchanged)
        #expect(try world.get(task).parent == secret)
        try world.change(hang(parent), as: world.bob)
        let story = try #require(try world.stories(task, as: world.bob).last)
        #expect(story.oldGid == 0 && story.oldValue == "")
        #expect(story.newValue == "parent")
    }

    @Test func `a stranger cannot tell a workspace from none by an old request ID`() throws {
        let world = try World()
        let old = RequestID(time: 1, random: (1, 2), sequence: 1)
        let command = Command.createTask(.with { $0.name = "t" })
        #expect(throws: Rejection.notFound) {
            try world.perform(command, as: world.eve, request: old)
        }
        #expect(throws: Rejection.self) {
            try world.perform(command, as: world.ann, request: old)
        }
    }

    @Test func `a cursor tells neither the rank nor the row`() {
        let seal = CursorSeal(key: 7)
        let plain = (0..<UInt8(CursorSeal.byteCount)).map { $0 }
        let sealed = seal.sealed(plain)
        #expect(seal.opened(sealed) == plain)
        var next = plain
        next[12] += 1
        let other = seal.sealed(next)
        // One step of a rank changes about every byte.
        #expect(zip(sealed, other).count { $0 != $1 } > 20)
        #expect(CursorSeal(key: 8).opened(sealed) != plain)
        #expect(seal.opened([1, 2, 3]) == nil)
    }

    @Test func `fields of a newer program do not take the raw relations along`() throws {
        var task = TaskRow.with {
            $0.gid = 5
            $0.name = "t"
            $0.placements = [
                .with {
                    $0.project = 9
                    $0.section = 10
                }
            ]
        }
        let plain = try TaskKeys(decoding: task.encoded().span.bytes)
        // Field 23, as a number: it is kept, and written behind all others.
        task.unknownFields = [23 << 3 & 0x7F | 0x80, 1, 42]
        let keys = try TaskKeys(decoding: task.encoded().span.bytes)
        #expect(keys.commonEnd == plain.commonEnd)
    }
}
