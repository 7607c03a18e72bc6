import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing

/// What a start keeps its hands off, and what an end does not wait for.
struct LogRecoveryTests {
    private static func world(_ count: Int, bytes: Int = 100) throws -> LogWorld {
        let world = LogWorld()
        try world.open()
        world.appendFlushed(count, bytes: bytes)
        return world
    }

    private static func segments(_ disk: SimulatedDisk) -> [String] {
        disk.paths.filter { $0.hasPrefix("log/wal-") }
    }

    // MARK: What is given on

    @Test func `what is committed is given while the log is opened, once and in order`() throws {
        let world = try Self.world(60, bytes: 3000)
        let middle = world.batches[29]
        let start = LogStart(
            head: LogHead(last: middle.last, epoch: middle.epoch, chain: middle.chain),
            epochs: try #require(world.log?.epochHistory))
        world.crash()
        var given: [Batch] = []
        try world.open { given.append($0) }
        // Each batch names the one before it as committed.
        #expect(given == Array(world.batches.dropLast()))
        given = []
        world.crash()
        try world.open(start: start) { given.append($0) }
        #expect(given == Array(world.batches[30...].dropLast()))
    }

    @Test func `of a torn end, what was committed before it is given`() throws {
        let world = try Self.world(9)
        world.crash()
        let file = try #require(Self.segments(world.disk).last)
        // In the payload of the ninth batch; each has a block of its own.
        world.disk.damage(file) { $0[9 * 4096 + 100] ^= 1 }
        var given: [Batch] = []
        #expect(throws: LogFailure.self) {
            () throws in try world.open(undecided: .ask) { given.append($0) }
        }
        #expect(given == Array(world.batches.prefix(7)))
        given = []
        try world.open(undecided: .cut) { given.append($0) }
        #expect(given == Array(world.batches.prefix(7)))
    }

    @Test func `of a log that does not go on from the snapshot nothing is given`() throws {
        let world = try Self.world(9)
        world.crash()
        var evidence = LogEvidence(isFresh: false)
        evidence.isReplaceable = true
        let head = LogHead(last: LSN(5), epoch: Epoch(version: 1, boot: 0), chain: 99)
        var given: [Batch] = []
        try world.open(evidence: evidence, start: LogStart(head: head)) { given.append($0) }
        #expect(given.isEmpty && world.log?.head == head)
    }

    // MARK: A last segment that cannot be read

    @Test
    func `a last segment with a bad header is set aside alone, and costs no record before it`()
        throws
    {
        let world = try Self.world(3)
        world.crash()
        let stray = "log/wal-0000000000000004.seg"
        let bytes = [UInt8](repeating: 7, count: 8192)
        world.disk.put(stray, bytes)
        let log = try world.open()
        #expect(log.head.last == LSN(3))
        #expect(try world.readAll() == world.batches)
        #expect(world.disk.contents("quarantine/wal-0000000000000004.seg-0") == bytes)
        #expect(!world.disk.paths.contains(stray))
        world.appendFlushed(2)
        world.crash()
        try world.open()
        #expect(try world.readAll() == world.batches)
    }

    @Test func `a last segment with a bad header, begun when the one before was closed, is damage`()
        throws
    {
        let world = try Self.world(60, bytes: 3000)
        world.crash()
        let last = Self.segments(world.disk).last ?? ""
        world.disk.damage(last) { $0[20] ^= 1 }
        let failure = #expect(throws: LogFailure.self) { () throws in try world.open() }
        guard case .damage(let damage) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(damage.evidence == .successorMissing)
    }

    @Test func `a bad header of the only segment is damage, named with its file`() throws {
        let world = try Self.world(3)
        world.crash()
        let only = Self.segments(world.disk)[0]
        world.disk.damage(only) { $0[20] ^= 1 }
        let before = world.disk.paths
        let failure = #expect(throws: LogFailure.self) { () throws in try world.open() }
        guard case .damage(let damage) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(damage.corruption.file == only)
        #expect(damage.corruption.offset == 4092)
        #expect(damage.description.contains("--accept-loss"))
        #expect(world.disk.paths == before)
    }

    // MARK: A gap before what is needed

    @Test func `segments before a missing one are kept aside, not deleted`() throws {
        let world = try Self.world(60, bytes: 3000)
        world.crash()
        let paths = Self.segments(world.disk)
        let (first, second) = (paths[0], paths[1])
        let kept = world.disk.contents(first)
        world.disk.take(second)
        let needed = try #require(
            try LogInspection(disk: world.disk).segments().last?.header?.before)
        let log = try world.open(start: LogStart(head: needed))
        let name = first.split(separator: "/").last.map(String.init) ?? ""
        #expect(log.recovery.separated == ["quarantine/\(name)"])
        #expect(world.disk.contents("quarantine/\(name)") == kept)
        world.crash()
        let again = try world.open(start: LogStart(head: needed))
        #expect(again.recovery.separated == [])
        #expect(again.head.last == LSN(60))
    }

    @Test func `a crash while segments are trimmed leaves no hole among them`() throws {
        let world = try Self.world(80, bytes: 3000)
        let log = try #require(world.log)
        world.scheduler.run(for: .milliseconds(50))
        let before = world.disk.operations
        log.trim(before: LSN(80))
        world.scheduler.run(for: .milliseconds(50))
        let count = world.disk.operations - before
        #expect(count > 4)
        for operation in 1...count {
            for remainder in [CrashRemainder.nothing, .some(UInt64(operation))] {
                let world = try Self.world(80, bytes: 3000)
                world.scheduler.run(for: .milliseconds(50))
                let needed = try #require(
                    try LogInspection(disk: world.disk).segments().last?.header?.before)
                world.disk.faults.crashAtOperation = world.disk.operations + operation
                world.log?.trim(before: LSN(80))
                world.scheduler.run(for: .milliseconds(50))
                world.crash(remainder)
                let log = try world.open(start: LogStart(head: needed))
                #expect(log.recovery.separated == [], "operation \(operation)")
                #expect(log.head.last == LSN(80))
            }
        }
    }

    // MARK: Ends

    @Test func `a log on a disk that does not answer is closed when the time is over`() throws {
        let world = try Self.world(3)
        world.disk.appendDelay = (.seconds(1_000), .seconds(1_000))
        world.append()
        var ends = 0
        world.log?.close(within: .seconds(10)) { ends += 1 }
        world.scheduler.run(for: .milliseconds(9_900))
        #expect(ends == 0)
        world.scheduler.run(for: .milliseconds(200))
        #expect(ends == 1)
        world.scheduler.run(for: .seconds(2_000))
        #expect(ends == 1)
    }

    @Test func `a log that is closed is closed once, and keeps no clock running`() throws {
        let world = try Self.world(3)
        var ends = 0
        world.log?.close(within: .seconds(1)) { ends += 1 }
        world.scheduler.run(for: .seconds(5))
        #expect(ends == 1)
    }

    @Test func `a full disk is not filled again and again by looking for room`() throws {
        let world = LogWorld()
        world.disk.capacity = 170 << 10
        let log = try world.open()
        while !log.isFull, world.batches.count < 100 { world.appendFlushed(1, bytes: 3000) }
        world.scheduler.run(for: .seconds(3))
        #expect(log.isFull)
        let writes = world.disk.writes
        world.scheduler.run(for: .seconds(10))
        #expect(world.disk.writes == writes)
    }

    // MARK: acked.mark

    /// The mark is written on the background queue, and taken back on the core queue by who cuts
    /// the log below it. The later of the two must win.
    @Test func `a mark on its way does not outlive the records it vouches for`() throws {
        for steps in 0..<12 {
            let world = try Self.world(5)
            let log = try #require(world.log)
            world.scheduler.run(for: .seconds(3))
            log.noteAcknowledged(LSN(5))
            world.scheduler.run(for: .milliseconds(999))
            for _ in 0..<steps { _ = world.scheduler.step() }
            var result: Result<LogHead, LogFailure>?
            log.truncate(after: LSN(3), keepingCopyIn: "diverged/h-1-3") { result = $0 }
            world.scheduler.run(for: .seconds(5))
            #expect(result == .success(log.head))
            world.batches.removeAll { $0.last > LSN(3) }
            world.crash(.everything)
            let again = try world.open()
            #expect(again.head.last == LSN(3), "\(steps) steps")
        }
    }
}
