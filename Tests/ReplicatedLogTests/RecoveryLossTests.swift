import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing

/// Repairing a damaged log that nobody has another copy of.
struct RecoveryLossTests {
    private static func world() throws -> LogWorld {
        let world = LogWorld()
        let log = try world.open()
        world.appendFlushed(60, bytes: 3000)
        log.noteAcknowledged(LSN(60))
        world.scheduler.run(for: .seconds(2))
        world.crash()
        return world
    }

    private static func accept(_ disk: SimulatedDisk) throws -> LogLoss.Outcome {
        try LogLoss(
            disk: disk, identity: LogWorld.identity, randomness: SeededRandomness(Seed(8)),
            needed: .zero
        ).accept()
    }

    /// Damages a copy, accepts the loss, and opens: everything up to `last` must be there.
    private func repair(
        _ world: LogWorld, keeping last: UInt64, _ damage: (SimulatedDisk) -> Void
    ) throws {
        let disk = world.disk.copy()
        damage(disk)
        let outcome = try Self.accept(disk)
        #expect(outcome.head.last == LSN(last))
        #expect(!outcome.quarantined.isEmpty)
        #expect(outcome.quarantined.allSatisfy { disk.contents($0) != nil })
        let reader = LogWorld()
        reader.disk = disk.crashed()
        let log = try reader.open(evidence: LogEvidence(isFresh: false), undecided: .ask)
        #expect(log.head.last == LSN(last))
        #expect(try reader.readAll() == world.batches.filter { $0.last <= LSN(last) })
        reader.batches = world.batches.filter { $0.last <= LSN(last) }
        reader.appendFlushed(20, bytes: 3000, epoch: Epoch(version: 2, boot: 0))
        reader.crash()
        try reader.open()
        #expect(try reader.readAll() == reader.batches)
        #expect(try Self.accept(reader.disk).damage == nil)
    }

    @Test func `a flipped bit costs what comes after it, and that is kept aside`() throws {
        let world = try Self.world()
        for lsn in [1, 2, 14, 15, 16, 40] as [UInt64] {
            var place: (path: String, offset: Int)?
            _ = try LogInspection(disk: world.disk).forEachBatch { batch in
                if batch.batch.last == LSN(lsn) { place = ("log/\(batch.segment)", batch.offset) }
                return place == nil
            }
            guard let place else { continue }
            try repair(world, keeping: lsn - 1) { disk in
                disk.damage(place.path) { $0[place.offset + 200] ^= 1 }
            }
        }
    }

    @Test func `a missing segment, or one without a header, costs what comes after it`() throws {
        let world = try Self.world()
        let segments = try LogInspection(disk: world.disk).segments()
        for segment in segments.dropFirst() {
            guard let first = segment.header?.first.rawValue else { continue }
            try repair(world, keeping: first - 1) {
                $0.damage("log/\(segment.name)") { $0[9] ^= 1 }
            }
            let disk = world.disk.copy()
            disk.take("log/\(segment.name)")
            let outcome = try Self.accept(disk)
            #expect(outcome.head.last == LSN(first - 1))
            let reader = LogWorld()
            reader.disk = disk
            let log = try reader.open(evidence: LogEvidence(isFresh: false), undecided: .ask)
            #expect(log.head.last == LSN(first - 1))
        }
    }

    @Test func `a log that is whole is left as it is, and a foreign one too`() throws {
        let world = try Self.world()
        let before = world.disk.paths.map { world.disk.contents($0) }
        #expect(try Self.accept(world.disk).damage == nil)
        let loss = LogLoss(
            disk: world.disk, identity: LogIdentity(cluster: .none, history: .none),
            randomness: SeededRandomness(Seed(8)), needed: .zero)
        #expect(throws: LogFailure.self) { try loss.accept() }
        #expect(world.disk.paths.map { world.disk.contents($0) } == before)
    }

    @Test func `a crash at any operation of a repair leaves what another repair can finish`() throws
    {
        let world = try Self.world()
        world.disk.damage("log/wal-0000000000000001.seg") { $0[4096 * 3 + 200] ^= 1 }
        let whole = world.disk.copy()
        let outcome = try Self.accept(whole)
        for operation in 1...whole.operations {
            let disk = world.disk.copy()
            disk.faults.crashAtOperation = operation
            #expect(throws: LogFailure.self) { try Self.accept(disk) }
            let after = disk.crashed(.some(UInt64(operation)))
            #expect(try Self.accept(after).head == outcome.head, "operation \(operation)")
            let report = try LogInspection(disk: after).verify()
            #expect(report.verdict == .cleanEnd, "operation \(operation)")
            #expect(report.head == outcome.head)
        }
    }
}
