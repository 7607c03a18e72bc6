internal import Environment

/// Connections: who is there, and what each message means in the state this node is in.
extension Replica {
    struct Link: Equatable, Sendable {
        var id: LinkID
        var node: Identity
        var hello: Hello?
        /// When something last came from it.
        var heardAt: Instant
    }

    var hello: Hello {
        Hello(
            node: meta.node, cluster: meta.cluster, history: meta.history, role: meta.actingRole,
            soundness: meta.soundness, promised: meta.promised, register: meta.register,
            head: appended, epochs: epochs)
    }

    func link(_ id: LinkID) -> Link? { links.first { $0.id == id } }

    mutating func connect(_ id: LinkID, _ node: Identity) {
        for old in links where old.node == node { drop(old.id, "replaced by \(id)") }
        links.append(Link(id: id, node: node, hello: nil, heardAt: now))
        guard links.count <= ReplicaLimits.links else {
            return reject(id, .busy, "too many connections")
        }
        emit(.send(id, .hello(hello)))
    }

    /// Followers try first, and no two nodes at the same moment: of two connections made at once
    /// each end would close another one.
    var reconnectDelay: Interval {
        let spread = Interval.milliseconds(meta.node.low % 8 * 30)
        let own = meta.actingRole == .primary ? ReplicaLimits.reconnect : .zero
        return Interval(nanoseconds: spread.nanoseconds + own.nanoseconds)
    }

    /// Tells every connected node that this one has changed its role; followers answer.
    mutating func greetAll() {
        for link in links { emit(.send(link.id, .hello(hello))) }
    }

    mutating func drop(_ id: LinkID, _ reason: String) {
        emit(.disconnect(id, reason))
        forget(id)
    }

    mutating func reject(_ id: LinkID, _ refusal: PeerRefusal, _ text: String) {
        emit(.send(id, .rejected(refusal, text: text)))
        drop(id, text)
        waitBeforeReconnecting()
    }

    private mutating func waitBeforeReconnecting() {
        reconnectAt = now.advanced(by: ReplicaLimits.reconnectAfterRefusal)
    }

    /// A connection over which nothing has come for long is no connection, whatever the socket
    /// says.
    mutating func dropDeadLinks() {
        for link in links {
            let limit = silenceLimit(of: link)
            guard now.since(link.heardAt) >= limit else { continue }
            drop(link.id, "nothing heard for \(limit.milliseconds) ms")
        }
    }

    /// How long a connection may be silent. Long while a log is cut or a snapshot travels: then one
    /// end works, and says nothing; but not for ever, for a stream keeps the log from being
    /// trimmed.
    func silenceLimit(of link: Link) -> Interval {
        if let following, following.work != .none { return ReplicaLimits.deadWork }
        guard let stream = leading?.stream, stream.link == link.id else {
            return ReplicaLimits.deadLink
        }
        return stream.state == .flowing ? ReplicaLimits.deadLink : ReplicaLimits.deadWork
    }

    /// This node has worked and not listened: nobody's silence counts from before.
    mutating func listenAgain() {
        for index in links.indices { links[index].heardAt = now }
    }

    mutating func forget(_ id: LinkID) {
        links.removeAll { $0.id == id }
        if links.isEmpty { reconnectAt = now.advanced(by: reconnectDelay) }
        loseFollower(id)
        losePrimary(id)
        if deciding?.asked == id { deciding?.asked = nil }
    }

    mutating func receive(_ message: PeerMessage, on id: LinkID) {
        // What comes late from a connection that was replaced means nothing.
        guard let from = link(id) else { return }
        for index in links.indices where links[index].id == id { links[index].heardAt = now }
        switch message {
        case .hello(let hello): greet(hello, on: from)
        case .rejected(let refusal, let text):
            emit(.alarm("refused by node \(from.node): \(text) (\(refusal))"))
            drop(id, text)
            waitBeforeReconnecting()
        case .reign(let reign): take(reign, on: id)
        case .append(let append): take(append, on: id)
        case .heartbeat(let epoch, let commit, let token):
            takeHeartbeat(epoch, commit, token, on: id)
        case .ack(let ack): take(ack, on: id)
        case .fenced(let promised, let register): takeFenced(promised, register, from: from)
        case .resign: emit(.alarm("node \(from.node) reports that its disk failed, and ends"))
        case .snapshotBegin, .snapshotChunk, .snapshotEnd: takeSnapshot(message, on: id)
        case .digest(let epoch, let place, let digests):
            takeDigest(epoch, place, digests, on: id)
        case .digestDiffers(let epoch, let place): takeDifference(epoch, place, on: id)
        case .handOverAsked(let words): beginHandOver(nil, words, askedOn: id)
        case .handOverRefused(let text): answerHandOver(.refused(text))
        case .handOver(let register): takeHandOver(register, on: id)
        case .tailAsked(let head): sendTail(after: head, on: id)
        case .tail(let place, let batches, let isLast):
            takeTail(after: place, batches, isLast, on: id)
        }
    }

    // MARK: Hello

    private mutating func greet(_ hello: Hello, on from: Link) {
        if let (refusal, text) = refusal(of: hello, from: from.node) {
            emit(.alarm(text))
            return reject(from.id, refusal, text)
        }
        let isRepeated = from.hello != nil
        for index in links.indices where links[index].id == from.id { links[index].hello = hello }
        if leading != nil {
            greetAsPrimary(hello, on: from.id)
        } else if deciding != nil {
            if supersedes(hello.register) {
                stepDown(hello.register, hello.promised)
            } else {
                decide(by: hello, on: from.id)
                if leading != nil { greetAll() }
            }
        } else {
            greetAsFollower(hello, on: from.id, isRepeated: isRepeated)
        }
    }

    /// Whether a register value names another node in place of this one.
    func supersedes(_ register: Register) -> Bool {
        register.version > meta.register.version && register.primary != meta.node
    }

    /// Whether two registers of one version name two primaries: two operators were at work.
    func contradicts(_ register: Register) -> Bool {
        register.version == meta.register.version && register.primary != meta.register.primary
    }

    private func refusal(of hello: Hello, from node: Identity) -> (PeerRefusal, String)? {
        if hello.node != node || hello.cluster != meta.cluster || node == meta.node {
            return (.cluster, "node \(hello.node) belongs to cluster \(hello.cluster)")
        }
        if hello.format != Hello.currentFormat {
            return (.format, "node \(node) speaks format \(hello.format)")
        }
        let isNew = hello.isInvited && hello.head == .empty
        if hello.history != meta.history, !isNew, !isFresh {
            return (.history, "node \(node) holds history \(hello.history), not \(meta.history)")
        }
        if contradicts(hello.register) {
            return (
                .contradiction,
                "node \(node) knows another register version \(hello.register.version)"
            )
        }
        return nil
    }

    /// Whether this node was invited and has nothing yet, so that it takes any history.
    var isFresh: Bool { meta.register.version == 0 && appended == .empty }

    /// Another node is primary in a newer reign (the register says so): this one ends, and starts
    /// again as a follower. What it appended and never committed must not be seen by anyone.
    mutating func stepDown(_ register: Register, _ promised: Epoch) {
        if register.version > meta.register.version { meta.register = register }
        meta.promised = max(meta.promised, promised)
        meta.actingRole = .follower
        meta.bootCounter = 0
        store()
        emit(.closeGate)
        end(.fenced(by: register.primary))
    }

    private mutating func takeFenced(_ promised: Epoch, _ register: Register, from: Link) {
        guard let leading, promised > leading.epoch, register.history == meta.history else {
            return
        }
        guard supersedes(register) else {
            // It froze for a reign that never began. An arbiter's next version would let it in.
            emit(.alarm("node \(from.node) has promised epoch \(promised) to nobody"))
            return drop(from.id, "promised a newer epoch")
        }
        stepDown(register, promised)
    }
}
