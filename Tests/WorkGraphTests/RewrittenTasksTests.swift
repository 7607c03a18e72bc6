import ByteCoding
import Testing
import WorkProtocol

@testable import WorkGraph

/// What a node relies on when it answers a read at once although writes are under way: an answer
/// that has looked at none of the tasks a record rewrote is the same before it and after.
@Suite struct RewrittenTasksTests {
    private struct Asked {
        var query: Query
        var principal: Principal
        /// Nil: refused.
        var answer: [UInt8]?
        /// Nil: more than tasks went into it.
        var tasks: Set<UInt32>?
    }

    private func ask(_ query: Query, as principal: Principal, _ world: World) -> Asked {
        var writer = ByteWriter()
        var tasks: [UInt32] = []
        do throws(Rejection) {
            let isOfTasks = try world.shard.answer(
                query, in: World.ordinal, as: principal, into: &writer, noting: &tasks)
            return Asked(
                query: query, principal: principal, answer: writer.bytes,
                tasks: isOfTasks ? Set(tasks) : nil)
        } catch {
            return Asked(query: query, principal: principal)
        }
    }

    /// Everything that everybody may ask about tasks, with the names and without, of all lists.
    private func askAll(_ commands: CommandGenerator, _ world: World) -> [Asked] {
        var queries: [Query] = []
        for withNames in [false, true] {
            queries += commands.tasks.suffix(25).map { task in
                .getTask(
                    .with {
                        $0.task = task
                        $0.withNames = withNames
                    })
            }
            queries += commands.projects.suffix(5).map { project in
                .listTasks(
                    .with {
                        $0.project = project
                        $0.completedSince = withNames ? 0 : .max
                        $0.withNames = withNames
                        $0.limit = 10
                    })
            }
            queries += lists(commands, world).map { list in
                var list = list
                list.withNames = withNames
                list.limit = 10
                return .listTasks(list)
            }
        }
        return world.people.flatMap { person in
            queries.map { ask($0, as: person, world) }
        }
    }

    private func lists(_ commands: CommandGenerator, _ world: World) -> [ListTasks] {
        commands.sections.suffix(5).map { section in .with { $0.section = section } }
            + commands.tasks.suffix(5).map { parent in .with { $0.parent = parent } }
            + commands.labels.suffix(3).map { label in .with { $0.label = label } }
            + world.people.map { person in .with { $0.assignee = person.account.rawValue } }
    }

    /// With 920659 a guest comes to know a person by a task that is made: whether a person may be
    /// known is found by looking at tasks, too.
    @Test(arguments: [1, 2, 3, 920_659, Seeds.fresh()])
    func `an answer changes only by a task it looked at, or by what is no mere rewriting`(
        seed: UInt64
    ) throws {
        print("seed \(seed)")
        let world = try World()
        var random = SeededRandom(seed: seed)
        var commands = CommandGenerator(seed: seed, people: world.people)
        var rewritings = 0
        var changed = 0
        for step in 0..<400 {
            var (principal, command) = commands.next()
            if let task = random.pick(commands.tasks), random.once(in: 2) {
                principal = random.pick(world.people) ?? principal
                command = .updateTask(
                    .with {
                        $0.task = task
                        if random.once(in: 2) { $0.name = "Name \(step)" }
                        if random.once(in: 2) { $0.notes = "Notes \(step)" }
                        if random.once(in: 8) { $0.completed = random.once(in: 2) }
                    })
            }
            let before = step > 100 ? askAll(commands, world) : []
            guard let done = try? world.perform(command, as: principal) else { continue }
            if let change = try? Changed(decoding: done.answer) { commands.note(command, change) }
            guard let rewritten = done.rewrittenTasks, done.record != nil else { continue }
            rewritings += before.isEmpty ? 0 : 1
            for asked in before {
                let after = ask(asked.query, as: asked.principal, world)
                if after.answer == asked.answer { continue }
                changed += 1
                let looked = try #require(after.tasks, "seed \(seed), step \(step)")
                #expect(
                    !looked.isDisjoint(with: rewritten),
                    "seed \(seed), step \(step): \(command.method) changed \(asked.query)")
            }
        }
        #expect(rewritings > 20 && changed > 20, "seed \(seed): too few to tell anything")
    }

    @Test func `a name that goes along is looked at, too`() throws {
        let world = try World()
        let parent = try world.task("Parent")
        let child = try world.task("Child") { $0.parent = parent }
        let done = try world.perform(
            .updateTask(
                .with {
                    $0.task = parent
                    $0.name = "Other"
                }), as: world.ann)
        #expect(done.rewrittenTasks?.contains(world.graph.gids.row(Gid(parent))) == true)
        for withNames in [false, true] {
            let asked = ask(
                .getTask(
                    .with {
                        $0.task = child
                        $0.withNames = withNames
                    }), as: world.ann, world)
            let looked = try #require(asked.tasks)
            #expect(looked.contains(world.graph.gids.row(Gid(parent))) == withNames)
        }
    }

    @Test func `a task that is made is told of, and its parent, and nobody else`() throws {
        let world = try World()
        let parent = try world.task("Parent")
        let made = try world.perform(
            .createTask(
                .with {
                    $0.name = "Child"
                    $0.parent = parent
                }), as: world.ann)
        let child = try Changed(decoding: made.answer).gid
        #expect(
            made.rewrittenTasks == [child, parent].map { world.graph.gids.row(Gid($0)) })
        let list = ask(.listTasks(.with { $0.parent = parent }), as: world.ann, world)
        #expect(list.tasks == [world.graph.gids.row(Gid(child))])
    }

    @Test func `what others are found or seen by is no mere rewriting`() throws {
        let world = try World()
        let project = try world.project()
        let task = try world.task("Task", in: project.gid)
        let commands: [Command] = [
            .updateTask(
                .with {
                    $0.task = task
                    $0.completed = true
                }),
            .updateTask(
                .with {
                    $0.task = task
                    $0.assignee = world.bob.account.rawValue
                }),
            .deleteTask(.with { $0.task = task }),
        ]
        for command in commands {
            let done = try world.perform(command, as: world.ann)
            #expect(done.record != nil && done.rewrittenTasks == nil, "\(command.method)")
        }
    }
}
