internal import Environment
internal import ReplicatedLog

/// What the node knows of its snapshots and its archive.
struct Maintenance {
    /// The newest snapshot that is published here, and when it was.
    var snapshotPoint = LSN.zero
    var snapshotAt: Instant?
    /// How large the log was when it was taken.
    var logBytesAtSnapshot = 0
    /// The archive has everything up to here.
    var archived = LSN.zero
    var archiveState = "none"
    var isSnapshotting = false
    /// Written, and waiting for its point to be committed.
    var finishedJob: SnapshotJob?
    /// Those that are there, newest first.
    var manifests: [Manifest] = []
    var isShipping = false
    var shipper: Shipper?
    /// The reign in which the shipper began.
    var shippingEpoch: Epoch?
    var reviewedAt = Instant(nanoseconds: 0)
}
