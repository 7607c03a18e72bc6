internal import Environment
internal import ReplicatedLog
internal import WorkProtocol

/// A read that waits until the follower has confirmed that this node is still the primary.
struct UnconfirmedRead {
    /// When it came: a confirmation that was asked for at or after that moment will do.
    var since: Instant
    var deadline: Instant
    /// Does it, or answers why it is not done.
    var finish: (Rejection?) -> Void
}

extension Node {
    /// Does what waited for a confirmation of the right to read at `moment`.
    func confirmReads(through moment: Instant) {
        isConfirmationAsked = false
        let waiting = unconfirmed
        unconfirmed.removeAll()
        for read in waiting where read.since <= moment {
            read.finish(read.deadline <= now ? Rejection.late : nil)
        }
        unconfirmed = waiting.filter { $0.since > moment } + unconfirmed
        if !unconfirmed.isEmpty { askConfirmation() }
        scheduleTurn()
    }

    func askConfirmation() {
        guard !isConfirmationAsked else { return }
        isConfirmationAsked = true
        give(.confirmationAsked)
    }

    /// Answers all that wait with why they cannot be done.
    func refuseUnconfirmed(_ rejection: Rejection) {
        let waiting = unconfirmed
        unconfirmed.removeAll()
        for read in waiting { read.finish(rejection) }
    }

    /// Answers those that will get no confirmation any more, or not in time.
    func expireUnconfirmed() {
        guard !unconfirmed.isEmpty else { return }
        if case .no(let reason) = replica.readRight(now: now) {
            return refuseUnconfirmed(rejection(reason))
        }
        let late = unconfirmed.filter { $0.deadline <= now }
        guard !late.isEmpty else { return }
        unconfirmed.removeAll { $0.deadline <= now }
        for read in late { read.finish(.late) }
    }
}
