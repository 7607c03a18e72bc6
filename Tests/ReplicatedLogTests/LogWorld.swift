import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing

/// A log on a simulated disk, and what it reported: what most tests of the log begin with.
final class LogWorld {
    static let identity = LogIdentity(
        cluster: Identity(high: 1, low: 2), history: Identity(high: 3, low: 4))

    let scheduler: SimulatedScheduler
    var disk: SimulatedDisk
    var options: LogOptions
    var log: Log?
    /// What the log reported as flushed, and its failure.
    var flushed: LSN = .zero
    var failures: [DiskError] = []
    var fullChanges: [Bool] = []
    /// Everything appended, in order.
    var batches: [Batch] = []
    var seed: Seed
    /// Changes the bytes of all records, so that two worlds have different logs of the same shape.
    var flavor: UInt8 = 0

    init(options: LogOptions = LogOptions(segmentBytes: 64 << 10), seed: UInt64 = 1) {
        scheduler = SimulatedScheduler()
        self.seed = Seed(seed)
        disk = SimulatedDisk(scheduler, seed: Seed(seed))
        self.options = options
        self.options.reserveBytes = 16 << 10
        self.options.recentBytes = 8 << 10
    }

    /// Opens the log (the directory being fresh if nothing has been appended).
    @discardableResult
    func open(
        evidence: LogEvidence? = nil, undecided: UndecidedTail = .cut, start: LogStart = LogStart(),
        identity: LogIdentity = LogWorld.identity, committed: ((Batch) -> Void)? = nil
    ) throws(LogFailure) -> Log {
        let log = try Log.open(
            disk: disk, identity: identity, options: options,
            queues: LogQueues(
                core: scheduler.makeQueue("core", .core),
                background: scheduler.makeQueue("background", .background)),
            randomness: SeededRandomness(seed.split()),
            evidence: evidence ?? LogEvidence(isFresh: batches.isEmpty), start: start,
            undecided: undecided, committed: committed)
        log.onFlushed = { [weak self] in self?.flushed = $0 }
        log.onFailed = { [weak self] in self?.failures.append($0) }
        log.onFull = { [weak self] in self?.fullChanges.append($0) }
        self.log = log
        return log
    }

    /// A batch that follows what has been appended, with `count` records of `bytes` each.
    func nextBatch(
        after head: LogHead, records count: Int = 1, bytes: Int = 100, epoch: Epoch? = nil
    ) -> Batch {
        var writer = ByteWriter()
        for index in 0..<count {
            let lsn = head.last.advanced(by: index + 1)
            let body = (0..<bytes).map {
                flavor ^ UInt8(truncatingIfNeeded: Int(lsn.rawValue) &* 31 &+ $0)
            }
            Record(type: .change, workspace: 7, position: lsn.rawValue, body: body)
                .encode(into: &writer)
        }
        return Batch(
            epoch: epoch ?? max(head.epoch, Epoch(version: 1, boot: 0)), first: head.last.next,
            count: UInt32(count), time: 1_700_000_000_000 + Int64(head.last.rawValue),
            previousChain: head.chain, payload: writer.bytes)
    }

    /// Appends a batch, without waiting.
    func append(records: Int = 1, bytes: Int = 100, epoch: Epoch? = nil) {
        guard let log else { return }
        let batch = nextBatch(after: log.head, records: records, bytes: bytes, epoch: epoch)
        batches.append(batch)
        log.append(batch, commit: log.flushed)
    }

    /// Appends batches, waiting for each to be flushed.
    func appendFlushed(_ count: Int, bytes: Int = 100, epoch: Epoch? = nil) {
        for _ in 0..<count {
            append(bytes: bytes, epoch: epoch)
            scheduler.run(for: .milliseconds(2))
        }
    }

    /// Ends the process and the machine, and starts again.
    func crash(_ remainder: CrashRemainder = .nothing) {
        log = nil
        disk = disk.crashed(remainder)
        flushed = .zero
    }

    func close() {
        var isClosed = false
        log?.close { isClosed = true }
        scheduler.run(for: .seconds(3))
        #expect(isClosed)
    }

    /// All batches the log has, read back from the first.
    func readAll(maxBytes: Int = 4096) throws(LogFailure) -> [Batch] {
        guard let log else { return [] }
        var result: [Batch] = []
        var next = log.oldest
        while true {
            let part = try log.batches(from: next, maxBytes: maxBytes)
            guard let last = part.last else { return result }
            result += part
            next = last.last.next
        }
    }
}
