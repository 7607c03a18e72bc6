internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkGraph

extension Microbenchmark {
    static let lonelyAppends = Microbenchmark(
        name: "append to the log, one record a batch", unit: "record"
    ) { try LogAppending(recordsInBatch: 1, $0) }

    static let groupedAppends = Microbenchmark(
        name: "append to the log, 64 records a batch", unit: "record"
    ) { try LogAppending(recordsInBatch: 64, $0) }

    static let replay = Microbenchmark(name: "replay the log", unit: "record") {
        try Replay($0)
    }
}

/// A log on a disk in memory.
private final class SampleLog {
    private let disk = MemoryDisk()
    private let core = HeldQueue()
    private let background = HeldQueue()
    private let options: LogOptions
    private(set) var log: Log
    private var time: Int64 = 1_700_000_000_000

    init(_ extent: Extent) throws {
        // The default sizes are for disks; a tiny log shall have several segments, too.
        options = extent.tasks > 10_000 ? LogOptions() : LogOptions(segmentBytes: 64 << 10)
        log = try Self.open(disk, options, core, background)
        settle()
    }

    /// Opens the log anew, having verified all of it; gives what it sees to be committed.
    func reopen(_ committed: @escaping (Batch) -> Void) throws {
        log = try Self.open(disk, options, core, background, committed)
    }

    private static func open(
        _ disk: MemoryDisk, _ options: LogOptions, _ core: HeldQueue, _ background: HeldQueue,
        _ committed: ((Batch) -> Void)? = nil
    ) throws -> Log {
        let name = Identity(high: 1, low: 2)
        return try Log.open(
            disk: disk, identity: LogIdentity(cluster: name, history: name), options: options,
            queues: LogQueues(core: core, background: background),
            randomness: DrawnRandomness(), evidence: LogEvidence(isFresh: !disk.exists(Log.folder)),
            committed: committed)
    }

    /// Appends records that are encoded already.
    func append(_ payload: [UInt8], count: Int) {
        let head = log.head
        time += 1
        log.append(
            Batch(
                epoch: Epoch(version: 1, boot: 0), first: head.last.next, count: UInt32(count),
                time: time, previousChain: head.chain, payload: payload),
            commit: log.flushed)
    }

    /// Completes the writes under way.
    func complete() { core.runAll() }

    /// Makes segments ready, too.
    func settle() { while core.runAll() || background.runAll() {} }

    func close() {
        log.close {}
        settle()
    }
}

/// Frames batches, chains them, and gives them to a disk that is done at once.
private final class LogAppending: MeasuredWork {
    let units: Int
    private let recordsInBatch: Int
    private let log: SampleLog
    private let payloads: [[UInt8]]
    private var runs = 0

    init(recordsInBatch: Int, _ extent: Extent) throws {
        let workspace = try SampleWorkspace(tasks: 512)
        let records = workspace.records[workspace.foundation...]
        self.recordsInBatch = recordsInBatch
        units = max(1, extent.units / recordsInBatch) * recordsInBatch
        var payloads: [[UInt8]] = []
        for start in stride(from: records.startIndex, to: records.endIndex, by: recordsInBatch) {
            var writer = ByteWriter(capacity: 64 << 10)
            for index in start..<(start + recordsInBatch) {
                Record(
                    type: .change, workspace: UInt64(SampleWorkspace.ordinal),
                    position: UInt64(index + 1), body: records[index]
                ).encode(into: &writer)
            }
            payloads.append(writer.bytes)
        }
        self.payloads = payloads
        log = try SampleLog(extent)
    }

    /// Segments are made ready elsewhere, and old ones go.
    func makeReady() {
        log.log.trim(before: log.log.flushed)
        log.settle()
    }

    func run() {
        runs += 1
        for number in 0..<(units / recordsInBatch) {
            log.append(payloads[number % payloads.count], count: recordsInBatch)
            log.complete()
        }
    }

    func check() throws {
        log.settle()
        let expected = LSN(UInt64(max(runs, 1) * units))
        try WrongResult.unless(log.log.flushed, is: expected, "the flushed point")
        let batch = try log.log.batches(from: expected, maxBytes: 1).last
        let index = (units / recordsInBatch - 1) % payloads.count
        try WrongResult.unless(batch?.payload, is: payloads[index], "the last batch")
        try WrongResult.unless(try batch?.records().count, is: recordsInBatch, "its records")
    }
}

/// What a start does without a snapshot: the log is verified from its first segment on and applied
/// meanwhile; what no later batch calls committed is read and applied after that.
private final class Replay: MeasuredWork {
    let units: Int
    private let workspace: SampleWorkspace
    private let log: SampleLog
    private var shard = Shard()
    private var replayed = LSN.zero
    private var damage: Corruption?

    /// A batch holds what came together.
    private static let recordsInBatch = 16

    init(_ extent: Extent) throws {
        workspace = try SampleWorkspace(tasks: extent.tasks)
        log = try SampleLog(extent)
        units = workspace.records.count
        for start in stride(from: 0, to: units, by: Self.recordsInBatch) {
            let end = min(start + Self.recordsInBatch, units)
            var writer = ByteWriter(capacity: 16 << 10)
            for index in start..<end {
                Record(
                    type: .change, workspace: UInt64(SampleWorkspace.ordinal),
                    position: UInt64(index + 1), body: workspace.records[index]
                ).encode(into: &writer)
            }
            log.append(writer.bytes, count: end - start)
            log.settle()
        }
        log.close()
    }

    func makeReady() {
        shard = Shard()
        replayed = .zero
    }

    func run() throws {
        shard.beginReplay()
        try log.reopen { [unowned self] in apply($0) }
        while replayed < log.log.head.last, damage == nil {
            for batch in try log.log.batches(from: replayed.next, maxBytes: 1 << 20) {
                apply(batch)
            }
        }
        shard.endReplay()
    }

    private func apply(_ batch: Batch) {
        do throws(Corruption) {
            try batch.forEachRecord { record throws(Corruption) in
                try shard.apply(
                    record.body, in: UInt32(truncatingIfNeeded: record.workspace),
                    at: record.position)
                replayed = record.lsn
            }
        } catch { damage = error }
    }

    func check() throws {
        try WrongResult.unless(damage, is: nil, "damage")
        try WrongResult.unless(replayed, is: LSN(UInt64(units)), "the last record")
        try WrongResult.unless(
            shard.workspace(SampleWorkspace.ordinal)?.digest, is: workspace.graph.digest, "digest")
    }
}
