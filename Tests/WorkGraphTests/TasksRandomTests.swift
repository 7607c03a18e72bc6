import ByteCoding
import Testing
import WorkProtocol

@testable import WorkGraph

/// Random commands against one workspace. Set HOLDFAST_SEED to repeat a run.
@Suite struct TasksRandomTests {
    static let seeds: [UInt64] = [1, 2, 3, Seeds.fresh()]

    /// Runs random commands; calls `body` after each.
    private func run(
        seed: UInt64, _ count: Int, _ body: (World) throws -> Void
    ) throws -> World {
        let world = try World()
        let service = try world.person("Robot", isService: true)
        var commands = CommandGenerator(seed: seed, people: world.people + [service])
        var done = 0
        for _ in 0..<count {
            let (principal, command) = commands.next()
            let digest = world.graph.digest
            let recordsBefore = world.records.count
            do throws(Rejection) {
                let performed = try world.perform(command, as: principal)
                done += 1
                if let changed = try? Changed(decoding: performed.answer) {
                    commands.note(command, changed)
                }
            } catch {
                #expect(world.graph.digest == digest, "\(command.method), seed \(seed)")
                #expect(world.records.count == recordsBefore)
            }
            try body(world)
        }
        // Of some seeds most are refused; a generator gone wrong has nearly all refused.
        #expect(done * 8 > count, "nearly all commands were refused, seed \(seed)")
        return world
    }

    @Test(arguments: seeds)
    func `indexes, counts and digest stay those of the rows, refused or not`(seed: UInt64) throws {
        print("seed \(seed)")
        _ = try run(seed: seed, 300) { world in
            let problems = world.graph.checkInvariants()
            try #require(problems == [], "seed \(seed), record \(world.records.count)")
        }
    }

    @Test(arguments: seeds)
    func `replaying the records gives the same state`(seed: UInt64) throws {
        print("seed \(seed)")
        let world = try run(seed: seed, 800) { _ in }
        let replayed = try world.replayed()
        #expect(replayed.digest == world.graph.digest, "seed \(seed)")
        #expect(replayed.checkInvariants() == [], "seed \(seed)")
        #expect(replayed.indexes == world.graph.indexes, "seed \(seed)")
        // The same when the indexes are brought along later.
        let shard = Shard()
        shard.beginReplay()
        for (index, record) in world.records.enumerated() {
            try shard.apply(record.span.bytes, in: World.ordinal, at: UInt64(index + 1))
        }
        shard.endReplay()
        let later = try #require(shard.workspace(World.ordinal))
        #expect(later.digest == world.graph.digest && later.checkInvariants() == [])
        #expect(later.indexes == world.graph.indexes, "seed \(seed)")
        // Records are written by hand, without the message that describes them.
        for record in world.records {
            let message = try ChangeRecord(decoding: record)
            #expect(message.encoded() == record, "seed \(seed)")
            #expect(Set(message.changes.map(\.row)).count == message.changes.count)
        }
    }

    @Test(arguments: seeds)
    func `a snapshot cut anywhere gives the same state`(seed: UInt64) throws {
        print("seed \(seed)")
        let world = try run(seed: seed, 500) { _ in }
        var random = SeededRandom(seed: seed)
        let frozen = world.graph.frozen()
        // What is written after it was taken is not in it.
        let digest = world.graph.digest
        _ = try world.task("later")
        var bytes: [UInt8] = []
        frozen.encode(pieceBytes: 1 + random.below(9000)) { bytes += $0 }
        var loader = WorkspaceLoader()
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + 1 + random.below(3000))
            try loader.take(Array(bytes[start..<end]))
            start = end
        }
        let loaded = try loader.finish()
        #expect(loaded.digest == digest && frozen.digest == digest, "seed \(seed)")
        #expect(loaded.checkInvariants() == [], "seed \(seed)")
        #expect(loaded.ordinal == World.ordinal)
    }

    @Test(arguments: seeds)
    func `rows loaded together have the indexes of rows written one by one`(seed: UInt64) throws {
        print("seed \(seed)")
        let world = try run(seed: seed, 500) { _ in }
        var random = SeededRandom(seed: seed)
        let written = WorkspaceGraph(ordinal: World.ordinal)
        let loaded = WorkspaceGraph(ordinal: World.ordinal)
        var rows: [(row: UInt32, kind: EntityKind, bytes: [UInt8])] = []
        world.graph.rows.forEach { row, kind, bytes in
            rows.append((row, kind, bytes.withUnsafeBytes { [UInt8]($0) }))
            return true
        }
        // No snapshot has a row twice; one that has must still not confuse the indexes.
        rows += rows.shuffled(using: &random).prefix(30)
        let runs = IndexRuns()
        for row in rows {
            try written.write(row.row, row.kind, row.bytes.span.bytes)
            try loaded.load(row.row, row.kind, row.bytes.span.bytes, runs)
            if random.once(in: 50) { loaded.indexes.take(runs) }
        }
        loaded.indexes.take(runs)
        for graph in [written, loaded] { graph.nextRow = world.graph.nextRow }
        #expect(loaded.indexes == written.indexes, "seed \(seed)")
        #expect(loaded.rowDigest == written.rowDigest, "seed \(seed)")
        #expect(loaded.rowDigest == world.graph.rowDigest, "seed \(seed)")
        #expect(loaded.checkInvariants() == [], "seed \(seed)")
    }
}
