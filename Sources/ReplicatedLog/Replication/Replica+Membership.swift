/// Changes of the register: who acts, and who leads. One door, `ask`, for all of them.
extension Replica {
    /// A wish to write the register's next version.
    enum RegisterChange: Equatable, Sendable {
        case grow(Identity, Words)
        case shrink(Words)
        case promotion(PromotionOrder, Words)
        case handOver(to: Identity, Words)
    }

    /// Puts the change to the arbiter.
    ///
    /// With an operator as the arbiter the command that led here is the answer, and it is "won".
    /// Another arbiter's compare-and-set goes out here as an effect, and its answer comes back as
    /// an event that calls `adopt` for "won", follows whoever is named for "lost", and for
    /// "unknown" counts a growth as done and anything else as not done until a later one is
    /// answered.
    mutating func ask(_ change: RegisterChange) { adopt(change) }

    /// The register's next version is this change.
    private mutating func adopt(_ change: RegisterChange) {
        switch change {
        case .grow(let node, let words):
            let command = leading?.growing?.command
            leading?.growing = nil
            beginReign(next([meta.node, node], words))
            if let command {
                emit(.answerOperator(command, .done("node \(node) is a member: two copies")))
            }
        case .shrink(let words):
            leading?.growing = nil
            var register = next([meta.node], words)
            register.soloSince = appended.last.next
            beginReign(register)
        case .promotion(let order, let words): adoptPromotion(order, words)
        case .handOver(let node, let words): giveUp(to: node, words)
        }
    }

    /// The register's next version, above everything this node knows of or has promised.
    func next(_ members: [Identity], _ words: Words) -> Register {
        var register = meta.register
        register.version = max(register.version, meta.promised.version) + 1
        register.primary = meta.node
        register.members = members.sorted()
        register.soloSince = .zero
        register.reason = words.reason
        register.actor = words.actor
        register.at = max(words.at, logTime)
        return register
    }

    /// A primary goes on as primary under a new version: a new epoch (R11), whose acks and leases
    /// begin anew. What has been shown stays shown.
    private mutating func beginReign(_ register: Register) {
        let growsEarly = faults.contains(.registerBeforeLocalSet) && register.members.count > 1
        meta.register = register
        meta.members = growsEarly ? [meta.node] : register.members
        meta.bootCounter = 0
        let epoch = Epoch(version: register.version, boot: 0)
        meta.promised = epoch
        meta.actingEpoch = epoch
        store()
        leading?.epoch = epoch
        leading?.copy?.replicated = nil
        leading?.copy?.confirmed = nil
        emit(.becomePrimary(epoch))
        if leading?.stream?.state == .flowing || leading?.stream?.state == .offered,
            let sent = leading?.stream?.sent
        {
            offer(sent)
        }
        recordRegister()
        advance()
    }

    // MARK: Growing (R8)

    /// Lets the follower in once it is nearly level, if an operator wants that: by `join`, or by
    /// having started it with an invitation.
    ///
    /// The order is the rule: (a) commits need the follower, durably; (b) it has everything that
    /// has been shown; (c) the register.
    mutating func considerGrowing() {
        guard let leading, leading.isOpen, leading.handOver == nil, let copy = leading.copy,
            let stream = leading.stream, stream.state == .flowing, stream.node == copy.node
        else { return }
        guard !meta.register.members.contains(copy.node) else { return finishEarlyGrowth(copy) }
        if leading.growing == nil { beginGrowing(copy, stream) }
        guard let growing = self.leading?.growing else { return }
        let hasShown = (copy.replicated ?? .zero) >= commit
        guard hasShown || faults.contains(.joinWithoutCatchUp) else { return }
        ask(.grow(growing.node, growing.words))
    }

    private mutating func beginGrowing(_ copy: FollowerCopy, _ stream: FollowerStream) {
        let ordered = leading?.joinOrdered.flatMap { $0.node == copy.node ? $0 : nil }
        let invitation = JoinOrder(
            node: copy.node,
            words: Words(reason: "an invited follower is level", actor: "invitation", at: logTime))
        guard let order = ordered ?? (stream.isInvited ? invitation : nil), companion == nil
        else { return }
        let isNearlyLevel =
            copy.isSound && stream.sent == appended
            && sentBatches.bytes <= ReplicaLimits.nearlyLevelBytes
        guard isNearlyLevel || faults.contains(.joinWithoutCatchUp) else { return }
        leading?.growing = order
        leading?.joinOrdered = nil
        guard !faults.contains(.registerBeforeLocalSet) else { return }
        meta.members = [meta.node, copy.node].sorted()
        store()
    }

    /// The follower went before the register named it. With an operator as the arbiter no answer
    /// can be under way, so the growth is called off at once; with another one the register's
    /// version must be raised first.
    mutating func callOffGrowing() {
        guard let growing = leading?.growing else { return }
        leading?.growing = nil
        if growing.command != nil { leading?.joinOrdered = growing }
        meta.members = meta.register.members
        store()
        advance()
    }

    /// Only under the fault that registers first: the local set follows with the first ack.
    private mutating func finishEarlyGrowth(_ copy: FollowerCopy) {
        guard faults.contains(.registerBeforeLocalSet), copy.replicated == appended.last else {
            return
        }
        meta.members = meta.register.members
        store()
    }

    // MARK: An operator's commands

    mutating func obey(_ command: OperatorCommand, _ id: UInt64, _ words: Words) {
        switch command {
        case .degrade: degrade(id, words)
        case .join(let node): join(node, id, words)
        case .switchover:
            if leading != nil {
                beginHandOver(id, words, askedOn: nil)
            } else {
                askHandOver(id, words)
            }
        case .promote(let order) where order.primaryIsDown == nil && order.forcedHistory == nil:
            if leading == nil {
                askHandOver(id, words)
            } else {
                refuse(id, "this node is the primary")
            }
        case .promote(let order): promote(order, id, words)
        }
    }

    private var whyNotPrimary: String {
        deciding == nil
            ? "this node is not the primary"
            : "whether this node's last batch was acknowledged is known to its follower only"
    }

    mutating func refuse(_ id: UInt64, _ text: String) {
        emit(.answerOperator(id, .refused(text)))
    }

    /// Stop acknowledging, write the register, and only then count alone (R8): one durable write
    /// does all three.
    private mutating func degrade(_ id: UInt64, _ words: Words) {
        guard let leading else { return refuse(id, whyNotPrimary) }
        guard companion != nil else { return refuse(id, "the primary is alone already") }
        guard leading.handOver == nil else { return refuse(id, "a hand-over is under way") }
        guard isCompanionLost(at: now) else {
            return refuse(id, "the follower answers; stop it first")
        }
        ask(.shrink(words))
        answerWhenOpen(id, "one copy since LSN \(meta.register.soloSince), epoch \(meta.promised)")
    }

    private mutating func join(_ node: Identity, _ id: UInt64, _ words: Words) {
        guard let leading else { return refuse(id, whyNotPrimary) }
        guard !meta.register.members.contains(node) else {
            return refuse(id, "\(node) is a member")
        }
        guard companion == nil else { return refuse(id, "there are two copies already") }
        guard leading.stream?.node == node else { return refuse(id, "\(node) is not connected") }
        if let older = leading.joinOrdered?.command { refuse(older, "another join took its place") }
        self.leading?.joinOrdered = JoinOrder(node: node, words: words, command: id)
        considerGrowing()
    }
}
