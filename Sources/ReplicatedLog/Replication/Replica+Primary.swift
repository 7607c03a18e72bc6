internal import ByteCoding
internal import Environment

/// The primary: appends, commits when every acting member has flushed (R2), shows nothing before
/// its start barrier (R6), and lets itself be heard.
extension Replica {
    /// A reign.
    struct Leading: Equatable, Sendable {
        var epoch: Epoch
        /// What the log held when this node became primary: nothing is shown before it is
        /// committed (again).
        var barrier: LSN
        /// Whether the barrier has been passed.
        var isOpen = false
        var since: Instant
        var stream: FollowerStream?
        var copy: FollowerCopy?
        /// Who is being let in, between the local set and the register (R8), and by which command.
        var growing: JoinOrder?
        /// Whom an operator ordered to be let in.
        var joinOrdered: JoinOrder?
        var handOver: HandOver?
        var heartbeatAt: Instant
        /// Operators to be told when the gate opens.
        var awaitingOpening: [(command: UInt64, text: String)] = []
        var hasAlarmed = false

        static func == (left: Leading, right: Leading) -> Bool { left.epoch == right.epoch }
    }

    /// Somebody's word that a node is to be let in; without a command it is the invitation's.
    struct JoinOrder: Equatable, Sendable {
        var node: Identity
        var words: Words
        var command: UInt64?
    }

    /// What is known of the follower's copy in this epoch. Outlives a connection.
    struct FollowerCopy: Equatable, Sendable {
        var node: Identity
        /// The last record it has flushed; nil before its first ack of this epoch.
        var replicated: LSN?
        /// When the newest message was sent that it has answered: the lease counts from here.
        var confirmed: Instant?
        var heardAt: Instant
        var applied = LSN.zero
        var isSound = false
    }

    mutating func lead(_ epoch: Epoch, barrier: LSN) {
        following = nil
        leading = Leading(epoch: epoch, barrier: barrier, since: now, heartbeatAt: now)
        if applied < appended.last { emit(.applyThrough(appended.last)) }
        applied = appended.last
        emit(.becomePrimary(epoch))
        if epochs.newest.version < meta.register.version { recordRegister() }
        advance()
    }

    /// The other acting member, if there is one.
    var companion: Identity? { meta.members.first { $0 != meta.node } }

    // MARK: Appending

    mutating func submit(_ payload: [UInt8], _ count: UInt32, _ time: Int64) {
        precondition(count > 0 && payload.count <= LogLimits.batchBytes, "not a batch")
        guard let epoch = leading?.epoch, leading?.handOver == nil else {
            preconditionFailure("submitted to a node that does not take writes")
        }
        let batch = Batch(
            epoch: epoch, first: appended.last.next, count: count, time: max(logTime, time),
            previousChain: appended.chain, payload: payload)
        let previous = appended
        let head = write(batch)
        // The state is ahead of the log: what is submitted has been applied.
        applied = head.last
        if canSend, leading?.stream?.sent == previous {
            send(batch, endingAt: head)
        } else {
            pump()
        }
        if faults.contains(.ackBeforeLocalFlush) { advance() }
    }

    /// Leaves the register's value as a record in the log: the first of its epoch.
    mutating func recordRegister() {
        var payload = ByteWriter()
        let body = meta.register.encoded()
        Record(type: .register, workspace: 0, position: 0, body: body).encode(into: &payload)
        submit(payload.bytes, 1, meta.register.at)
    }

    // MARK: The commit point

    /// The highest record that every acting member has flushed; nil while that is not known.
    private var safe: LSN? {
        let own = faults.contains(.ackBeforeLocalFlush) ? appended.last : flushed
        guard let companion, !faults.contains(.ackBeforeFollower) else { return own }
        guard let copy = leading?.copy, copy.node == companion, let replicated = copy.replicated
        else { return nil }
        return min(own, replicated)
    }

    /// Moves the commit point as far as is safe, and opens the gate when the barrier is passed.
    mutating func advance() {
        guard let leading, let safe else { return }
        let moved = safe > commit
        commit = max(commit, safe)
        if moved { emit(.advanceCommit(commit)) }
        // The follower is told before the barrier is passed, too: its acks wait for what it may
        // apply (R4), and the barrier waits for its acks.
        let isPassed = safe >= leading.barrier || faults.contains(.noStartBarrier)
        if !leading.isOpen, isPassed { open() }
        if moved, self.leading?.isOpen == false { sendHeartbeat() }
        progressHandOver()
    }

    private mutating func open() {
        guard let leading else { return }
        self.leading?.isOpen = true
        emit(.openGate(leading.epoch))
        for (command, text) in leading.awaitingOpening {
            emit(.answerOperator(command, .done(text)))
        }
        self.leading?.awaitingOpening = []
    }

    /// Tells the operator as soon as what this node shows is committed.
    mutating func answerWhenOpen(_ command: UInt64, _ text: String) {
        if leading?.isOpen == true {
            emit(.answerOperator(command, .done(text)))
        } else {
            leading?.awaitingOpening.append((command, text))
        }
    }

    // MARK: Time

    mutating func tickAsPrimary() {
        guard let leading else { return }
        if now >= leading.heartbeatAt { sendHeartbeat() }
        if let handOver = leading.handOver, now >= handOver.deadline {
            callOffHandOver(
                "the follower did not catch up within \(ReplicaLimits.handOver.milliseconds) ms")
        }
        noteSilence()
    }

    /// How long the companion has not been heard; nil without a companion.
    private func companionSilence(at now: Instant) -> Interval? {
        guard let leading, let companion else { return nil }
        guard let copy = leading.copy, copy.node == companion else {
            return now.since(leading.since)
        }
        return now.since(copy.heardAt)
    }

    func isCompanionLost(at now: Instant) -> Bool {
        guard let silence = companionSilence(at: now) else { return false }
        return silence > ReplicaLimits.silence
    }

    private mutating func noteSilence() {
        guard isCompanionLost(at: now) else {
            leading?.hasAlarmed = false
            return
        }
        if leading?.hasAlarmed == false {
            leading?.hasAlarmed = true
            emit(.alarm("the follower is silent; writes wait for it, or for admin degrade"))
        }
        if faults.contains(.soloBeforeRegister) {
            meta.members = [meta.node]
            advance()
        }
    }

    /// Lets the follower hear this node, and asks it to confirm that it still follows. Comes from
    /// the same loop as the log's flushes: with a stuck disk it stays away.
    mutating func sendHeartbeat() {
        guard let leading else { return }
        self.leading?.heartbeatAt = now.advanced(by: ReplicaLimits.heartbeat)
        guard let stream = leading.stream, stream.state == .flowing, !isStalled else { return }
        emit(.send(stream.link, .heartbeat(epoch: leading.epoch, commit: commit, token: now)))
    }

    /// What goes with a message so that the answer proves life: nothing while the disk is stuck.
    var token: Instant? { isStalled ? nil : now }
}
