/// Rules of the protocol that can be broken on purpose, to prove that the tests would notice.
///
/// Empty in every program. Only `Simulation` and tests make another value; a tidy test may check
/// that no other target names one. The names are those of the reference model where it has the
/// mutation.
package struct ReplicaFaults: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// R2: the commit point counts what this primary has written, not what it has flushed.
    package static let ackBeforeLocalFlush = ReplicaFaults(rawValue: 1 << 0)
    /// R2: the follower acknowledges what it has written, not what it has flushed.
    package static let followerAcksBeforeFlush = ReplicaFaults(rawValue: 1 << 1)
    /// R5: `shownPoint`, by which the reply gate goes, is the appended point (`dirty-read`).
    package static let replyBeforeCommit = ReplicaFaults(rawValue: 1 << 2)
    /// R6: a primary that has just started shows what its log holds.
    package static let noStartBarrier = ReplicaFaults(rawValue: 1 << 3)
    /// R10: the follower freezes without waiting for the lease it gave to run out.
    package static let freezeBeforeLeaseEnd = ReplicaFaults(rawValue: 1 << 4)
    /// R8: a primary whose follower is silent goes on alone before the register says so.
    package static let soloBeforeRegister = ReplicaFaults(rawValue: 1 << 5)
    /// R8: a follower is named a member before commits need it (`join-cas-before-local`).
    package static let registerBeforeLocalSet = ReplicaFaults(rawValue: 1 << 6)
    /// R8: a follower becomes a member before it holds what has been shown.
    package static let joinWithoutCatchUp = ReplicaFaults(rawValue: 1 << 7)
    /// R9: a node that the register does not name may be promoted.
    package static let promoteNonMember = ReplicaFaults(rawValue: 1 << 8)
    /// R10: a promotion does not make its promise durable (`promote-without-freeze`).
    package static let promoteWithoutPromise = ReplicaFaults(rawValue: 1 << 9)
    /// R11: a restarted primary goes on in its old epoch.
    package static let restartSameEpoch = ReplicaFaults(rawValue: 1 << 10)
    /// R12: a restarted follower does not wait for leases it has forgotten.
    package static let forgetLeasesAtStart = ReplicaFaults(rawValue: 1 << 11)
    /// R2: the primary alone decides, though it has a follower (acknowledges before it flushed).
    package static let ackBeforeFollower = ReplicaFaults(rawValue: 1 << 12)
}
