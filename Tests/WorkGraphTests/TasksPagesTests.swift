import Testing
import WorkProtocol

@testable import WorkGraph

/// The pages that list tasks.
@Suite struct TasksPagesTests {
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
