import Testing
import WorkProtocol

@testable import WorkGraph

@Suite struct TasksTests {
    @Test func `a new task of one's own is private, seen and at the top of New`() throws {
        let world = try World()
        let task = try world.task("write", as: world.bob) {
            $0.assignee = 2
            $0.notes = "soon"
            $0.dueOn = 20_000
        }
        let seen = try world.get(task, as: world.bob)
        #expect(seen.name == "write" && seen.notes == "soon" && seen.dueOn == 20_000)
        #expect(seen.createdBy == 2 && seen.assignee == 2 && seen.assignedBy == 2)
        #expect(seen.bucket == .new && !seen.unseen && seen.collaborators == [2])
        #expect(seen.version == 1 && seen.createdAt == world.time && seen.modifiedAt == world.time)
        #expect(
            reason(world.refusedQuery(.getTask(.with { $0.task = task }), as: world.cat))
                == .notFound)
        #expect(try world.stories(task, as: world.bob).isEmpty)
    }

    @Test func `what is hidden and what is not there get the same answer`() throws {
        let world = try World()
        let hidden = try world.task("secret", as: world.bob)
        let absent = Gid(workspace: World.ordinal, low: 12345).rawValue
        for gid in [hidden, absent, 0, UInt64.max] {
            let query = Query.getTask(.with { $0.task = gid })
            #expect(world.refusedQuery(query, as: world.cat) == .notFound)
            let update = Command.updateTask(
                .with {
                    $0.task = gid; $0.name = "x"
                })
            #expect(world.refused(update, as: world.cat) == .notFound)
        }
        #expect(
            world.refusedQuery(.getTask(.with { $0.task = hidden }), as: world.eve) == .notFound)
    }

    @Test func `an assigned task lands unseen on top of New, until it is opened`() throws {
        let world = try World()
        let first = try world.task("first") { $0.assignee = 2 }
        let second = try world.task("second") { $0.assignee = 2 }
        var page: TaskPage = try world.ask(.listMyTasks(.with { $0.bucket = .new }), as: world.bob)
        #expect(page.tasks.map(\.name) == ["second", "first"])
        #expect(page.tasks.allSatisfy { $0.unseen && $0.assignedBy == 1 })
        #expect(try !world.get(first, as: world.ann).unseen)
        try world.change(.markSeen(.with { $0.task = second }), as: world.bob)
        page = try world.ask(.listMyTasks(.with { $0.bucket = .new }), as: world.bob)
        #expect(page.tasks.map(\.unseen) == [false, true])
        let again = try world.change(.markSeen(.with { $0.task = second }), as: world.bob)
        #expect(again.unchanged)
        #expect(
            reason(world.refused(.markSeen(.with { $0.task = second }), as: world.ann))
                == .forbidden)
    }

    @Test func `the assignee moves a task between buckets and within one`() throws {
        let world = try World()
        let gids = try ["a", "b", "c"].map { name in try world.task(name) { $0.assignee = 2 } }
        func move(_ task: UInt64, _ body: (inout MoveMyTask) -> Void) throws {
            var move = MoveMyTask()
            move.task = task
            body(&move)
            try world.change(.moveMyTask(move), as: world.bob)
        }
        func names(_ bucket: Bucket) throws -> [String] {
            try world.ask(.listMyTasks(.with { $0.bucket = bucket }), as: world.bob, TaskPage.self)
                .tasks.map(\.name)
        }
        for gid in gids { try move(gid) { $0.bucket = .today } }
        #expect(try names(.today) == ["a", "b", "c"] && names(.new).isEmpty)
        try move(gids[2]) { $0.before = gids[0] }
        #expect(try names(.today) == ["c", "a", "b"])
        try move(gids[2]) { $0.after = gids[0] }
        #expect(try names(.today) == ["a", "c", "b"])
        try move(gids[0]) { $0.bucket = .later }
        #expect(try names(.none) == ["c", "b", "a"])
        #expect(try names(.later) == ["a"])
    }

    @Test func `every change is told in a story, with what it was and became`() throws {
        let world = try World()
        let task = try world.task("old")
        try world.update(task) { $0.name = "new" }
        try world.update(task) { $0.notes = "text" }
        try world.update(task) { $0.assignee = 2 }
        try world.update(task) { $0.dueOn = 20_000 }
        try world.update(task) { $0.startOn = 19_999 }
        try world.update(task) { $0.subtype = .milestone }
        try world.update(task) { $0.completed = true }
        try world.update(task) { $0.completed = false }
        try world.update(task) { $0.clear = [.assignee, .start, .due] }
        let stories = try world.stories(task)
        #expect(
            stories.map(\.kind) == [
                .nameChanged, .notesChanged, .assigned, .dueDateChanged, .startDateChanged,
                .subtypeChanged, .markedComplete, .markedIncomplete, .unassigned, .startDateChanged,
                .dueDateChanged,
            ])
        #expect(stories[0].oldValue == "old" && stories[0].newValue == "new")
        #expect(stories[2].newValue == "Bob" && stories[2].newGid == 2)
        #expect(stories[3].newValue == "2024-10-04" && stories[3].oldValue.isEmpty)
        #expect(stories[8].oldValue == "Bob" && stories[8].newValue.isEmpty)
        #expect(stories.allSatisfy { $0.task == task && $0.createdBy == 1 })
    }

    @Test func `completing a task records who and when, and reopening forgets it`() throws {
        let world = try World()
        let task = try world.task("t") { $0.assignee = 2 }
        try world.update(task, as: world.bob) { $0.completed = true }
        var seen = try world.get(task)
        #expect(seen.completed && seen.completedBy == 2 && seen.completedAt == world.time)
        try world.update(task) { $0.completed = false }
        seen = try world.get(task)
        #expect(!seen.completed && seen.completedBy == 0 && seen.completedAt == 0)
    }

    @Test func `a change that changes nothing says so, and costs no version`() throws {
        let world = try World()
        let task = try world.task("t")
        let changed = try world.update(task) { $0.name = "t" }
        #expect(changed.unchanged && changed.version == 1)
        #expect(try world.get(task).modifiedAt < world.time)
    }

    @Test func `a version that is not the present one is refused, and told`() throws {
        let world = try World()
        let task = try world.task("t")
        #expect(try world.update(task) { $0.name = "u" }.version == 2)
        let late = Command.updateTask(
            .with {
                $0.task = task; $0.name = "v"; $0.ifVersion = 1
            })
        let rejection = world.refused(late, as: world.ann)
        #expect(rejection?.reason == .versionMismatch && rejection?.currentVersion == 2)
        #expect(rejection?.entity.rawValue == task)
        #expect(
            try world.update(task) {
                $0.name = "v"; $0.ifVersion = 2
            }.version == 3)
    }

    @Test func `what a task stands in moves neither version nor modified_at`() throws {
        let world = try World()
        let project = try world.project()
        let task = try world.task("t")
        let before = try world.get(task)
        try world.change(
            .addToProject(
                .with {
                    $0.task = task; $0.placement = .with { $0.project = project.gid }
                }),
            as: world.ann)
        let after = try world.get(task)
        #expect(after.memberships.map(\.project) == [project.gid])
        #expect(after.version == before.version && after.modifiedAt == before.modifiedAt)
    }

    @Test func `dates are in order and of the calendar`() throws {
        let world = try World()
        let task = try world.task("t") { $0.dueOn = 100 }
        func update(_ body: (inout UpdateTask) -> Void) -> Rejection? {
            var update = UpdateTask()
            update.task = task
            body(&update)
            return world.refused(.updateTask(update), as: world.ann)
        }
        #expect(reason(update { $0.startOn = 101 }) == .badField)
        #expect(reason(update { $0.dueOn = .max }) == .badField)
        #expect(reason(update { $0.dueAt = .min }) == .badField)
        #expect(
            reason(
                update {
                    $0.clear = [.due]; $0.startOn = 1
                }) == .badField)
        try world.update(task) { $0.dueAt = 86_400_000 * 200 + 5 }
        let seen = try world.get(task)
        #expect(seen.dueOn == 200 && seen.dueAt == 86_400_000 * 200 + 5)
    }

    @Test func `a name ending in a colon makes a section of a project shown as a list`() throws {
        let world = try World()
        let list = try world.change(
            .createProject(
                .with {
                    $0.name = "List"; $0.sections = ["First"]
                }), as: world.ann)
        let section = try world.task("Second :", in: list.gid)
        let sections: SectionList = try world.ask(
            .listSections(.with { $0.project = list.gid }), as: world.ann)
        #expect(sections.sections.map(\.name) == ["First", "Second"])
        #expect(sections.sections[1].gid == section)
        let board = try world.project()
        let task = try world.task("Plain:", in: board.gid)
        #expect(try world.get(task).name == "Plain:")
    }

    @Test func `an external id names one task among those one sees`() throws {
        let world = try World()
        let external = External.with {
            $0.gid = "JIRA-1"; $0.data = "{}"
        }
        let mine = try world.task("mine", as: world.bob) { $0.external = external }
        let again = Command.createTask(
            .with {
                $0.name = "x"; $0.external = external
            })
        #expect(reason(world.refused(again, as: world.bob)) == .alreadyExists)
        // Cat knows nothing of Bob's task, and must not learn of it.
        let other = try world.task("hers", as: world.cat) { $0.external = external }
        let query = Query.getTask(.with { $0.external = "JIRA-1" })
        #expect(try world.ask(query, as: world.bob, WorkTask.self).gid == mine)
        #expect(try world.ask(query, as: world.cat, WorkTask.self).gid == other)
        #expect(world.refusedQuery(query, as: world.ann) == .notFound)
        #expect(world.graph.checkInvariants() == [])
    }

    @Test func `a deleted task and its subtasks vanish for everybody`() throws {
        let world = try World()
        let project = try world.project()
        let parent = try world.task("parent", in: project.gid) { $0.assignee = 2 }
        let child = try world.task("child") { $0.parent = parent }
        try world.change(.deleteTask(.with { $0.task = parent }), as: world.bob)
        for gid in [parent, child] {
            #expect(
                world.refusedQuery(.getTask(.with { $0.task = gid }), as: world.ann) == .notFound)
        }
        #expect(try world.names { $0.project = project.gid }.isEmpty)
        #expect(try world.names { $0.assignee = 2 }.isEmpty)
        try world.change(.restore(.with { $0.gid = parent }), as: world.ann)
        #expect(try world.get(child).parent == parent)
        #expect(try world.names { $0.project = project.gid } == ["parent"])
    }

    @Test func `formatted notes say what the plain ones are`() throws {
        let world = try World()
        let task = try world.task("t") {
            $0.htmlNotes = "<body>a &lt; b<ul><li>one</li><li>two</li></ul></body>"
        }
        #expect(try world.get(task).notes == "a < b\n- one\n- two")
        try world.update(task) { $0.notes = "plain" }
        #expect(try world.get(task).htmlNotes.isEmpty)
        for html in [
            "<body>", "<script>x</script>", "a < b", "<a href=\"javascript:x\">y</a>", "&bad;",
            "<body>&#0;</body>", "</b>",
        ] {
            let update = Command.updateTask(
                .with {
                    $0.task = task; $0.htmlNotes = html
                })
            #expect(reason(world.refused(update, as: world.ann)) == .badField, "\(html)")
        }
    }
}
