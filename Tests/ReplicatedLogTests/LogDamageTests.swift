import Environment
import ReplicatedLog
import Simulation
import Testing

/// Faults T1 to T4: what recovery makes of a log somebody or something has changed.
struct LogDamageTests {
    /// A log of `count` batches, each flushed before the next is built, then closed or not.
    private static func world(_ count: Int, alignment: Int = 512, bytes: Int = 100) throws
        -> LogWorld
    {
        let world = LogWorld(options: LogOptions(segmentBytes: 64 << 10, alignment: alignment))
        try world.open()
        world.appendFlushed(count, bytes: bytes)
        world.crash()
        return world
    }

    private static let first = "log/wal-0000000000000001.seg"

    /// Where batch `index` (from 0) of the first segment lies when each takes one block of 512.
    private static func place(_ index: Int) -> Int { 4096 + 512 * index }

    /// Opens a copy of the world's disk after `change`. - Returns: the last LSN, or the failure.
    private static func reopened(
        _ world: LogWorld, evidence: LogEvidence = LogEvidence(isFresh: false),
        undecided: UndecidedTail = .cut, _ change: (SimulatedDisk) -> Void
    ) -> Result<LSN, LogFailure> {
        let original = world.disk
        defer { world.disk = original }
        world.disk = original.copy()
        change(world.disk)
        do throws(LogFailure) {
            let log = try world.open(evidence: evidence, undecided: undecided)
            let read = try world.readAll()
            let expected = world.batches.prefix { $0.last <= log.head.last }
            #expect(read == Array(expected))
            return .success(log.head.last)
        } catch {
            return .failure(error)
        }
    }

    private static func isDamage(_ result: Result<LSN, LogFailure>) -> Bool {
        if case .failure(.damage) = result { true } else { false }
    }

    // MARK: T1

    @Test func `a file cut at any byte of the last batch ends before it`() throws {
        let world = try Self.world(3)
        for kept in 0..<512 {
            let result = Self.reopened(world) { disk in
                disk.damage(Self.first) { $0.removeLast($0.count - Self.place(2) - kept) }
            }
            // The record is there as soon as all of its 204 bytes are; padding does not count.
            #expect(result == .success(LSN(kept < 204 ? 2 : 3)), "\(kept) bytes kept")
        }
    }

    @Test func `a last batch written only up to any byte ends the log before it and is kept aside`()
        throws
    {
        let world = try Self.world(3)
        for kept in 1..<204 {
            let result = Self.reopened(world) { disk in
                disk.damage(Self.first) { bytes in
                    for index in (Self.place(2) + kept)..<Self.place(3) { bytes[index] = 0 }
                }
            }
            #expect(result == .success(LSN(2)) || kept > 200, "\(kept) bytes kept")
            let quarantined = world.log?.recovery.quarantined
            #expect(quarantined == "quarantine/wal-0000000000000001.seg-5120" || kept > 200)
        }
    }

    /// Left there, it would look like a torn tail, or worse, once shorter batches end before it.
    @Test func `nothing of a torn tail is left behind where the log goes on`() throws {
        let world = LogWorld(options: LogOptions(segmentBytes: 64 << 10, alignment: 512))
        try world.open()
        world.appendFlushed(3)
        world.close()
        world.crash()
        try world.open()
        world.append(bytes: 2000)
        world.append(bytes: 2000)
        world.scheduler.run(for: .seconds(1))
        world.crash()
        // Behind the vouching mark lie two batches of 2,560 bytes; the first of them was torn.
        world.disk.damage(Self.first) { $0[Self.place(4) + 100] ^= 1 }
        world.batches.removeLast(2)
        let log = try world.open()
        #expect(log.recovery.quarantined == "quarantine/wal-0000000000000001.seg-6144")
        world.appendFlushed(1)
        world.close()
        world.crash()
        let again = try world.open()
        #expect(again.recovery.verdict == .cleanEnd)
        #expect(try world.readAll() == world.batches)
        #expect(world.disk.contents("quarantine/wal-0000000000000001.seg-6144")?.count == 4664)
    }

    // MARK: T2

    @Test func `every flipped bit of the last batch is found and nothing before it is lost`()
        throws
    {
        let world = try Self.world(3)
        for bit in 0..<(204 * 8) {
            let result = Self.reopened(world) { disk in
                disk.damage(Self.first) { $0[Self.place(2) + bit / 8] ^= 1 << (bit % 8) }
            }
            #expect(result == .success(LSN(2)), "bit \(bit)")
        }
    }

    @Test func `a pair's node asks before it cuts a bad last batch`() throws {
        let world = try Self.world(3)
        func flip(_ disk: SimulatedDisk) { disk.damage(Self.first) { $0[Self.place(2) + 90] ^= 1 } }
        let asked = Self.reopened(world, undecided: .ask, flip)
        guard case .failure(.undecided(let tail)) = asked else {
            Issue.record("\(asked)")
            return
        }
        #expect(tail.lsn == LSN(3))
        let never = LogEvidence(isFresh: false, acknowledged: LSN(2))
        #expect(Self.reopened(world, evidence: never, undecided: .ask, flip) == .success(LSN(2)))
        let given = LogEvidence(isFresh: false, acknowledged: LSN(3))
        #expect(Self.isDamage(Self.reopened(world, evidence: given, undecided: .cut, flip)))
    }

    @Test func `every flipped bit of a batch in the middle is damage`() throws {
        let world = try Self.world(4)
        for bit in 0..<(204 * 8) {
            let result = Self.reopened(world) { disk in
                disk.damage(Self.first) { $0[Self.place(1) + bit / 8] ^= 1 << (bit % 8) }
            }
            #expect(Self.isDamage(result), "bit \(bit): \(result)")
        }
    }

    @Test func `a flipped bit in the padding is harmless`() throws {
        let world = try Self.world(3)
        for place in [1, 2].map({ Self.place($0) + 300 }) {
            let result = Self.reopened(world) { disk in
                disk.damage(Self.first) { $0[place] ^= 4 }
            }
            #expect(result == .success(LSN(3)))
        }
    }

    @Test func `every flipped bit of a segment header is refused`() throws {
        let world = try Self.world(2)
        for bit in 0..<(4096 * 8) where bit < 132 * 8 || bit % 61 == 0 || bit >= 4092 * 8 {
            let result = Self.reopened(world, undecided: .ask) { disk in
                disk.damage(Self.first) { $0[bit / 8] ^= 1 << (bit % 8) }
            }
            guard case .failure = result else {
                Issue.record("bit \(bit): \(result)")
                return
            }
        }
    }

    // MARK: T3

    @Test(arguments: [512, 4096]) func `a zeroed sector is never a silent end`(sector: Int) throws {
        let world = try Self.world(40, alignment: 512)
        for start in stride(from: 4096, to: Self.place(40), by: sector) {
            let result = Self.reopened(world) { disk in
                disk.damage(Self.first) { bytes in
                    for index in start..<(start + sector) { bytes[index] = 0 }
                }
            }
            // Only when the whole rest of the log went with it is it an end.
            if start + sector >= Self.place(40) {
                #expect(result == .success(LSN(UInt64((start - 4096) / 512))))
            } else {
                #expect(Self.isDamage(result), "sector at \(start): \(result)")
            }
        }
    }

    @Test func `what was acknowledged is not cut, though nothing in the log vouches for it`() throws
    {
        let world = LogWorld(options: LogOptions(segmentBytes: 64 << 10, alignment: 512))
        let log = try world.open()
        world.appendFlushed(3)
        log.noteAcknowledged(LSN(3))
        world.scheduler.run(for: .seconds(2))
        world.crash()
        for change in [0, 90, 200] {
            let flipped = Self.reopened(world) { disk in
                disk.damage(Self.first) { $0[Self.place(2) + change] ^= 1 }
            }
            #expect(Self.isDamage(flipped))
        }
        let zeroed = Self.reopened(world) { disk in
            disk.damage(Self.first) { bytes in
                for index in Self.place(2)..<Self.place(3) { bytes[index] = 0 }
            }
        }
        #expect(Self.isDamage(zeroed))
    }

    @Test func `after a stop in good order an end that is missing is told, however quick the stop`()
        throws
    {
        let world = LogWorld(options: LogOptions(segmentBytes: 64 << 10, alignment: 512))
        let log = try world.open()
        world.appendFlushed(3)
        log.noteAcknowledged(LSN(3))
        // Within less than `markDelay`, after which it would have been noted anyway.
        var isClosed = false
        log.close { isClosed = true }
        world.scheduler.run(for: .milliseconds(500))
        #expect(isClosed)
        world.crash()
        let cut = Self.reopened(world) { disk in
            disk.damage(Self.first) { bytes in
                for index in Self.place(2)..<bytes.count { bytes[index] = 0 }
            }
        }
        #expect(Self.isDamage(cut))
    }

    // MARK: T4

    /// Three segments or more.
    private static func longWorld() throws -> LogWorld {
        let world = try world(60, alignment: 4096, bytes: 3000)
        #expect(segments(world.disk).count >= 3)
        return world
    }

    private static func segments(_ disk: SimulatedDisk) -> [String] {
        disk.paths.filter { $0.hasPrefix("log/wal-") }
    }

    @Test func `a missing segment is refused wherever it was`() throws {
        let world = try Self.longWorld()
        for path in Self.segments(world.disk) {
            let result = Self.reopened(world) { $0.take(path) }
            #expect(Self.isDamage(result), "without \(path): \(result)")
        }
        let none = Self.reopened(world) { disk in
            for path in Self.segments(disk) { disk.take(path) }
        }
        #expect(Self.isDamage(none))
    }

    @Test func `a segment of no bytes is refused, but for an empty last one`() throws {
        let world = try Self.longWorld()
        let paths = Self.segments(world.disk)
        for path in paths.dropLast() {
            let result = Self.reopened(world) { disk in disk.damage(path) { $0 = [] } }
            #expect(Self.isDamage(result), "\(path): \(result)")
        }
        // The last was closed up to, so that it is known to have been there.
        let last = paths[paths.count - 1]
        let result = Self.reopened(world) { disk in disk.damage(last) { $0 = [] } }
        #expect(Self.isDamage(result))
    }

    @Test func `an empty segment that a crash in rotation left is removed`() throws {
        let world = try Self.world(3)
        let stray = "log/wal-0000000000000004.seg"
        for content in [[UInt8](), [UInt8](repeating: 0, count: 64 << 10)] {
            world.disk.put(stray, content)
            let result = Self.reopened(world) { _ in }
            #expect(result == .success(LSN(3)))
            #expect(world.log?.recovery.verdict == .crashInRotation(file: stray))
        }
    }

    @Test func `a copied, renamed or swapped segment is refused by name`() throws {
        let world = try Self.longWorld()
        let paths = Self.segments(world.disk)
        let copied = Self.reopened(world) { disk in
            disk.put("log/wal-00000000000000ff.seg", disk.contents(paths[1]) ?? [])
        }
        guard case .failure(.foreign(let foreign)) = copied, case .name = foreign.reason else {
            Issue.record("\(copied)")
            return
        }
        let swapped = Self.reopened(world) { disk in
            let (left, right) = (disk.contents(paths[0]) ?? [], disk.contents(paths[1]) ?? [])
            disk.put(paths[0], right)
            disk.put(paths[1], left)
        }
        guard case .failure(.foreign) = swapped else {
            Issue.record("\(swapped)")
            return
        }
    }

    @Test func `a segment of another node, though it has this one's place, is a gap`() throws {
        let world = try Self.longWorld()
        let other = LogWorld()
        other.flavor = 0x55
        try other.open()
        other.appendFlushed(60, bytes: 3000)
        other.crash()
        let path = Self.segments(world.disk)[1]
        let result = Self.reopened(world) { $0.put(path, other.disk.contents(path) ?? []) }
        guard case .failure(.damage(let damage)) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(damage.evidence == .gap)
    }

    @Test func `a snapshot that goes on from another log is refused, but while made anew`() throws {
        let world = try Self.world(5)
        let fits = LogHead(
            last: LSN(3), epoch: Epoch(version: 1, boot: 0), chain: world.batches[2].chain)
        let log = try world.open(start: LogStart(head: fits))
        #expect(log.head.last == LSN(5))
        world.crash()
        for head in [
            LogHead(last: LSN(3), epoch: fits.epoch, chain: 1),
            LogHead(last: LSN(9), epoch: fits.epoch, chain: 1),
        ] {
            let copy = world.disk.copy()
            let failure = #expect(throws: LogFailure.self) { () throws in
                try world.open(start: LogStart(head: head))
            }
            guard case .damage(let damage) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(damage.evidence == .otherSnapshot(at: head.last))
            let evidence = LogEvidence(isFresh: false, isReplaceable: true)
            let anew = try world.open(evidence: evidence, start: LogStart(head: head))
            #expect(anew.head == head)
            #expect(anew.oldest == head.last.next)
            world.crash()
            let again = try world.open(start: LogStart(head: head))
            #expect(again.head == head)
            world.disk = copy
        }
    }

    @Test func `a segment of another cluster, history or format is refused with the reason`() throws
    {
        let world = try Self.world(2)
        let other = Identity(high: 9, low: 9)
        let cluster = LogIdentity(cluster: other, history: LogWorld.identity.history)
        let history = LogIdentity(cluster: LogWorld.identity.cluster, history: other)
        for identity in [cluster, history] {
            let failure = #expect(throws: LogFailure.self) { () throws in
                try world.open(evidence: LogEvidence(isFresh: false), identity: identity)
            }
            guard case .foreign(let foreign) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect("\(foreign)".contains("move it away"))
        }
        var after = history
        after.earlierHistories = [LogWorld.identity.history]
        #expect(try world.open(identity: after).head.last == LSN(2))
    }
}
