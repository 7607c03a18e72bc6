internal import Environment

/// The primary's stream to its follower: from the last record both have, by memory, by the log or
/// by a snapshot, to level and beyond.
extension Replica {
    struct FollowerStream: Equatable, Sendable {
        enum State: Equatable, Sendable {
            /// The chain at the last common record is being read from the log.
            case locating(LSN)
            /// The epoch and the place to start from have been told; the follower's ack is awaited.
            case offered
            case flowing
            /// A snapshot is on its way; when it is installed the follower says hello again.
            case snapshot
        }

        var link: LinkID
        var node: Identity
        var isInvited: Bool
        var state: State
        /// Where the follower's log ends when it has everything that was sent.
        var sent = LogHead.empty
        var isReading = false
    }

    mutating func greetAsPrimary(_ hello: Hello, on id: LinkID) {
        guard let leading else { return }
        if supersedes(hello.register) {
            stepDown(hello.register, hello.promised)
        } else if hello.role == .primary {
            emit(.send(id, .fenced(promised: meta.promised, register: meta.register)))
        } else if hello.promised > leading.epoch || hello.register.version > meta.register.version {
            emit(.alarm("node \(hello.node) has promised epoch \(hello.promised) to nobody"))
            reject(id, .contradiction, "the primary's epoch is \(leading.epoch)")
        } else {
            serve(hello, on: id)
        }
    }

    /// Begins to bring a follower level.
    private mutating func serve(_ hello: Hello, on id: LinkID) {
        if let other = leading?.stream, other.link != id {
            guard meta.members.contains(hello.node) else {
                return reject(id, .busy, "node \(other.node) is the follower")
            }
            drop(other.link, "node \(hello.node) takes its place")
        }
        leading?.stream = FollowerStream(
            link: id, node: hello.node, isInvited: hello.isInvited, state: .snapshot)
        let common = EpochHistory.common(
            epochs, endingAt: appended.last, hello.epochs, endingAt: hello.head.last)
        guard let common, hello.soundness != .damaged else { return sendSnapshot() }
        locate(common)
    }

    private mutating func locate(_ common: LSN) {
        if common == appended.last { return offer(appended) }
        if common == .zero { return offer(.empty) }
        leading?.stream?.state = .locating(common)
        read(after: common, maxBytes: 1)
    }

    private func head(at place: LSN, _ chain: UInt64) -> LogHead {
        LogHead(last: place, epoch: epochs.epoch(at: place) ?? .zero, chain: chain)
    }

    private mutating func read(after place: LSN, maxBytes: Int = ReplicaLimits.readBytes) {
        leading?.stream?.isReading = true
        emit(.readLog(after: place, maxBytes: maxBytes))
    }

    private mutating func sendSnapshot() {
        guard let stream = leading?.stream else { return }
        leading?.stream?.state = .snapshot
        emit(.sendSnapshot(stream.link, epoch: meta.promised))
    }

    /// Tells the follower the epoch and from where on it is sent records.
    mutating func offer(_ start: LogHead) {
        guard let leading, let stream = leading.stream else { return }
        self.leading?.stream?.state = .offered
        self.leading?.stream?.sent = start
        sentBatches.removeAll()
        // What it has is told anew: if it lost something, what it had does not count.
        self.leading?.copy?.replicated = nil
        let reign = ReignStart(
            epoch: leading.epoch, register: meta.register, start: start, goal: appended.last,
            commit: commit, token: token)
        emit(.send(stream.link, .reign(reign)))
    }

    /// Sends what the follower has not been sent, as far as the limit of what is on its way allows.
    mutating func pump() {
        guard canSend, let sent = leading?.stream?.sent, sent.last < appended.last else { return }
        read(after: sent.last)
    }

    var canSend: Bool {
        guard let stream = leading?.stream, stream.state == .flowing, !stream.isReading else {
            return false
        }
        return sentBatches.bytes < ReplicaLimits.unackedBytes
    }

    mutating func send(_ batch: Batch, endingAt head: LogHead) {
        guard let leading, let stream = leading.stream else { return }
        let append = Append(
            epoch: leading.epoch, previous: stream.sent, batch: batch, commit: commit, token: token)
        emit(.send(stream.link, .append(append)))
        self.leading?.stream?.sent = head
        sentBatches.append(endingAt: head.last, payloadBytes: batch.payload.count)
        if !isStalled { self.leading?.heartbeatAt = now.advanced(by: ReplicaLimits.heartbeat) }
    }

    mutating func noteRead(_ after: LSN, _ reading: LogReading) {
        if following != nil { return noteTailRead(after, reading) }
        guard let stream = leading?.stream, stream.isReading else { return }
        leading?.stream?.isReading = false
        switch (stream.state, reading) {
        case (.locating(let common), .batches(let batches)):
            guard common == after, let first = batches.first else {
                return locateAgain(stream.state)
            }
            offer(head(at: common, first.previousChain))
        case (.flowing, .batches(let batches)):
            guard after == stream.sent.last else { return pump() }
            for batch in batches {
                send(
                    batch,
                    endingAt: LogHead(last: batch.last, epoch: batch.epoch, chain: batch.chain))
            }
            pump()
        case (.locating, .gone), (.flowing, .gone): sendSnapshot()
        case (.offered, _), (.snapshot, _): return
        }
    }

    /// The read that came was an older stream's.
    private mutating func locateAgain(_ state: FollowerStream.State) {
        if case .locating(let common) = state { read(after: common, maxBytes: 1) }
    }

    mutating func take(_ ack: Ack, on id: LinkID) {
        guard let leading, let stream = leading.stream, stream.link == id else { return }
        guard stream.state == .offered || stream.state == .flowing else { return }
        guard ack.epoch == leading.epoch else { return }
        guard ack.flushed <= stream.sent.last || faults != [] else {
            return drop(id, "acknowledges \(ack.flushed), was sent \(stream.sent.last)")
        }
        var copy = leading.copy ?? FollowerCopy(node: stream.node, heardAt: now)
        if copy.node != stream.node { copy = FollowerCopy(node: stream.node, heardAt: now) }
        copy.replicated = max(copy.replicated ?? .zero, ack.flushed)
        copy.heardAt = now
        copy.applied = ack.applied
        copy.isSound = ack.isSound
        let isConfirmed = confirm(&copy, ack.token)
        self.leading?.copy = copy
        sentBatches.acknowledge(through: ack.flushed)
        if stream.state == .offered {
            self.leading?.stream?.state = .flowing
            sendHeartbeat()
        }
        advance()
        if isConfirmed, let token = ack.token, companion == copy.node {
            emit(.confirmReads(through: token))
        }
        considerGrowing()
        pump()
    }

    /// Counts a token that came back, unless it was never sent. Says whether it is news.
    private func confirm(_ copy: inout FollowerCopy, _ token: Instant?) -> Bool {
        guard let token, token <= now else { return false }
        if let confirmed = copy.confirmed, token <= confirmed { return false }
        copy.confirmed = token
        return true
    }

    mutating func loseFollower(_ id: LinkID) {
        guard let leading, leading.stream?.link == id else { return }
        self.leading?.stream = nil
        callOffGrowing()
        if leading.handOver != nil { callOffHandOver("the connection to the follower was lost") }
    }
}
