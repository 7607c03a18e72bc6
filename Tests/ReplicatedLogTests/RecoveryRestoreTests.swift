import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing

/// Restoring from an archive: to the end, to any record, to a time; and from an archive that
/// something has changed.
struct RecoveryRestoreTests {
    private static let history = Identity(high: 77, low: 78)
    private static let node = Identity(high: 5, low: 6)

    private static func shipped() throws -> ShippingWorld {
        let world = try ShippingWorld()
        try world.liveOn()
        try world.ship()
        try world.liveOn()
        world.note()
        world.world.scheduler.run(for: .seconds(61))
        try world.ship()
        #expect(world.shipper.archived == world.world.flushed)
        return world
    }

    private static func restore(
        _ world: ShippingWorld, _ target: RestoreTarget
    ) throws -> (outcome: Restore.Outcome, disk: SimulatedDisk) {
        let disk = SimulatedDisk(world.world.scheduler)
        let restore = Restore(
            check: try world.check(), disk: disk, randomness: SeededRandomness(Seed(3)),
            target: target, history: history, node: node, time: 1_700_000_100_000)
        return (try restore.run(), disk.crashed())
    }

    /// Opens what was restored, as a node's start does. - Returns: all its records.
    private static func records(
        _ world: ShippingWorld, _ disk: SimulatedDisk, _ outcome: Restore.Outcome
    ) throws -> [Record] {
        let identity = LogIdentity(cluster: LogWorld.identity.cluster, history: history)
        let store = SnapshotWorld.store(disk)
        let found = try store.newestGood(of: identity)
        #expect(found.manifest == outcome.manifest)
        #expect(
            try SnapshotWorld.images(disk, outcome.manifest)
                == SnapshotWorld.expectedImages(outcome.manifest.point))
        #expect(try NodeMetaStore(disk: disk).load() == .found(outcome.meta))
        let reader = LogWorld()
        reader.disk = disk
        let log = try reader.open(
            evidence: LogEvidence(needed: outcome.manifest.start.last, isFresh: false),
            identity: identity)
        #expect(log.head == outcome.head)
        #expect(log.head.epoch < outcome.meta.promised)
        return try reader.readAll().flatMap { try $0.records() }
    }

    @Test func `the newest state is restored with a history of its own`() throws {
        let world = try Self.shipped()
        let (outcome, disk) = try Self.restore(world, .latest)
        #expect(outcome.manifest.point == world.manifests[1].point)
        #expect(outcome.manifest.history == Self.history)
        #expect(outcome.head.last == world.world.flushed)
        let expected = try world.world.batches
            .filter { $0.first > outcome.manifest.start.last }.flatMap { try $0.records() }
        #expect(try Self.records(world, disk, outcome) == expected)
    }

    @Test func `every record from the first snapshot on can be restored to`() throws {
        let world = try Self.shipped()
        let all = try world.world.batches.flatMap { try $0.records() }
        let first = world.manifests[0].complete.last.rawValue
        for lsn in first...world.world.flushed.rawValue {
            let (outcome, disk) = try Self.restore(world, .lsn(LSN(lsn)))
            #expect(outcome.head.last == LSN(lsn))
            let start = Int(outcome.manifest.start.last.rawValue)
            let expected = [Record](all[start..<Int(lsn)])
            #expect(try Self.records(world, disk, outcome) == expected, "LSN \(lsn)")
        }
        #expect(throws: ArchiveFailure.self) { try Self.restore(world, .lsn(LSN(first - 1))) }
        #expect(throws: ArchiveFailure.self) {
            try Self.restore(world, .lsn(world.world.flushed.next))
        }
    }

    @Test func `a time is restored to the last batch that is not younger`() throws {
        let world = try Self.shipped()
        let batch = world.world.batches[20]
        let (outcome, _) = try Self.restore(world, .time(batch.time))
        #expect(outcome.head.last == batch.last)
        #expect(outcome.time == batch.time)
    }

    @Test func `a folder that is not empty is refused and left alone`() throws {
        let world = try Self.shipped()
        let disk = SimulatedDisk(world.world.scheduler)
        disk.put("precious", [1])
        let restore = Restore(
            check: try world.check(), disk: disk, randomness: SeededRandomness(Seed(3)),
            target: .latest, history: Self.history, node: Self.node, time: 0)
        #expect(throws: ArchiveFailure.notEmpty(["precious"])) { try restore.run() }
        #expect(disk.paths == ["precious"])
    }

    /// Two nodes shipped, and one of them what was never committed.
    @Test func `of stretches that overlap the one that continues the chain is taken`() throws {
        let world = try Self.shipped()
        let names = try world.archive.list("").filter { $0.contains("/wal/") }
        let contents = try world.check().contents
        let stretch = contents.logs[contents.logs.count - 1]
        let other = LogWorld()
        other.flavor = 0x33
        let wrong = LogHead(
            last: LSN(stretch.first.rawValue - 1), epoch: Epoch(version: 1, boot: 0), chain: 4711)
        let count = Int(stretch.last.rawValue - stretch.first.rawValue) + 1
        let batch = other.nextBatch(
            after: wrong, records: count, bytes: 50, epoch: Epoch(version: 2, boot: 0))
        try world.archive.publish(
            world.shipper.prefix.log(
                ArchivedLog(first: batch.first, last: batch.last, epoch: batch.epoch)),
            ArchivedLogFile.encode([batch], after: wrong, identity: LogWorld.identity))
        let (outcome, disk) = try Self.restore(world, .latest)
        #expect(outcome.head.last == world.world.flushed)
        let expected = try world.world.batches
            .filter { $0.first > outcome.manifest.start.last }.flatMap { try $0.records() }
        #expect(try Self.records(world, disk, outcome) == expected)
        // Without the right one the wrong one is not taken for it.
        if let last = names.last { try world.archive.remove(last) }
        #expect(throws: ArchiveFailure.self) { try Self.restore(world, .latest) }
        #expect(try !world.check().verify().isEmpty)
    }

    @Test func `half a restore is no node`() throws {
        let world = try Self.shipped()
        let whole = SimulatedDisk(world.world.scheduler)
        func restore(_ disk: SimulatedDisk) throws {
            _ = try Restore(
                check: try world.check(), disk: disk, randomness: SeededRandomness(Seed(3)),
                target: .latest, history: Self.history, node: Self.node, time: 0
            ).run()
        }
        try restore(whole)
        for operation in 1...whole.operations {
            let disk = SimulatedDisk(world.world.scheduler)
            disk.faults.crashAtOperation = operation
            #expect(throws: ArchiveFailure.self) { try restore(disk) }
            let after = disk.crashed(.some(UInt64(operation)))
            guard try NodeMetaStore(disk: after).load() != .fresh else { continue }
            let identity = LogIdentity(
                cluster: LogWorld.identity.cluster, history: Self.history)
            #expect(try SnapshotWorld.store(after).newestGood(of: identity).manifest != nil)
            #expect(try LogInspection(disk: after).verify().head.last == world.world.flushed)
        }
    }

    @Test func `a bad newest snapshot gives way to the one before it and more log`() throws {
        let world = try Self.shipped()
        let whole = try Self.restore(world, .latest).outcome
        let newest = try #require(world.manifests.last)
        let prefix = world.shipper.prefix
        for file in [Manifest.fileName, newest.chunks[0].name, newest.chunks[1].name] {
            let name = prefix.snapshot(newest.point, file: file)
            let bytes = try world.archive.read(name)
            for change in 0..<2 {
                try world.archive.remove(name)
                if change == 1 { try world.archive.publish(name, bytes.dropLast() + [0x5A]) }
                let (outcome, disk) = try Self.restore(world, .latest)
                #expect(outcome.manifest.point == world.manifests[0].point, "\(file)")
                #expect(outcome.head == whole.head)
                // A snapshot without a manifest is none, and so is not refused.
                #expect(outcome.refused.isEmpty == (change == 0 && file == Manifest.fileName))
                let expected = try world.world.batches
                    .filter { $0.first > outcome.manifest.start.last }
                    .flatMap { try $0.records() }
                #expect(try Self.records(world, disk, outcome) == expected)
                try world.archive.remove(name)
            }
            try world.archive.publish(name, bytes)
        }
    }

    @Test func `a changed or missing file of the archive is found by every restore that needs it`()
        throws
    {
        let world = try Self.shipped()
        let names = try world.archive.list("").filter { !$0.hasSuffix("LATEST") }
        let whole = try Self.restore(world, .latest).outcome
        var seed = Seed(11)
        for name in names {
            let bytes = try world.archive.read(name)
            for round in 0..<12 {
                try world.archive.remove(name)
                if round > 0 {
                    var changed = bytes
                    changed[seed.number(below: bytes.count)] ^= 1 << UInt8(seed.number(below: 8))
                    try world.archive.publish(name, changed)
                }
                // It is refused, or does without the file: a changed one changes nothing, a
                // missing end of the log makes it shorter.
                if let (outcome, _) = try? Self.restore(world, .latest) {
                    #expect(outcome.head.last <= whole.head.last, "\(name)")
                    #expect(round == 0 || outcome.head == whole.head, "\(name)")
                    #expect(outcome.manifest.complete.last <= outcome.head.last)
                }
                if round > 0 { #expect(try !world.check().verify().isEmpty, "\(name)") }
                try world.archive.remove(name)
            }
            try world.archive.publish(name, bytes)
        }
        #expect(try Self.restore(world, .latest).outcome.head == whole.head)
    }
}
