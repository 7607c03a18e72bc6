internal import Environment

/// A switchover: the primary takes no more writes, waits until all it has is committed, makes the
/// follower primary in the register, and is a follower from that moment: at most a second, nothing
/// lost, and never two primaries, because the old one gives up before the new one is told.
extension Replica {
    struct HandOver: Equatable, Sendable {
        var node: Identity
        var words: Words
        var deadline: Instant
        /// Who asked: an operator here, or the follower by its connection.
        var command: UInt64?
        var link: LinkID?
    }

    mutating func beginHandOver(_ id: UInt64?, _ words: Words, askedOn link: LinkID?) {
        if let objection = objectionToHandOver(askedOn: link) {
            if let id { refuse(id, objection) }
            if let link { emit(.send(link, .handOverRefused(text: objection))) }
            return
        }
        guard let companion else { return }
        leading?.handOver = HandOver(
            node: companion, words: words, deadline: now.advanced(by: ReplicaLimits.handOver),
            command: id, link: link)
        progressHandOver()
    }

    private func objectionToHandOver(askedOn link: LinkID?) -> String? {
        guard let leading else { return "this node is not the primary" }
        if leading.handOver != nil { return "a hand-over is under way" }
        guard leading.isOpen else { return "the primary is starting" }
        guard let companion, let copy = leading.copy, copy.node == companion, copy.isSound,
            let stream = leading.stream, stream.node == companion, stream.state == .flowing,
            meta.register.members.contains(companion)
        else { return "there is no follower that has everything" }
        if let link, stream.link != link { return "another node is the follower" }
        return nil
    }

    /// Hands over as soon as nothing is in flight.
    mutating func progressHandOver() {
        guard let leading, let handOver = leading.handOver, let copy = leading.copy else { return }
        guard commit == appended.last, copy.replicated == appended.last, copy.isSound else {
            return
        }
        ask(.handOver(to: handOver.node, handOver.words))
    }

    mutating func callOffHandOver(_ reason: String) {
        guard let handOver = leading?.handOver else { return }
        leading?.handOver = nil
        if let command = handOver.command { refuse(command, "called off: \(reason)") }
        if let link = handOver.link, self.link(link) != nil {
            emit(.send(link, .handOverRefused(text: reason)))
        }
    }

    /// The register names the follower. This node is one itself from here on, durably, before it
    /// says a word.
    mutating func giveUp(to node: Identity, _ words: Words) {
        guard let leading, let stream = leading.stream else { return }
        var register = next(meta.register.members, words)
        register.primary = node
        meta.register = register
        meta.promised = max(meta.promised, Epoch(version: register.version, boot: 0))
        meta.actingRole = .follower
        meta.bootCounter = 0
        emit(.closeGate)
        if let join = leading.joinOrdered?.command { refuse(join, "the primary handed over") }
        store()
        follow()
        emit(.send(stream.link, .handOver(register)))
        if let command = leading.handOver?.command {
            emit(
                .answerOperator(command, .done("node \(node) is primary in epoch \(meta.promised)"))
            )
        }
    }

    // MARK: The follower's side

    mutating func askHandOver(_ id: UInt64, _ words: Words) {
        guard let following, let link = following.link, following.epoch == meta.promised else {
            return refuse(
                id, "the primary does not answer: say --primary-is-down NODE if it is down")
        }
        guard following.handOverAsked == nil else { return refuse(id, "a hand-over is under way") }
        let deadline = now.advanced(by: ReplicaLimits.handOverAnswer)
        self.following?.handOverAsked = (id, deadline)
        emit(.send(link, .handOverAsked(words)))
    }

    mutating func answerHandOver(_ answer: OperatorAnswer) {
        guard let asked = following?.handOverAsked else { return }
        following?.handOverAsked = nil
        emit(.answerOperator(asked.command, answer))
    }

    mutating func takeHandOver(_ register: Register, on id: LinkID) {
        guard let following, following.link == id, register.primary == meta.node,
            register.version > meta.register.version
        else { return }
        takeOver(register)
    }
}
