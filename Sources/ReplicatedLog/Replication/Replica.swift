package import Environment

/// One node's half of the pair protocol: who is primary, what is committed, what may be shown.
///
/// A pure state machine: events in, effects out, and no other way. It knows the log only as a
/// `LogHead`, the state only as the last record applied, and the other node only by its messages.
/// Whoever drives it executes the effects strictly in order (`ReplicaEffect` says which must be
/// complete before the next) and gives every event with a `now` that never goes back.
///
/// It holds to rules R1–R12 of the replication design, with an operator as the arbiter: the
/// operator's command is the register's answer. An arbiter that can also say "lost" and "unknown"
/// comes in at one place, `ask(_:)`.
///
/// - Invariant: `commit ≤ flushed ≤ appended.last`.
/// - Invariant: at most one of `leading`, `following` and `deciding` is set.
/// - Invariant: `meta` is what the last `.storeMeta` said, or what was started with.
package struct Replica: Sendable {
    package internal(set) var meta: NodeMeta
    /// Where the log in memory ends.
    package internal(set) var appended = LogHead.empty
    package internal(set) var flushed = LSN.zero
    /// On the primary what every acting member has flushed; on the follower what it has been told.
    package internal(set) var commit = LSN.zero
    package internal(set) var applied = LSN.zero
    package internal(set) var epochs = EpochHistory()

    var leading: Leading?
    var following: Following?
    var deciding: Deciding?
    /// What is on its way to the follower. Not in `leading`: copying that must not copy this.
    var sentBatches = SentBatches()
    /// Connections, oldest first.
    var links: [Link] = []
    var now = Instant(nanoseconds: 0)
    var startedAt = Instant(nanoseconds: 0)
    var reconnectAt = Instant(nanoseconds: 0)
    /// Since when a flush has been outstanding without progress.
    var unflushedSince: Instant?
    /// The newest time in the log.
    var logTime: Int64 = 0
    var hasEnded = false
    var effects: [ReplicaEffect] = []
    let faults: ReplicaFaults
    /// Records that may be flushed and not applied before acks stand still (R4).
    let applyLag: Int

    /// A replica that awaits `.started`, whose `meta` then replaces this one.
    /// - Parameters:
    ///   - applyLag: at least 1; simulations make it small.
    ///   - faults: rules to break; only tests and simulations give any.
    package init(
        meta: NodeMeta, applyLag: Int = ReplicaLimits.applyLag, faults: ReplicaFaults = []
    ) {
        precondition(applyLag > 0, "acks would stand still for ever")
        self.meta = meta
        self.applyLag = applyLag
        self.faults = faults
    }

    /// Takes one event and says what is to be done. O(1) but for catching a follower up.
    package mutating func step(_ event: ReplicaEvent, now: Instant) -> [ReplicaEffect] {
        precondition(now >= self.now, "time went back from \(self.now) to \(now)")
        guard !hasEnded else { return [] }
        self.now = now
        take(event)
        checkInvariants()
        let wanted = effects
        effects = []
        return wanted
    }

    private mutating func take(_ event: ReplicaEvent) {
        switch event {
        case .started(let start): begin(start)
        case .ticked: tick()
        case .submitted(let payload, let count, let time): submit(payload, count, time)
        case .flushed(let place): noteFlushed(place)
        case .logFailed(let reason): failDisk(reason)
        case .applied(let place): noteApplied(place)
        case .logRead(let after, let reading): noteRead(after, reading)
        case .logTruncated(let head): noteTruncated(head)
        case .snapshotInstalled(let head, let epochs): noteInstalled(head, epochs)
        case .snapshotFailed(let reason): noteNotInstalled(reason)
        case .peerConnected(let link, let node): connect(link, node)
        case .peerReceived(let link, let message): receive(message, on: link)
        case .peerDisconnected(let link): forget(link)
        case .operatorAsked(let id, let command, let words): obey(command, id, words)
        case .confirmationAsked: sendHeartbeat()
        case .digestTaken(let place, let digests): sendDigest(place, digests)
        case .digestCompared(let place, let equal): noteDigest(place, equal)
        }
    }

    mutating func emit(_ effect: ReplicaEffect) { effects.append(effect) }

    mutating func store() { emit(.storeMeta(meta)) }

    private func checkInvariants() {
        precondition(commit <= flushed || faults != [], "commit \(commit) past flushed \(flushed)")
        precondition(flushed <= appended.last, "flushed \(flushed) past \(appended.last)")
        precondition(meta.actingEpoch <= meta.promised, "acts in an epoch it has not promised")
        let states = [leading != nil, following != nil, deciding != nil].count { $0 }
        precondition(states <= 1, "in \(states) states at once")
        if let leading {
            precondition(leading.epoch == meta.promised || faults != [], "leads a broken promise")
            let registered = meta.register.members
            precondition(
                registered.allSatisfy(meta.members.contains) || faults != [],
                "the local set lacks a registered member")
        }
    }

    /// When `.ticked` is wanted next, at the latest.
    package var deadline: Instant? {
        guard !hasEnded else { return nil }
        var moments: [Instant] = []
        if links.isEmpty { moments.append(reconnectAt) }
        for link in links { moments.append(link.heardAt.advanced(by: silenceLimit(of: link))) }
        if let leading {
            if leading.stream != nil { moments.append(leading.heartbeatAt) }
            if let handOver = leading.handOver { moments.append(handOver.deadline) }
        }
        if let following {
            if let promotion = following.promotion { moments.append(promotion.readyAt) }
            if let asked = following.handOverAsked { moments.append(asked.deadline) }
        }
        return moments.min()
    }

    private mutating func tick() {
        if links.isEmpty, now >= reconnectAt {
            reconnectAt = now.advanced(by: ReplicaLimits.reconnect)
            emit(.connectPeer)
        }
        dropDeadLinks()
        if leading != nil { tickAsPrimary() }
        if following != nil { tickAsFollower() }
    }

    /// Whether the last flush has been outstanding for so long that the disk must look dead.
    var isStalled: Bool {
        guard let since = unflushedSince else { return false }
        return now.since(since) > ReplicaLimits.stalledFlush
    }

    private mutating func noteFlushed(_ place: LSN) {
        precondition(place <= appended.last, "flushed \(place), appended \(appended.last)")
        guard place > flushed else { return }
        flushed = place
        unflushedSince = flushed < appended.last ? now : nil
        if leading != nil { advance() }
        if following != nil { learnCommit(); acknowledge() }
        if deciding != nil { decide() }
    }

    private mutating func noteApplied(_ place: LSN) {
        applied = max(applied, place)
        if following != nil { noteAppliedAsFollower() }
    }

    private mutating func failDisk(_ reason: String) {
        if let leading, let stream = leading.stream {
            emit(.send(stream.link, .resign(epoch: leading.epoch)))
        }
        emit(.closeGate)
        end(.diskFailed(reason))
    }

    mutating func end(_ reason: ReplicaEnd) {
        emit(.end(reason))
        hasEnded = true
        leading = nil
        following = nil
        deciding = nil
    }

    /// Puts a batch at the end of the log.
    /// - Precondition: it follows `appended`, and its epoch is not older than the log's newest.
    mutating func write(_ batch: Batch) -> LogHead {
        precondition(batch.first == appended.last.next && batch.previousChain == appended.chain)
        epochs.note(batch.epoch, at: batch.first)
        appended = LogHead(last: batch.last, epoch: batch.epoch, chain: batch.chain)
        logTime = max(logTime, batch.time)
        if unflushedSince == nil { unflushedSince = now }
        emit(.write(batch))
        return appended
    }

    /// Whether a batch from the other node fits at the end of this log.
    func fits(_ batch: Batch) -> Bool {
        batch.count > 0 && batch.first == appended.last.next
            && batch.previousChain == appended.chain && batch.epoch >= epochs.newest
            && batch.payload.count <= LogLimits.batchBytes
            && Int(batch.count) <= LogLimits.recordsInBatch
    }
}
