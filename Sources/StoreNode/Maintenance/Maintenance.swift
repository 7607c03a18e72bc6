internal import Environment
internal import ReplicatedLog

/// What the node knows of its snapshots and its archive.
struct Maintenance {
    /// The newest snapshot that is published here, and when it was taken.
    var snapshotPoint = LSN.zero
    var snapshotTime: WallTime?
    /// The archive has everything up to here.
    var archived = LSN.zero
    var archiveState = "none"
    var isSnapshotting = false
    /// Not before this is another taken by itself: the last one failed.
    var snapshotRetryAt = Instant(nanoseconds: 0)
    /// Written, and waiting for its point to be committed.
    var finishedJob: SnapshotJob?
    /// Those that are there, newest first.
    var manifests: [Manifest] = []
    /// Those that the start found not to be whole; the next one that is made takes their place.
    var badSnapshots: [LSN] = []
    var isShipping = false
    /// When the step that is under way began, and whether it has been told that it does not end.
    var shippingSince = Instant(nanoseconds: 0)
    var hasToldOfSilence = false
    /// When the archive was last looked at by a node that does not ship.
    var lookedAt: Instant?
    var shipper: Shipper?
    /// The reign in which the shipper began.
    var shippingEpoch: Epoch?
    /// Where the log began to be applied after the start, and when; it is told of once.
    var replayStart: (lsn: LSN, at: Instant)?
    var hasReplayed = false
    /// How long it took to apply what the log gave while it was opened, and why that ended early.
    var replayTime = Interval.zero
    var replayFailure: NodeEnd?
    var reviewedAt = Instant(nanoseconds: 0)
    /// When the last round of `beginDays` began.
    var daysBegunAt: Instant?
    /// The workspaces that this round has still to look at.
    var daysLeft: [UInt32] = []
}
