internal import Environment

/// The follower: accepts what the primary of the newest epoch it has promised sends (R3), makes it
/// durable, says so, and applies what is committed.
extension Replica {
    struct Following: Equatable, Sendable {
        /// The connection on which a reign has been accepted, and its epoch.
        var link: LinkID?
        var epoch: Epoch?
        var work = FollowerWork.none
        /// The primary's commit point as far as it was told.
        var primaryCommit = LSN.zero
        /// A follower that had lost something is sound again once it has flushed this.
        var goal: LSN?
        /// When the last message of the primary came whose answer gives it a lease.
        var grantedAt: Instant?
        var heardAt: Instant?
        var token: Instant?
        /// What the last ack said.
        var acknowledged = LSN.zero
        var lag: LagMark?
        var promotion: PendingPromotion?
        var handOverAsked: (command: UInt64, deadline: Instant)?
        /// The connection on which a deciding primary waits for this log's tail.
        var tailAsked: LinkID?

        static func == (left: Following, right: Following) -> Bool {
            left.link == right.link && left.epoch == right.epoch && left.work == right.work
        }
    }

    enum FollowerWork: Equatable, Sendable {
        case none
        /// Cutting what the new reign's log does not have.
        case truncating(ReignStart, LinkID)
        case receivingSnapshot
        case installingSnapshot
    }

    /// Records that the state does not contain yet, and since when the oldest of them waits.
    struct LagMark: Equatable, Sendable {
        var through: LSN
        var since: Instant
    }

    mutating func greetAsFollower(_ hello: Hello, on id: LinkID, isRepeated: Bool) {
        let register = hello.register
        if register.version > meta.register.version, register.primary == meta.node {
            return takeOver(register)
        }
        // It has become primary since, and must know what this node holds now.
        if hello.role == .primary, isRepeated { emit(.send(id, .hello(self.hello))) }
    }

    // MARK: A reign

    mutating func take(_ reign: ReignStart, on id: LinkID) {
        guard reign.epoch >= meta.promised else {
            return emit(.send(id, .fenced(promised: meta.promised, register: meta.register)))
        }
        if leading != nil || deciding != nil {
            guard supersedes(reign.register) else {
                return reject(id, .contradiction, "two primaries in epoch \(reign.epoch)")
            }
            return stepDown(reign.register, reign.epoch)
        }
        guard let following, !isInstalling else { return }
        if case .truncating(let earlier, _) = following.work, earlier.start != reign.start {
            // What is appended is known only when the cut that is under way is done.
            return drop(id, "its log is being cut after LSN \(earlier.start.last)")
        }
        guard reign.register.version >= meta.register.version, reign.register.primary != meta.node,
            !contradicts(reign.register)
        else { return reject(id, .contradiction, "register version \(reign.register.version)") }
        guard reign.start.last <= appended.last, reign.start.last >= commit else {
            emit(
                .alarm(
                    "the primary's log agrees to \(reign.start.last); \(commit) is committed here"))
            return reject(id, .wouldLoseCommitted, "LSN \(commit) is committed here")
        }
        if following.promotion != nil {
            callOffPromotion("the primary is up again: \(reign.epoch)")
        }
        promise(reign)
        self.following?.link = nil
        self.following?.epoch = nil
        if reign.start == appended { return accept(reign, on: id) }
        self.following?.work = .truncating(reign, id)
        emit(.truncateLog(after: reign.start))
    }

    private var isInstalling: Bool { following?.work == .installingSnapshot }

    /// Swears to the epoch before anything of it is accepted (R3).
    private mutating func promise(_ reign: ReignStart) {
        let before = meta
        meta.promised = reign.epoch
        meta.actingEpoch = reign.epoch
        meta.actingRole = .follower
        // Whom nobody has named stays invited until somebody does.
        if meta.register.version > 0 || reign.register.members.contains(meta.node) {
            meta.register = reign.register
        }
        meta.history = reign.register.history
        meta.bootCounter = 0
        if meta != before { store() }
    }

    mutating func noteTruncated(_ head: LogHead) {
        guard case .truncating(let reign, let id)? = following?.work else { return }
        following?.work = .none
        listenAgain()
        appended = head
        flushed = head.last
        // No good primary cuts below; but what a bad one says must not trap.
        commit = min(commit, head.last)
        unflushedSince = nil
        epochs.truncate(after: head.last)
        if applied > head.last {
            applied = head.last
            emit(.reloadState(through: head.last))
        }
        guard reign.epoch == meta.promised, link(id) != nil else { return }
        guard head == reign.start else {
            return loseLog("the logs differ before LSN \(reign.start.last)", id)
        }
        accept(reign, on: id)
    }

    /// Equal (lsn, epoch), other chain: one of the two logs is not what was written.
    private mutating func loseLog(_ what: String, _ id: LinkID) {
        meta.soundness = .damaged
        meta.damage = what
        store()
        emit(.alarm(what))
        drop(id, what)
    }

    private mutating func accept(_ reign: ReignStart, on id: LinkID) {
        following?.work = .none
        following?.link = id
        following?.epoch = reign.epoch
        following?.goal = reign.goal
        following?.token = nil
        following?.acknowledged = .zero
        hear(reign.commit, reign.token)
        acknowledge()
    }

    // MARK: Records

    mutating func take(_ append: Append, on id: LinkID) {
        guard append.epoch >= meta.promised else {
            return emit(.send(id, .fenced(promised: meta.promised, register: meta.register)))
        }
        guard let following, following.link == id, following.epoch == append.epoch else { return }
        guard append.previous == appended, fits(append.batch), append.batch.epoch <= append.epoch
        else { return drop(id, "LSN \(append.batch.first) does not follow \(appended.last)") }
        _ = write(append.batch)
        hear(append.commit, append.token)
        if faults.contains(.followerAcksBeforeFlush) { acknowledge() }
    }

    mutating func takeHeartbeat(_ epoch: Epoch, _ commit: LSN, _ token: Instant, on id: LinkID) {
        guard epoch >= meta.promised else {
            return emit(.send(id, .fenced(promised: meta.promised, register: meta.register)))
        }
        guard let following, following.link == id, following.epoch == epoch else { return }
        hear(commit, token)
        acknowledge()
    }

    /// The primary lives: whatever answers this gives it a lease (from its own sending on), so this
    /// node may not freeze for the length of a grant.
    private mutating func hear(_ commit: LSN, _ token: Instant?) {
        following?.heardAt = now
        if let token {
            following?.grantedAt = now
            following?.token = token
        }
        if following?.promotion != nil { callOffPromotion("the primary answers") }
        let known = following?.primaryCommit ?? .zero
        following?.primaryCommit = max(known, commit)
        learnCommit()
    }

    mutating func learnCommit() {
        guard let following, following.epoch == meta.promised else { return }
        let known = min(following.primaryCommit, flushed)
        if known > commit {
            commit = known
            emit(.advanceCommit(known))
            emit(.applyThrough(known))
            markLag()
        }
        becomeSound()
    }

    /// A follower that had lost something has it again when it has all the primary had.
    private mutating func becomeSound() {
        guard meta.soundness == .resyncing, let goal = following?.goal, flushed >= goal else {
            return
        }
        meta.soundness = .sound
        meta.damage = ""
        store()
    }

    /// Says what is flushed here, in the epoch this node has promised and in no other.
    mutating func acknowledge() {
        guard let following, let link = following.link, following.epoch == meta.promised,
            following.work == .none, !isStalled
        else { return }
        let durable = faults.contains(.followerAcksBeforeFlush) ? appended.last : flushed
        let told = max(following.acknowledged, isLate ? .zero : min(durable, applyLimit))
        self.following?.acknowledged = told
        let ack = Ack(
            epoch: meta.promised, flushed: told, applied: applied, token: following.token,
            isSound: meta.soundness == .sound)
        emit(.send(link, .ack(ack)))
    }

    // MARK: Apply lag (R4)

    private var applyLimit: LSN { applied.advanced(by: applyLag) }

    /// Whether a record that is committed has waited too long to be applied.
    private var isLate: Bool {
        guard let lag = following?.lag else { return false }
        return now.since(lag.since) >= ReplicaLimits.applyDelay
    }

    private mutating func markLag() {
        if let lag = following?.lag, applied < lag.through { return }
        following?.lag = applied < commit ? LagMark(through: commit, since: now) : nil
    }

    /// Lets an ack go that the lag had held back.
    mutating func noteAppliedAsFollower() {
        let wasHeld = (following?.acknowledged ?? .zero) < flushed
        markLag()
        if wasHeld { acknowledge() }
    }

    // MARK: Time, and the end of a connection

    mutating func tickAsFollower() {
        guard let following else { return }
        if let promotion = following.promotion, now >= promotion.readyAt { freeze() }
        if let asked = self.following?.handOverAsked, now >= asked.deadline {
            answerHandOver(.refused("no answer from the primary yet: status tells who is primary"))
        }
    }

    mutating func losePrimary(_ id: LinkID) {
        guard let following else { return }
        if following.tailAsked == id { self.following?.tailAsked = nil }
        guard following.link == id || following.work == .receivingSnapshot else { return }
        self.following?.link = nil
        self.following?.epoch = nil
        if following.work == .receivingSnapshot { self.following?.work = .none }
    }

    // MARK: A deciding primary asks

    mutating func sendTail(after head: LogHead, on id: LinkID) {
        guard following != nil, head.last < flushed else { return }
        following?.tailAsked = id
        emit(.readLog(after: head.last, maxBytes: ReplicaLimits.tailBytes))
    }

    mutating func noteTailRead(_ after: LSN, _ reading: LogReading) {
        guard let id = following?.tailAsked else { return }
        guard case .batches(let batches) = reading, let last = batches.last?.last else {
            return drop(id, "the log does not go back to LSN \(after)")
        }
        let isLast = last >= flushed
        emit(.send(id, .tail(after: after, batches: batches, isLast: isLast)))
        following?.tailAsked = isLast ? nil : id
        if !isLast { emit(.readLog(after: last, maxBytes: ReplicaLimits.tailBytes)) }
    }
}
