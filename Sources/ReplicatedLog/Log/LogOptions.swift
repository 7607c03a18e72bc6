package import Environment

/// Whose log it is. A file that names another is refused.
package struct LogIdentity: Equatable, Sendable {
    package var cluster: Identity
    package var history: Identity
    /// Histories this one grew out of (a forced promotion): segments of theirs may lie before ours.
    package var earlierHistories: [Identity]

    package init(cluster: Identity, history: Identity, earlierHistories: [Identity] = []) {
        self.cluster = cluster
        self.history = history
        self.earlierHistories = earlierHistories
    }
}

/// The sizes of a log. The defaults are the product's; tests and simulation make them tiny.
package struct LogOptions: Equatable, Sendable {
    /// A segment file's size. A batch that is larger than a segment gets a larger segment.
    package var segmentBytes = 64 << 20
    /// The largest first segment after a start: small, so that a start is quick.
    package var startSegmentBytes = 8 << 20
    /// Where batches begin: no write touches a sector that holds another batch. 4096 or 512.
    package var alignment = 4096
    /// How many segments are prepared ahead: 1 or 2.
    package var segmentsAhead = 2
    /// The size of the reserve file, which is given up first when the disk is full.
    package var reserveBytes = 64 << 20
    /// How many bytes of flushed batches stay in memory for a follower that is nearly level.
    package var recentBytes = 16 << 20
    /// How long after a refusal for lack of space the log looks again.
    package var spaceRetry = Interval.seconds(1)
    /// How far `acked.mark` may lag behind what was acknowledged, in time.
    package var markDelay = Interval.seconds(1)

    package init() {}

    /// Everything scaled down to segments of `segmentBytes` (64 KiB at least).
    package init(segmentBytes: Int, alignment: Int = 4096) {
        self.segmentBytes = max(segmentBytes, 64 << 10)
        self.startSegmentBytes = self.segmentBytes
        self.reserveBytes = self.segmentBytes
        self.recentBytes = self.segmentBytes
        self.alignment = alignment
    }
}

/// Where a log runs: `core` is the queue that owns it; `background` is for what takes long.
package struct LogQueues: Sendable {
    package var core: any SerialQueue
    package var background: any SerialQueue

    package init(core: any SerialQueue, background: any SerialQueue) {
        self.core = core
        self.background = background
    }
}
