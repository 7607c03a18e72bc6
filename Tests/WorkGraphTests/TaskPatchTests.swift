import ByteCoding
import Testing
import WorkProtocol

@testable import WorkGraph

/// Updates made in the bytes of rows, against the same made by way of messages.
@Suite struct TaskPatchTests {
    /// Asks for nothing more (all tasks here are plain ones), but for something that a patch cannot
    /// do.
    private func long(_ update: UpdateTask) -> UpdateTask {
        var update = update
        update.subtype = .defaultTask
        return update
    }

    private func update(_ task: UInt64, _ random: inout SeededRandom) -> UpdateTask {
        let texts = [
            "", "short", "caf\u{E9}", "cafe\u{301}", "\u{212A}", "K",
            String(repeating: "words ", count: 40), String(repeating: "ü", count: 100),
        ]
        var update = UpdateTask()
        update.task = random.once(in: 20) ? task ^ 1 : task
        if random.once(in: 2) { update.name = random.pick(texts) }
        if random.once(in: 2) { update.notes = random.pick(texts) }
        if random.once(in: 2) { update.completed = random.once(in: 2) }
        if random.once(in: 10) { update.ifVersion = UInt32(random.below(5)) }
        return update
    }

    @Test(arguments: [1, 2, Seeds.fresh()])
    func `a patched row is the one that the message makes`(seed: UInt64) throws {
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let world = try World()
        let plain = try World()
        var commands = CommandGenerator(seed: seed, people: world.people)
        for step in 0..<500 {
            var (principal, command) = commands.next()
            var other = command
            if let task = random.pick(commands.tasks), !random.once(in: 3) {
                let update = update(task, &random)
                #expect(TaskPatch.suffices(for: update) && !TaskPatch.suffices(for: long(update)))
                command = .updateTask(update)
                other = .updateTask(long(update))
                principal = world.people[random.below(world.people.count)]
            }
            let here = Result { () throws(Rejection) in
                try world.perform(command, as: principal).answer
            }
            let there = Result { () throws(Rejection) in
                try plain.perform(other, as: principal).answer
            }
            try #require(here == there, "seed \(seed), step \(step)")
            try #require(world.graph.digest == plain.graph.digest, "seed \(seed), step \(step)")
            if case .success(let answer) = here, let changed = try? Changed(decoding: answer) {
                commands.note(command, changed)
            }
        }
        let areSame = (
            records: world.records == plain.records,
            indexes: world.graph.indexes == plain.graph.indexes
        )
        #expect(areSame == (true, true), "seed \(seed)")
        #expect(world.graph.checkInvariants() == [], "seed \(seed)")
    }

    @Test func `a patch that is undone leaves nothing behind`() throws {
        let world = try World()
        let task = try world.change(
            .createTask(.with { $0.name = "One" }), as: world.ann)
        let before = world.graph.digest
        // The second part is refused, and takes the first with it.
        let bulk = Bulk.with {
            $0.atomic = true
            $0.items = [
                .with {
                    $0.kind = .update(
                        .with {
                            $0.task = task.gid
                            $0.name = "Two"
                            $0.notes = "More"
                            $0.completed = true
                        })
                },
                .with { $0.kind = .delete(.with { $0.task = 12_345 }) },
            ]
        }
        #expect(throws: Rejection.self) { try world.perform(.bulk(bulk), as: world.ann) }
        #expect(world.graph.digest == before)
        #expect(world.graph.checkInvariants() == [])
    }
}
