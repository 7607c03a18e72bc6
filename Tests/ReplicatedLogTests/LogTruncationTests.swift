import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing

/// Cutting a log at either end, beginning it anew, and reading from anywhere in it.
struct LogTruncationTests {
    private static func world(_ count: Int, bytes: Int = 3000) throws -> LogWorld {
        let world = LogWorld()
        try world.open()
        world.appendFlushed(count, bytes: bytes)
        return world
    }

    private static func cut(_ world: LogWorld, after lsn: LSN) -> Result<LogHead, LogFailure>? {
        var result: Result<LogHead, LogFailure>?
        world.log?.truncate(after: lsn, keepingCopyIn: "diverged/h-1-9") { result = $0 }
        world.scheduler.run(for: .seconds(1))
        world.batches.removeAll { $0.last > lsn }
        return result
    }

    @Test func `what is cut is kept aside, and the log goes on from there in another epoch`() throws
    {
        for keep in [1, 8, 13, 14, 15, 16, 29] {
            let world = try Self.world(30)
            let given = world.batches.filter { $0.last > LSN(UInt64(keep)) }
            let result = Self.cut(world, after: LSN(UInt64(keep)))
            #expect(result == .success(world.log?.head ?? .empty))
            #expect(world.log?.head.last == LSN(UInt64(keep)))
            #expect(try world.readAll() == world.batches)
            var kept: [Batch] = []
            let copy = LogInspection(disk: world.disk, folder: "diverged/h-1-9")
            for segment in try copy.segments() {
                let problem = try copy.forEachBatch(inSegment: segment.name) {
                    kept.append($0.batch)
                    return true
                }
                #expect(problem == nil)
            }
            #expect(kept == given)
            world.appendFlushed(20, bytes: 3000, epoch: Epoch(version: 2, boot: 0))
            #expect(try world.readAll() == world.batches)
            let starts = world.log?.epochHistory
            world.crash()
            let log = try world.open()
            #expect(try world.readAll() == world.batches)
            #expect(log.epochHistory == starts)
            #expect(log.epochHistory.epoch(at: LSN(UInt64(keep))) == Epoch(version: 1, boot: 0))
        }
    }

    @Test func `a cut waits for what is under way`() throws {
        let world = try Self.world(5)
        world.append()
        world.append()
        #expect(Self.cut(world, after: LSN(5)) == .success(world.log?.head ?? .empty))
        #expect(world.log?.head.last == LSN(5))
    }

    @Test func `a place within a batch is cut before that batch`() throws {
        let world = LogWorld()
        try world.open()
        world.append(records: 3)
        world.append(records: 3)
        world.scheduler.run(for: .seconds(1))
        let expected = LogHead(
            last: LSN(3), epoch: Epoch(version: 1, boot: 0), chain: world.batches[0].chain)
        #expect(Self.cut(world, after: LSN(5)) == .success(expected))
    }

    @Test func `trimming removes whole segments and reading says what is gone`() throws {
        let world = try Self.world(60)
        guard let log = world.log else { return }
        #expect(log.trim(before: LSN(1)) == 0)
        #expect(log.trim(before: LSN(40)) > 0)
        world.scheduler.run(for: .seconds(1))
        let oldest = log.oldest
        #expect(oldest > LSN(1))
        #expect(oldest <= LSN(40))
        #expect(throws: LogFailure.gone(oldest: oldest)) {
            try log.batches(from: LSN(1), maxBytes: 1)
        }
        #expect(try world.readAll() == world.batches.filter { $0.first >= oldest })
        world.crash()
        let again = try world.open(
            evidence: LogEvidence(needed: LSN(oldest.rawValue - 1), isFresh: false))
        #expect(again.oldest == oldest)
        // A snapshot that needs what has been trimmed is told so.
        let failure = #expect(throws: LogFailure.self) { () throws in
            try world.open(evidence: LogEvidence(needed: .zero, isFresh: false))
        }
        guard case .damage(let damage) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(damage.evidence == .beginningMissing(needed: LSN(1)))
    }

    @Test func `a log begun anew after a snapshot has nothing of the old one`() throws {
        let world = try Self.world(30)
        world.log?.noteAcknowledged(LSN(30))
        world.scheduler.run(for: .seconds(2))
        let head = LogHead(last: LSN(12), epoch: Epoch(version: 9, boot: 1), chain: 77)
        let epochs = EpochHistory([EpochStart(epoch: Epoch(version: 9, boot: 1), first: LSN(11))])
        let start = LogStart(head: head, epochs: epochs ?? EpochHistory())
        var result: Result<LogHead, LogFailure>?
        world.log?.startAfter(start) { result = $0 }
        world.scheduler.run(for: .seconds(1))
        #expect(result == .success(head))
        world.batches = []
        world.appendFlushed(25, bytes: 3000)
        #expect(world.log?.oldest == LSN(13))
        world.crash()
        let log = try world.open(evidence: LogEvidence(needed: LSN(12), isFresh: false))
        #expect(try world.readAll() == world.batches)
        #expect(log.epochHistory == epochs)
    }

    @Test func `reading begins at any record and gives whole batches up to the limit`() throws {
        let world = LogWorld()
        let log = try world.open()
        for count in 1...30 {
            world.append(records: 1 + count % 4, bytes: 900)
            world.scheduler.run(for: .milliseconds(2))
        }
        for lsn in 1...log.head.last.rawValue {
            let expected = world.batches.drop { $0.last < LSN(lsn) }
            for limit in [0, 5000, 1 << 20] {
                let found = try log.batches(from: LSN(lsn), maxBytes: limit)
                #expect(!found.isEmpty)
                #expect(expected.starts(with: found))
                let bytes = found.reduce(0) { $0 + $1.payload.count }
                #expect(found.count == 1 || bytes <= limit)
            }
            let ends = world.batches.first { $0.last == LSN(lsn) }
            #expect(try log.head(at: LSN(lsn))?.chain == ends?.chain)
            let before = world.batches.last { $0.last <= LSN(lsn) }
            #expect(try log.boundary(atOrBefore: LSN(lsn))?.chain == before?.chain ?? 0)
        }
        #expect(try log.batches(from: log.head.last.next, maxBytes: 1).isEmpty)
    }

    @Test func `a batch damaged on the disk is not given to anybody`() throws {
        let world = try Self.world(30)
        world.disk.damage("log/wal-0000000000000001.seg") { $0[4096 + 200] ^= 1 }
        let failure = #expect(throws: LogFailure.self) { () throws in
            try world.log?.batches(from: LSN(1), maxBytes: 1)
        }
        guard case .damage = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }
}
