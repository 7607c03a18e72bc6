import ByteCoding
import Testing
import WorkProtocol

@testable import WorkGraph

/// Two shards are asked the same; only one foresees what comes.
@Suite struct ForesightTests {
    private func fetchAll(_ foresight: Foresight, _ shard: Shard) {
        var coming = foresight
        var steps = 0
        while coming.isOpen {
            shard.fetch(&coming)
            steps += 1
        }
        #expect(steps < 8)
    }

    /// Foresees a payload as it is, cut off, and changed.
    private func foresee(
        _ method: Method, _ payload: [UInt8], _ world: World, _ random: inout SeededRandom
    ) {
        var changed = payload
        if !changed.isEmpty {
            changed[random.below(changed.count)] = UInt8(random.below(256))
        }
        let cut = Array(payload.prefix(random.below(payload.count + 1)))
        for bytes in [payload, changed, cut] {
            for ordinal in [World.ordinal, 8] {
                fetchAll(
                    world.shard.foresee(method, bytes.span.bytes, in: ordinal), world.shard)
            }
        }
    }

    @Test(arguments: [1, 2, Seeds.fresh()])
    func `what is foreseen is done and answered as if it were not`(seed: UInt64) throws {
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let world = try World()
        let plain = try World()
        var commands = CommandGenerator(seed: seed, people: world.people)
        for _ in 0..<400 {
            let (principal, command) = commands.next()
            foresee(command.method, command.encoded(), world, &random)
            let here = Result { () throws(Rejection) in
                try world.perform(command, as: principal).answer
            }
            let there = Result { () throws(Rejection) in
                try plain.perform(command, as: principal).answer
            }
            #expect(here == there, "seed \(seed)")
            if case .success(let answer) = here, let changed = try? Changed(decoding: answer) {
                commands.note(command, changed)
            }
            let task = random.pick(commands.tasks) ?? 0
            for query: Query in [
                .getTask(.with { $0.task = task }),
                .listTasks(.with { $0.section = random.pick(commands.sections) ?? 0 }),
                .listStories(.with { $0.task = task }),
            ] {
                foresee(query.method, query.encoded(), world, &random)
                let here = Result { () throws(Rejection) in
                    try world.bytes(query, as: principal)
                }
                let there = Result { () throws(Rejection) in
                    try plain.bytes(query, as: principal)
                }
                #expect(here == there, "seed \(seed)")
            }
        }
        #expect(world.records == plain.records, "seed \(seed)")
        #expect(world.graph.digest == plain.graph.digest, "seed \(seed)")
        #expect(world.graph.checkInvariants() == [], "seed \(seed)")
    }
}
