internal import Environment

/// What a process that has just started decides: whether it leads, follows, or must ask.
extension Replica {
    /// A restarting primary whose last batch only the follower can vouch for.
    struct Deciding: Equatable, Sendable {
        /// Whom it has asked for what lies after its head.
        var asked: LinkID?
        /// Whether the answer is complete, and only its flush is awaited.
        var isComplete = false
    }

    mutating func begin(_ start: ReplicaStart) {
        precondition(leading == nil && following == nil, "started twice")
        meta = start.meta
        appended = start.head
        flushed = start.head.last
        commit = min(start.commit, start.head.last)
        applied = start.applied
        epochs = start.epochs
        logTime = start.time
        startedAt = now
        reconnectAt = now.advanced(by: reconnectDelay)
        note(start.end)
        guard !hasEnded else { return }
        switch meta.actingRole {
        case .follower: follow()
        case .primary where meta.soundness != .sound: leadNever()
        case .primary where start.end == .undecided && meta.register.members != [meta.node]:
            deciding = Deciding()
        case .primary: resume()
        }
    }

    private mutating func note(_ logEnd: LogEnd) {
        switch logEnd {
        case .whole: return
        case .undecided:
            // A primary alone has nobody to ask: the log has decided by its acked mark.
            guard meta.actingRole == .follower, meta.soundness == .sound else { return }
            meta.soundness = .resyncing
            meta.damage = "the end of its log is undecided until the primary has been asked"
        case .damaged(let what):
            meta.soundness = .damaged
            meta.damage = what
            if meta.actingRole == .primary, meta.register.members == [meta.node] {
                store()
                return end(.damaged(what))
            }
        }
        store()
    }

    /// A primary that has lost something never leads again; its follower is to be promoted.
    private mutating func leadNever() {
        meta.actingRole = .follower
        store()
        emit(.alarm("damaged, so not primary any more: \(meta.damage); promote the other node"))
        follow()
    }

    /// Goes on as primary, as a new reign (R11), unless it has promised a newer epoch.
    private mutating func resume() {
        deciding = nil
        let again = faults.contains(.restartSameEpoch) ? 0 : 1 as UInt32
        let (boot, overflow) = meta.bootCounter.addingReportingOverflow(again)
        let epoch = Epoch(version: meta.register.version, boot: boot)
        guard !overflow, epoch >= meta.promised, meta.register.primary == meta.node else {
            meta.actingRole = .follower
            store()
            return follow()
        }
        meta.bootCounter = boot
        meta.promised = epoch
        meta.actingEpoch = epoch
        // Letting a follower in had begun and the register does not say so: with an operator as the
        // arbiter no answer can be under way, so it is called off.
        meta.members = meta.register.members
        store()
        lead(epoch, barrier: appended.last)
    }

    mutating func follow() {
        leading = nil
        deciding = nil
        following = Following()
        emit(.becomeFollower)
        if applied < commit { emit(.applyThrough(commit)) }
    }

    // MARK: An undecided tail

    /// The follower said hello to a primary that does not know whether its last batch was ever
    /// acknowledged: what the follower has, it may have acknowledged.
    mutating func decide(by hello: Hello, on link: LinkID) {
        guard meta.register.members.contains(hello.node) else { return }
        let common = EpochHistory.common(
            epochs, endingAt: appended.last, hello.epochs, endingAt: hello.head.last)
        guard common == appended.last, hello.head.last > appended.last else { return resume() }
        deciding?.asked = link
        emit(.send(link, .tailAsked(after: appended)))
    }

    mutating func takeTail(after place: LSN, _ batches: [Batch], _ isLast: Bool, on link: LinkID) {
        guard deciding?.asked == link, place == appended.last else { return }
        for batch in batches {
            guard fits(batch) else { return drop(link, "its tail does not follow this log") }
            _ = write(batch)
        }
        deciding?.isComplete = isLast
        decide()
    }

    /// Goes on once everything that was fetched is flushed.
    mutating func decide() {
        guard let deciding, deciding.isComplete, flushed == appended.last else { return }
        resume()
        if leading != nil { greetAll() }
    }
}
