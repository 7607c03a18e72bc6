package import Environment

/// The pair protocol's times and sizes, and why each is what it is.
///
/// - Invariant: `lease < grant`. With both clocks wrong by less than (G − L) / (G + L) = 20 % a
///   follower cannot freeze while its primary still believes in the lease.
package enum ReplicaLimits {
    /// L: how long after sending it a message that the follower answered lets the primary read.
    package static let lease = Interval.milliseconds(1_000)
    /// G: how long after receiving a message the follower may not freeze.
    package static let grant = Interval.milliseconds(1_500)
    /// How often an idle primary lets itself be heard.
    package static let heartbeat = Interval.milliseconds(250)
    /// A flush outstanding for longer makes the node fall silent: a stuck disk must look dead.
    package static let stalledFlush = Interval.seconds(3)
    /// A follower silent for longer is lost: new writes are refused before they are appended.
    package static let silence = Interval.milliseconds(1_000)
    /// How often a node without a connection asks for one.
    package static let reconnect = Interval.milliseconds(250)
    /// The same after one of them has refused the other: nothing will have changed soon.
    package static let reconnectAfterRefusal = Interval.seconds(5)
    /// A connection over which nothing has come for so long is closed. Longer than a stuck disk,
    /// which is silent too, takes to be noticed.
    package static let deadLink = Interval.seconds(5)
    /// The same while one end cuts its log, or a snapshot travels and is loaded, which may be
    /// gigabytes over a slow link.
    package static let deadWork = Interval.seconds(3_600)
    /// A planned hand-over that has not drained by then is called off.
    package static let handOver = Interval.milliseconds(1_000)
    /// How long the follower waits for the primary's word on a hand-over it asked for.
    package static let handOverAnswer = Interval.seconds(3)

    /// Records flushed but not applied past which a follower's acks stand still (rule R4), so that
    /// a promotion never has more than this to apply.
    package static let applyLag = 50_000
    /// The same as a time.
    package static let applyDelay = Interval.milliseconds(500)

    /// Sent to the follower and not acknowledged, at most.
    package static let unackedBytes = 32 << 20
    /// Sent and not acknowledged, at most, for a follower that may be let in: commits wait for it
    /// from then on.
    package static let nearlyLevelBytes = 1 << 20
    /// One read of the log for a follower that catches up.
    package static let readBytes = 4 << 20
    /// The same for a primary that asks for its own log's end: all of it is one message.
    package static let tailBytes = 256 << 10
    /// Connections to other nodes, at most; there are two nodes and now and then a third.
    package static let links = 8
}
