import Environment
import ReplicatedLog
import Simulation
import Testing

/// Crashes, failed flushes and full disks at every single operation of a log's life.
struct LogCrashTests {
    /// What must be true of the log after the next start.
    private final class Promise {
        /// What the log may hold, beginning with the first record: one of these, or a beginning of
        /// it.
        var allowed: [[Batch]] = [[]]
        /// It must hold at least up to here.
        var floor: LSN = .zero
    }

    /// A life: starts, several batches under way, changes of segment, a cut, a trim, a clean end.
    /// Stops early if the disk does not let it go on.
    private static func live(_ world: LogWorld, _ promise: Promise) {
        do throws(LogFailure) {
            try world.open(evidence: LogEvidence(isFresh: true))
            try burst(world, promise, batches: 9, bytes: 6000)
            try world.open(evidence: LogEvidence(isFresh: false))
            try burst(world, promise, batches: 6, bytes: 9000)
            try cut(world, promise, after: LSN(10))
            try burst(world, promise, batches: 6, bytes: 9000, epoch: Epoch(version: 2, boot: 0))
            world.log?.noteAcknowledged(world.flushed)
            world.log?.trim(before: LSN(6))
            world.scheduler.run(for: .seconds(2))
            world.log?.close {}
            world.scheduler.run(for: .seconds(2))
        } catch {
            if case .disk = error { return }
            Issue.record("\(error)")
        }
    }

    private static func burst(
        _ world: LogWorld, _ promise: Promise, batches: Int, bytes: Int, epoch: Epoch? = nil
    ) throws(LogFailure) {
        for index in 0..<batches {
            world.append(bytes: bytes, epoch: epoch)
            promise.allowed = [world.batches]
            // Three batches under way at a time.
            world.scheduler.run(for: index % 3 == 2 ? .milliseconds(5) : .microseconds(10))
            promise.floor = max(promise.floor, world.flushed)
        }
        world.scheduler.run(for: .seconds(3))
        promise.floor = max(promise.floor, world.flushed)
        // A log that has failed ends its process.
        if let error = world.failures.first { throw .disk(error) }
    }

    private static func cut(
        _ world: LogWorld, _ promise: Promise, after lsn: LSN
    ) throws(LogFailure) {
        let kept = world.batches.filter { $0.last <= lsn }
        promise.allowed.append(kept)
        promise.floor = min(promise.floor, lsn)
        var result: Result<LogHead, LogFailure>?
        world.log?.truncate(after: lsn, keepingCopyIn: "diverged/test") { result = $0 }
        world.scheduler.run(for: .seconds(1))
        if let error = world.failures.first { throw .disk(error) }
        guard case .success = result else { return }
        world.batches = kept
        world.flushed = min(world.flushed, lsn)
        promise.allowed = [kept]
    }

    /// Starts again and looks whether the promise was kept; then once more after power loss, since
    /// what a start has shown must not vanish either.
    private static func check(
        _ world: LogWorld, _ promise: Promise, _ remainder: CrashRemainder, _ what: String
    ) throws {
        world.crash(remainder)
        var floor = promise.floor
        for start in ["first", "second"] {
            let log: Log
            do {
                log = try world.open(evidence: LogEvidence(isFresh: floor == .zero))
            } catch {
                Issue.record("\(what), \(start) start: \(error)")
                return
            }
            let read = try world.readAll()
            let fits = promise.allowed.contains { allowed in
                allowed.drop { $0.last < log.oldest }.starts(with: read)
            }
            #expect(fits, "\(what), \(start) start: other batches")
            #expect(log.head.last >= floor, "\(what), \(start) start: \(log.head.last) of \(floor)")
            floor = log.head.last
            world.crash(.nothing)
        }
    }

    private static let remainders: [CrashRemainder] = [
        .nothing, .everything, .some(1), .some(2), .some(3),
    ]

    @Test func `nothing flushed is lost by a crash at any operation of the disk`() throws {
        let whole = LogWorld()
        Self.live(whole, Promise())
        #expect(whole.failures.isEmpty)
        #expect(whole.disk.operations > 100)
        for operation in 1...whole.disk.operations {
            for (index, remainder) in Self.remainders.enumerated() {
                // Each operation with the plain crash, the others in turn.
                guard index == 0 || operation % 4 == index - 1 else { continue }
                let world = LogWorld()
                world.disk.faults.crashAtOperation = operation
                let promise = Promise()
                Self.live(world, promise)
                try Self.check(world, promise, remainder, "crash at \(operation), \(remainder)")
            }
        }
    }

    @Test func `a failed flush ends the log and loses nothing that was reported`() throws {
        let whole = LogWorld()
        Self.live(whole, Promise())
        for flush in 1...whole.disk.flushes {
            for remainder in [CrashRemainder.nothing, .everything] {
                let world = LogWorld()
                world.disk.faults.failFlush = flush
                let promise = Promise()
                Self.live(world, promise)
                try Self.check(world, promise, remainder, "flush \(flush) failed, \(remainder)")
            }
        }
    }

    @Test func `nothing is reported as flushed after a flush has failed`() throws {
        let world = LogWorld()
        try world.open()
        world.appendFlushed(3)
        world.disk.faults.failFlush = world.disk.flushes + 2
        for _ in 0..<5 { world.append() }
        world.scheduler.run(for: .seconds(1))
        #expect(world.flushed == LSN(4))
        #expect(world.failures.count == 1)
        world.append()
        world.scheduler.run(for: .seconds(1))
        #expect(world.flushed == LSN(4))
    }

    @Test(arguments: [false, true]) func `no space at any write loses nothing`(forGood: Bool) throws
    {
        let whole = LogWorld()
        Self.live(whole, Promise())
        for write in 1...whole.disk.writes {
            let world = LogWorld()
            world.disk.faults.noSpaceAtWrite = write
            world.disk.faults.isFullFrom = forGood
            let promise = Promise()
            Self.live(world, promise)
            try Self.check(world, promise, .nothing, "no space at write \(write)")
        }
    }

    @Test func `crashes with several batches under way keep whole batches only`() throws {
        for number in 1...150 {
            let world = LogWorld(seed: UInt64(number))
            world.disk.appendDelay = (.microseconds(50), .milliseconds(3))
            let promise = Promise()
            try world.open()
            var seed = Seed(UInt64(number))
            for _ in 0..<seed.number(below: 30) {
                world.append(bytes: seed.number(below: 9000))
                promise.allowed = [world.batches]
                world.scheduler.run(for: .microseconds(UInt64(seed.number(below: 800))))
                promise.floor = world.flushed
            }
            try Self.check(world, promise, .some(seed.next()), "seed \(number)")
        }
    }
}

/// The log on a disk that is nearly full.
struct LogSpaceTests {
    @Test func `a log says that it is full while there is room, and recovers by itself`() throws {
        let world = LogWorld()
        // Two segments of 64 KiB, the reserve of 16 KiB and the marks fit; a third does not.
        world.disk.capacity = 170 << 10
        let log = try world.open()
        world.scheduler.run(for: .milliseconds(100))
        #expect(log.statistics.segmentsReady == 1)
        #expect(!log.isFull)
        #expect(!world.disk.paths.contains("log/reserve"))
        while !log.isFull, world.batches.count < 100 { world.appendFlushed(1, bytes: 3000) }
        #expect(log.isFull)
        #expect(world.failures.isEmpty)
        // What is under way, and a register record, still fit, and are durable.
        world.appendFlushed(5, bytes: 3000)
        #expect(world.flushed == log.head.last)
        world.disk.capacity = 1 << 20
        world.scheduler.run(for: .seconds(5))
        #expect(!log.isFull)
        #expect(world.fullChanges == [true, false])
        #expect(world.disk.paths.contains("log/reserve"))
        world.appendFlushed(40, bytes: 3000)
        #expect(world.flushed == log.head.last)
        world.crash()
        try world.open()
        #expect(try world.readAll() == world.batches)
    }

    @Test func `what does not fit any more waits and is written when there is space`() throws {
        let world = LogWorld()
        world.disk.capacity = 170 << 10
        let log = try world.open()
        world.appendFlushed(60, bytes: 3000)
        #expect(log.isFull)
        #expect(world.flushed < log.head.last)
        #expect(try world.readAll() == world.batches)
        world.disk.capacity = 1 << 20
        world.scheduler.run(for: .seconds(5))
        #expect(world.flushed == log.head.last)
        #expect(world.failures.isEmpty)
    }

    @Test func `trimming makes the room that ends a full log`() throws {
        let world = LogWorld()
        world.disk.capacity = 170 << 10
        let log = try world.open()
        while !log.isFull, world.batches.count < 100 { world.appendFlushed(1, bytes: 3000) }
        #expect(log.trim(before: log.head.last) == 1)
        world.scheduler.run(for: .seconds(5))
        #expect(!log.isFull)
    }
}
