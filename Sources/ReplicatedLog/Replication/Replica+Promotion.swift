internal import Environment

/// Promotion by hand: the operator says that the primary is down, and the follower takes its place
/// after every lease it gave has run out (R9, R10, R12).
extension Replica {
    struct PendingPromotion: Equatable, Sendable {
        var command: UInt64
        var order: PromotionOrder
        var words: Words
        /// When the last lease that this node can have given has run out.
        var readyAt: Instant
    }

    mutating func promote(_ order: PromotionOrder, _ id: UInt64, _ words: Words) {
        guard let following else { return refuse(id, "this node is the primary") }
        if let text = objection(to: order, following) { return refuse(id, text) }
        let readyAt = faults.contains(.freezeBeforeLeaseEnd) ? now : leaseEnd
        self.following?.promotion = PendingPromotion(
            command: id, order: order, words: words, readyAt: readyAt)
        if now >= readyAt { freeze() }
    }

    /// When no lease that this node gave can be valid any more. One that has just started may have
    /// given a lease that it has forgotten (R12).
    private var leaseEnd: Instant {
        let granted = following?.grantedAt?.advanced(by: ReplicaLimits.grant)
        let forgotten =
            faults.contains(.forgetLeasesAtStart)
            ? now : startedAt.advanced(by: ReplicaLimits.grant)
        return max(granted ?? forgotten, forgotten)
    }

    /// Why this node must not become primary by that order; nil if it may.
    private func objection(to order: PromotionOrder, _ following: Following) -> String? {
        if following.promotion != nil { return "a promotion is under way" }
        if following.work != .none { return "this node's log is being replaced" }
        guard order.primaryIsDown == meta.register.primary else {
            return "the primary this node knows is \(meta.register.primary)"
        }
        if order.forcedHistory == nil, let doubt = doubtOfCompleteness { return doubt }
        if following.link != nil, let heard = following.heardAt,
            now.since(heard) < ReplicaLimits.silence
        {
            return "the primary answers (\(now.since(heard).milliseconds) ms ago): use switchover"
        }
        return nil
    }

    private var doubtOfCompleteness: String? {
        if meta.soundness != .sound {
            return "this node may lack acknowledged writes (\(meta.soundness)): \(meta.damage)"
        }
        if !meta.register.members.contains(meta.node), !faults.contains(.promoteNonMember) {
            return
                "this node is no member in register version \(meta.register.version): it may lack "
                + "acknowledged writes"
        }
        return nil
    }

    mutating func callOffPromotion(_ reason: String) {
        guard let promotion = following?.promotion else { return }
        following?.promotion = nil
        refuse(promotion.command, "called off: \(reason)")
    }

    /// Stops accepting the old epoch, for good, and only then asks the arbiter (R10). With an
    /// operator as the arbiter promise and answer are one durable write.
    mutating func freeze() {
        guard let promotion = following?.promotion else { return }
        let leaseEnd = faults.contains(.freezeBeforeLeaseEnd) ? now : self.leaseEnd
        guard now >= leaseEnd else {
            following?.promotion?.readyAt = leaseEnd
            return
        }
        ask(.promotion(promotion.order, promotion.words))
    }

    mutating func adoptPromotion(_ order: PromotionOrder, _ words: Words) {
        guard let promotion = following?.promotion else { return }
        var register = next([meta.node], words)
        if order.solo || register.policy == .solo { register.soloSince = appended.last.next }
        if let history = order.forcedHistory { register.history = history }
        let barrier = appended.last
        become(register)
        answerWhenOpen(promotion.command, describe(register, barrier))
        greetAll()
    }

    private func describe(_ register: Register, _ barrier: LSN) -> String {
        let writes =
            register.soloSince > .zero
            ? "one copy takes writes until a follower has joined"
            : "reads only, until a follower has joined"
        return "primary in epoch \(meta.promised), after LSN \(barrier); \(writes)"
    }

    /// This node is the primary that the register names.
    private mutating func become(_ register: Register) {
        let epoch = Epoch(version: register.version, boot: 0)
        precondition(epoch > meta.promised, "a new reign in an old epoch \(epoch)")
        let before = meta
        meta.register = register
        meta.history = register.history
        meta.members = register.members
        meta.promised = epoch
        meta.actingEpoch = epoch
        meta.actingRole = .primary
        meta.bootCounter = 0
        meta.soundness = .sound
        if !faults.contains(.promoteWithoutPromise) || before.members.isEmpty { store() }
        lead(epoch, barrier: appended.last)
    }

    /// A planned hand-over: the primary before has made itself a follower of this reign already, so
    /// no lease of its can be valid.
    mutating func takeOver(_ register: Register) {
        let epoch = Epoch(version: register.version, boot: 0)
        guard let following, following.work == .none, meta.soundness == .sound,
            epoch > meta.promised, register.members.contains(meta.node),
            register.history == meta.history
        else { return emit(.alarm("named primary in register \(register.version), and cannot be")) }
        let asked = following.handOverAsked
        callOffPromotion("the primary handed over")
        become(register)
        if let asked { answerWhenOpen(asked.command, "primary in epoch \(epoch)") }
        greetAll()
    }
}
