import Testing
import WorkProtocol

@testable import WorkGraph

/// Imports: found again by external id, nothing doubled, times and people kept.
struct ImportTests {
    func external(_ gid: String, _ ordinal: UInt32 = 0) -> External {
        .with {
            $0.gid = gid
            $0.ordinal = ordinal
        }
    }

    func foreign(_ gid: String) -> Foreign { .with { $0.gid = gid } }

    func item(_ kind: ImportItem.Kind) -> ImportItem { .with { $0.kind = kind } }

    func project(
        _ sections: [String] = ["One", "Two"], into: UInt64 = 0
    ) -> ImportItem {
        item(
            .project(
                .with {
                    $0.external = external("P")
                    $0.name = "Imported"
                    $0.sections = sections.map { name in
                        .with {
                            $0.external = external("P/\(name)")
                            $0.name = name
                        }
                    }
                    $0.fields = [foreign("F")]
                    $0.into = into
                }))
    }

    var field: ImportItem {
        item(
            .field(
                .with {
                    $0.external = external("F")
                    $0.name = "Priority"
                    $0.kind = .enum
                    $0.options = ["High"]
                }))
    }

    var label: ImportItem {
        item(
            .label(
                .with {
                    $0.external = external("L")
                    $0.name = "red"
                }))
    }

    func task(
        _ gid: String, section: String? = "One", _ body: (inout ImportTask) -> Void = { _ in }
    ) -> ImportItem {
        var task = ImportTask()
        task.external = external(gid)
        task.name = "Task \(gid)"
        if let section {
            task.placements = [
                .with {
                    $0.project = foreign("P")
                    $0.section = foreign("P/\(section)")
                }
            ]
        }
        body(&task)
        return item(.task(task))
    }

    /// Everything an item can be.
    func everything(_ world: World) -> [ImportItem] {
        [
            label, field, project(),
            task("1") { task in
                task.notes = "Notes"
                task.createdBy = world.bob.account.rawValue
                task.createdAt = 1_500_000_000_000
                task.modifiedAt = 1_500_000_100_000
                task.completed = true
                task.completedAt = 1_500_000_050_000
                task.assignee = world.cat.account.rawValue
                task.bucket = .later
                task.labels = [foreign("L")]
                task.collaborators = [world.bob.account.rawValue]
                task.likes = [world.cat.account.rawValue]
                task.dueOn = 19_000
                task.fields = [
                    .with {
                        $0.field = foreign("F")
                        $0.options = ["Low"]
                    }
                ]
            },
            task("2", section: "Two"),
            task("3", section: nil) { $0.parent = foreign("1") },
            item(
                .dependencies(
                    .with {
                        $0.task = foreign("2")
                        $0.dependencies = [foreign("1")]
                    })),
            item(
                .story(
                    .with {
                        $0.external = external("S")
                        $0.task = foreign("1")
                        $0.text = "A comment"
                        $0.createdBy = world.bob.account.rawValue
                        $0.createdAt = 1_500_000_001_000
                    })),
            item(
                .attachment(
                    .with {
                        $0.external = external("A")
                        $0.task = foreign("1")
                        $0.name = "plan.pdf"
                        $0.url = "https://example.com/plan.pdf"
                    })),
        ]
    }

    func run(
        _ items: [ImportItem], in world: World, as principal: Principal? = nil, dry: Bool = false
    ) throws -> ImportAnswer {
        let command = Command.import(
            .with {
                $0.items = items
                $0.dryRun = dry
            })
        return try ImportAnswer(
            decoding: world.perform(command, as: principal ?? world.ann).answer)
    }

    @Test func `everything arrives with its times and people, and no story of its own`() throws {
        let world = try World()
        let items = everything(world)
        let answer = try run(items, in: world)
        #expect(answer.outcomes.filter { $0 == .created }.count == items.count - 1)
        let task = try world.get(answer.gids[3])
        #expect(task.name == "Task 1")
        #expect(task.createdBy == world.bob.account.rawValue)
        #expect(task.createdAt == 1_500_000_000_000)
        #expect(task.modifiedAt == 1_500_000_100_000)
        #expect(task.completedAt == 1_500_000_050_000)
        #expect(task.assignee == world.cat.account.rawValue)
        #expect(task.bucket == .later)
        #expect(!task.unseen)
        #expect(task.labels == [answer.gids[0]])
        #expect(task.likes == [world.cat.account.rawValue])
        #expect(task.collaborators == [world.bob.account.rawValue])
        #expect(task.memberships.map(\.project) == [answer.gids[2]])
        #expect(task.subtaskCount == 1)
        #expect(task.dependents == [answer.gids[4]])
        let field = try world.ask(
            .getField(.with { $0.field = "external:F" }), as: world.ann, Field.self)
        #expect(field.options.map(\.name) == ["High", "Low"])
        #expect(task.fields.first?.options == [field.options[1].gid])
        #expect(try world.stories(task.gid).map(\.text) == ["A comment"])
        #expect(world.graph.checkInvariants() == [])
    }

    @Test func `importing again changes nothing`() throws {
        let world = try World()
        let items = everything(world)
        let first = try run(items, in: world)
        let rows = world.graph.rowDigest
        let second = try run(items, in: world)
        #expect(second.outcomes.allSatisfy { $0 == .unchanged })
        #expect(second.gids == first.gids)
        #expect(world.graph.rowDigest == rows)
    }

    @Test func `a changed file updates what changed, and only that`() throws {
        let world = try World()
        _ = try run(everything(world), in: world)
        var items = everything(world)
        items[4] = task("2", section: "One") { $0.name = "Renamed" }
        let answer = try run(items, in: world)
        #expect(
            answer.outcomes.enumerated().filter { $0.element != .unchanged }.map(\.offset) == [4])
        #expect(try world.get(answer.gids[4]).name == "Renamed")
        #expect(try world.names { $0.project = answer.gids[2] } == ["Task 1", "Renamed"])
    }

    @Test func `a dry run says what would be, and changes nothing`() throws {
        let world = try World()
        let digest = world.graph.rowDigest
        let next = world.graph.nextRow
        let answer = try run(everything(world), in: world, dry: true)
        #expect(answer.outcomes.contains(.created))
        #expect(world.graph.rowDigest == digest)
        #expect(world.graph.nextRow == next)
        // What an earlier batch would have made is let pass.
        let later = try run([task("9") { $0.parent = foreign("8") }], in: world, dry: true)
        #expect(later.outcomes == [.created])
    }

    @Test func `one bad item undoes the whole batch`() throws {
        let world = try World()
        let items = everything(world) + [task("4") { $0.parent = foreign("nowhere") }]
        let refusal = world.refused(.import(.with { $0.items = items }), as: world.ann)
        #expect(refusal?.reason == .badField)
        #expect(refusal?.message.contains("items[9].parent") == true)
        #expect(world.graph.checkInvariants() == [])
    }

    @Test func `tasks keep the order of the file`() throws {
        let world = try World()
        let tasks = (0..<50).map { task("T\($0)") }
        let answer = try run([field, project()] + tasks, in: world)
        let names = try world.names { $0.project = answer.gids[1] }
        #expect(names == (0..<50).map { "Task T\($0)" })
    }

    @Test func `a project named by gid takes the items in, under its own name`() throws {
        let world = try World()
        let own = try world.project("Mine", sections: ["One"])
        let answer = try run([field, project(into: own.gid), task("1"), task("2")], in: world)
        #expect(answer.gids[1] == own.gid)
        let shown = try world.ask(
            .getProject(.with { $0.project = "\(own.gid)" }), as: world.ann, Project.self)
        #expect(shown.name == "Mine")
        #expect(shown.taskCount == 2)
        // The section of the same name was taken, the other one added.
        #expect(shown.sections.count == 2)
        #expect(shown.sections.first == own.sections[0])
    }

    @Test func `an importer finds its own tasks again, though others own them`() throws {
        let world = try World()
        let mine = task("private", section: nil) { $0.createdBy = world.bob.account.rawValue }
        let first = try run([mine], in: world, as: world.cat)
        #expect(
            world.refusedQuery(.getTask(.with { $0.task = first.gids[0] }), as: world.cat) != nil)
        let second = try run([mine], in: world, as: world.cat)
        #expect(second.outcomes == [.unchanged])
    }

    @Test func `what an importer may not change is not found, and not changed`() throws {
        let world = try World()
        let secret = try world.project("Secret", privacy: .private)
        _ = try run([field, project(into: secret.gid), task("1")], in: world)
        let answer = try run(
            [field, project(), task("1") { $0.name = "Mine now" }], in: world, as: world.bob)
        #expect(answer.outcomes == [.unchanged, .created, .created])
        #expect(try world.names { $0.project = secret.gid } == ["Task 1"])
    }

    @Test func `imports need their scope, and are not for guests`() throws {
        let world = try World()
        let reader = Principal(account: world.ann.account, scopes: [.read, .write])
        let command = Command.import(.with { $0.items = [label] })
        #expect(reason(world.refused(command, as: reader)) == .forbidden)
        #expect(reason(world.refused(command, as: world.gus)) == .forbidden)
        #expect(reason(world.refused(command, as: world.eve)) == .notFound)
    }
}
