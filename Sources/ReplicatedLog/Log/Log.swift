package import Environment

/// The write-ahead log of one node: records in, durable and in order, and out again.
///
/// It owns the folder `log/` of the node's directory. `append` writes and flushes without waiting;
/// several batches may be under way, and `onFlushed` says, in order, how far they are durable. What
/// is appended is at once part of `head`; whether it may be shown is the `Replica`'s business.
///
/// It promises: a batch reported as flushed is found again, at the same place and with the same
/// bytes, by the next `open`, or that `open` fails and says so. It refuses to go on after any error
/// of the disk but lack of space: `onFailed` is called once, nothing is flushed or reported after
/// it, and the owner ends the process.
///
/// Confined to the core queue; completions of other queues come back to it. Nothing is locked.
///
/// - Invariant: `flushed ≤ written.last ≤ head.last`.
/// - Invariant: `pending` holds, in order, what was written and not yet reported as flushed;
///   `waiting`, in order, what has no segment to be written into yet.
/// - Invariant: `recent` ends at `head` and contains everything after `flushed`.
///
/// `@unchecked Sendable`: completions capture it, and run on the core queue only.
package final class Log: @unchecked Sendable {
    /// The log's folder, in the node's directory.
    package static let folder = "log"

    let disk: any Disk
    let queues: LogQueues
    let options: LogOptions
    let randomness: any Randomness
    package internal(set) var identity: LogIdentity
    /// What opening it found and did.
    package let recovery: LogRecovery

    /// The appended point, with its epoch and chain.
    package internal(set) var head: LogHead
    /// The flushed point.
    package internal(set) var flushed: LSN
    /// The highest commit point that was told.
    package internal(set) var commit: LSN
    /// Which epoch began where.
    package internal(set) var epochHistory: EpochHistory
    /// Whether there is no room ahead: no new command must be taken, though what is under way, and
    /// a register record, still fit. Ends by itself when there is space again.
    package internal(set) var isFull = false

    /// The flushed point moved.
    package var onFlushed: (LSN) -> Void = { _ in }
    /// The disk failed; end the process.
    package var onFailed: (DiskError) -> Void = { _ in }
    /// `isFull` changed. When it became true, a snapshot and `trim` may make room.
    package var onFull: (Bool) -> Void = { _ in }

    /// The live segments, oldest first; the last is the one that is written.
    var segments: [Segment]
    /// The open file of the last segment.
    var file: any DiskFile
    /// The head after the last batch that was given to the disk, and the epochs up to there.
    var written: LogHead
    var writtenEpochs: EpochHistory
    /// The time of the last batch.
    var time: Int64
    var highestNumber: UInt64

    var pending: [PendingWrite] = []
    /// The ticket of `pending.first`.
    var firstTicket = 0
    var waiting: [WaitingBatch] = []
    var recent: RecentBatches
    /// Segments made ahead.
    var ready: [PreparedSegment] = []
    /// The bytes of the segment being prepared; nil if none is.
    var preparing: Int?
    var retry: (any ScheduledWork)?
    /// Whether there was no space for the last segment that was to be prepared.
    var isShortOfSpace = false
    var failure: DiskError?
    /// What waits for nothing to be under way.
    var whenIdle: [() -> Void] = []
    /// Where `batches` stopped reading, to go on there.
    var cursor: ReadCursor?
    /// `acked.mark`: what is written or being written, and what is to be.
    var marked: LSN = .zero
    var acknowledged: LSN = .zero
    var isMarking = false
    /// Whether the background queue is at it: nobody else may write it then.
    var isStoringMark = false

    init(
        repaired: LogRepair, file: any DiskFile, recovery: LogRecovery, queues: LogQueues
    ) {
        let scan = repaired.scan
        disk = repaired.disk
        options = repaired.options
        randomness = repaired.randomness
        identity = repaired.identity
        self.queues = queues
        self.recovery = recovery
        head = scan.head
        flushed = scan.head.last
        commit = scan.commit
        epochHistory = scan.epochs
        segments = scan.segments
        self.file = file
        written = scan.head
        writtenEpochs = scan.epochs
        time = scan.time
        highestNumber = scan.highestNumber
        recent = RecentBatches(after: scan.head.last, limit: options.recentBytes)
    }

    /// The first record that is still there (or will be, if the log is empty).
    package var oldest: LSN { segments.first?.first ?? head.last.next }

    /// The last record that lies in a segment which will not be written any more: what an archive
    /// takes as it is.
    package var closedPoint: LSN { min(current.header.before.last, flushed) }

    /// When the primary made the newest batch, milliseconds since 1970.
    package var newestTime: Int64 { time }

    /// The last segment. There always is one.
    var current: Segment {
        get { segments[segments.count - 1] }
        set { segments[segments.count - 1] = newValue }
    }

    func path(_ name: String) -> String { "\(Self.folder)/\(name)" }

    /// Writes that have not been reported as flushed. O(1).
    package var underWay: Int { pending.count }

    /// Bytes written after the record at `lsn`, to within `Segment.markDistance`. O(segments).
    package func bytes(after lsn: LSN) -> Int {
        var bytes = 0
        for segment in segments.reversed() {
            let start = segment.marks.last { $0.before.last <= lsn }?.offset
            bytes += segment.end - (start ?? SegmentHeader.bytes)
            if segment.first <= lsn { break }
        }
        return bytes
    }

    /// For `status`.
    package var statistics: LogStatistics {
        LogStatistics(
            segments: segments.count, bytes: segments.reduce(0) { $0 + $1.fileBytes },
            segmentsReady: ready.count, underWay: pending.count, waiting: waiting.count,
            oldest: oldest)
    }
}

/// How large a log is and what is under way in it.
package struct LogStatistics: Equatable, Sendable {
    package var segments: Int
    /// Bytes of the segment files, prepared ones not counted.
    package var bytes: Int
    package var segmentsReady: Int
    /// Writes that have not been reported as flushed.
    package var underWay: Int
    /// Batches that wait for a segment.
    package var waiting: Int
    package var oldest: LSN
}
