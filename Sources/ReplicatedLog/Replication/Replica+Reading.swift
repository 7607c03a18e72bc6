package import Environment

/// What the reply gate, the sessions and the status ask of a replica.
extension Replica {
    /// Whether a read may be answered now.
    package enum ReadRight: Equatable, Sendable {
        case now
        /// After a round to the follower that was sent at or after this moment: step
        /// `.confirmationAsked`, and wait for `.confirmReads(through:)` at or past it.
        case afterConfirmation(Instant)
        case no(Unready)
    }

    package enum WriteRight: Equatable, Sendable {
        case yes
        case no(Unready)
    }

    /// Why not, by the numbers of the protocol's table of reasons.
    package enum Unready: UInt16, Equatable, Sendable {
        case notPrimary = 101
        /// The follower is lost and the policy is to wait for it.
        case followerLost = 103
        case insufficientCopies = 108
        case noReadLease = 109
        case starting = 110
    }

    /// The right to read (R7): alone, or with a lease, or with a confirmation.
    package func readRight(now: Instant) -> ReadRight {
        guard let leading else { return .no(deciding == nil ? .notPrimary : .starting) }
        guard leading.isOpen else { return .no(.starting) }
        if let readableUntil, now < readableUntil { return .now }
        guard let stream = leading.stream, stream.node == companion, stream.state != .snapshot,
            !isStalled
        else {
            return .no(.noReadLease)
        }
        return .afterConfirmation(now)
    }

    /// Before this moment reads may be answered, unless an event changes it; nil where a
    /// confirmation is needed, or there is no right at all.
    package var readableUntil: Instant? {
        guard let leading, leading.isOpen else { return nil }
        guard let companion else { return Instant(nanoseconds: .max) }
        guard let copy = leading.copy, copy.node == companion, let confirmed = copy.confirmed
        else { return nil }
        return confirmed.advanced(by: ReplicaLimits.lease)
    }

    /// The right to append, for a command that wants that many copies.
    package func writeRight(minReplicas: Int, now: Instant) -> WriteRight {
        guard let leading else { return .no(deciding == nil ? .notPrimary : .starting) }
        guard leading.isOpen, leading.handOver == nil else { return .no(.starting) }
        guard minReplicas <= replicas else { return .no(.insufficientCopies) }
        if companion != nil { return isCompanionLost(at: now) ? .no(.followerLost) : .yes }
        return meta.register.mayWriteAlone ? .yes : .no(.followerLost)
    }

    /// Up to and with this moment a command may be appended that asks for no more than `replicas`
    /// copies, unless an event changes it; nil where it may not at all.
    package var writableUntil: Instant? {
        guard let leading, leading.isOpen, leading.handOver == nil else { return nil }
        guard let companion else {
            return meta.register.mayWriteAlone ? Instant(nanoseconds: .max) : nil
        }
        let copy = leading.copy.flatMap { $0.node == companion ? $0 : nil }
        return (copy?.heardAt ?? leading.since).advanced(by: ReplicaLimits.silence)
    }

    /// How many copies an acknowledgement means: the acting members.
    package var replicas: Int { max(1, meta.members.count) }

    /// Replies that depend on nothing after this may leave; nil while nothing may be shown (R5,
    /// R6).
    package var shownPoint: LSN? {
        guard let leading, leading.isOpen else { return nil }
        return faults.contains(.replyBeforeCommit) ? appended.last : commit
    }

    /// Whether `.end` was among the effects: the process is to end, and no event means anything.
    package var isEnded: Bool { hasEnded }

    /// The epoch this node leads, if it does.
    package var epoch: Epoch? { leading?.epoch }

    package var role: Role { leading != nil || deciding != nil ? .primary : .follower }

    /// A summary for people. O(1).
    package func status(now: Instant) -> ReplicaStatus {
        let copy = leading?.copy
        let heard = copy?.heardAt ?? following?.heardAt
        return ReplicaStatus(
            role: role, state: stateWord, epoch: meta.promised, register: meta.register,
            members: meta.members, soundness: meta.soundness, appended: appended.last,
            flushed: flushed, commit: commit, applied: applied,
            peer: leading?.stream?.node ?? copy?.node ?? links.first?.node,
            replicated: copy?.replicated, peerApplied: copy?.applied,
            silence: heard.map { now.since($0) })
    }

    private var stateWord: String {
        if hasEnded { return "ended" }
        if deciding != nil { return "asking the follower for the log's end" }
        if let leading {
            if !leading.isOpen { return "starting" }
            if leading.handOver != nil { return "handing over" }
            return companion == nil
                ? "alone" : isCompanionLost(at: now) ? "waiting for the follower" : "paired"
        }
        guard let following else { return "not started" }
        if following.promotion != nil { return "waiting for leases to end" }
        switch following.work {
        case .none: return following.link == nil ? "without a primary" : "following"
        case .truncating: return "cutting a diverged tail"
        case .receivingSnapshot, .installingSnapshot: return "receiving a snapshot"
        }
    }
}

extension Register {
    /// Whether a primary without a follower takes writes: by the operator's policy, or because an
    /// operator began a solo mode.
    package var mayWriteAlone: Bool { policy == .solo || soloSince > .zero }
}

/// What `status` shows of one node.
package struct ReplicaStatus: Equatable, Sendable {
    package var role: Role
    package var state: String
    package var epoch: Epoch
    package var register: Register
    package var members: [Identity]
    package var soundness: Soundness
    package var appended: LSN
    package var flushed: LSN
    package var commit: LSN
    package var applied: LSN
    package var peer: Identity?
    package var replicated: LSN?
    package var peerApplied: LSN?
    package var silence: Interval?
}

extension Replica {
    /// The first record that a node which catches up still needs of this log; nil if none does.
    package var pinnedPoint: LSN? { leading?.stream?.sent.last.next }
}
