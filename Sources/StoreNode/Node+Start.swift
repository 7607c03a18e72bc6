internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkGraph
internal import WorkProtocol

/// Coming up: node.meta, the newest snapshot, the log, the pair, the doors.
extension Node {
    /// Starts the node; must run on nothing else than the thread that made it, before anything
    /// else. What cannot be started says why, with the exit code.
    ///
    /// - Parameter opened: Called on the core queue when connections are accepted.
    package func start(_ opened: @escaping @Sendable () -> Void = {}) throws(NodeEnd) {
        let meta = try loadMeta()
        let began = now
        let snapshot = try loadNewestSnapshot(meta)
        let loaded = now
        if let snapshot { tell(of: snapshot, loadedIn: loaded.since(began)) }
        applied = snapshot?.last ?? .zero
        let tail = try replayLog(meta, snapshot)
        guard let log else { return }
        if meta.isOlder(than: log.head) { throw NodeEnd(olderThan: log.head, meta.promised) }
        do { try snapshotStore.removeLeftovers() } catch {
            throw NodeEnd(74, "the snapshots cannot be cleaned up: \(error)")
        }
        tell(log.recovery)
        log.onFlushed = { [weak self] lsn in self?.logFlushed(lsn) }
        log.onFailed = { [weak self] error in self?.give(.logFailed(error.description)) }
        log.onFull = { [weak self] isFull in self?.logIsFull(isFull) }
        applyTarget = applied
        queue.run { [self] in
            give(
                .started(
                    ReplicaStart(
                        meta: meta, head: log.head, epochs: log.epochHistory,
                        commit: max(log.recovery.commit, applied), applied: applied,
                        time: log.recovery.time, end: tail)))
            if openDoors() { opened() }
        }
    }

    private func loadMeta() throws(NodeEnd) -> NodeMeta {
        let loaded: NodeMetaStore.Loaded
        do { loaded = try metaStore.load() } catch {
            throw NodeEnd(74, "node.meta cannot be read: \(error)")
        }
        switch loaded {
        case .found(let meta):
            // After a flush that failed it may have been read from memory only. What this node goes
            // by has to outlast a loss of power.
            do { try metaStore.store(meta) } catch {
                throw NodeEnd(74, "node.meta cannot be written: \(error)")
            }
            return meta
        case .fresh:
            throw NodeEnd(
                78, "There is no node.meta: this directory was not made by `holdfastd init`.")
        case .foreign(let file): throw NodeEnd(78, "\(file)")
        case .damaged(let corruption):
            throw NodeEnd(
                80,
                "node.meta is damaged in both places (\(corruption)); this node does not know "
                    + "what it promised. Make a new one with `holdfastd init`, and let it join.")
        }
    }

    /// Opens the log, and applies what it gives meanwhile.
    private func replayLog(
        _ meta: NodeMeta, _ snapshot: SnapshotPosition?
    ) throws(NodeEnd) -> LogEnd {
        let began = now
        let first = applied
        shards.beginReplay()
        let tail = try openLog(meta, snapshot)
        let opened = now
        shards.endReplay()
        if let failure = maintenance.replayFailure { throw failure }
        let bytes = log?.statistics.bytes ?? 0
        let opening = opened.since(began.advanced(by: maintenance.replayTime))
        world.tell(.note("log of \(bytes) bytes opened in \(opening.milliseconds) ms"))
        // The indexes are a part of it.
        maintenance.replayTime.nanoseconds += now.since(opened).nanoseconds
        tellOfReplay(after: first, maintenance.replayTime)
        return tail
    }

    private func openLog(
        _ meta: NodeMeta, _ snapshot: SnapshotPosition?
    ) throws(NodeEnd) -> LogEnd {
        let evidence = LogEvidence(
            needed: snapshot?.last ?? .zero,
            // A node that has led, or accepted a record, and has no log has lost it.
            isFresh: meta.bootCounter == 0 && meta.actingEpoch <= Epoch(version: 1, boot: 0)
                && snapshot == nil,
            // A crash between taking a snapshot from the primary and beginning the log after it.
            isReplaceable: meta.soundness == .resyncing || meta.register.version == 0)
        let start = snapshot.map { LogStart(head: $0.head, epochs: $0.epochs) } ?? LogStart()
        do throws(LogFailure) {
            log = try openLog(meta, evidence, start, .ask)
            return .whole
        } catch {
            return try reopen(meta, evidence, start, error)
        }
    }

    private func reopen(
        _ meta: NodeMeta, _ evidence: LogEvidence, _ start: LogStart, _ failure: LogFailure
    ) throws(NodeEnd) -> LogEnd {
        guard case .undecided = failure else { throw NodeEnd(failure) }
        // Of a pair, the other node knows: the tail is cut here, and the replica asks it.
        do throws(LogFailure) {
            log = try openLog(meta, evidence, start, .cut)
        } catch { throw NodeEnd(error) }
        return isAlone(meta) ? .whole : .undecided
    }

    /// Whether nobody else has what this node has acknowledged. A follower never is alone, whatever
    /// `meta.members` says: that is a primary's.
    private func isAlone(_ meta: NodeMeta) -> Bool {
        meta.actingRole == .primary && meta.register.members == [meta.node]
    }

    private func openLog(
        _ meta: NodeMeta, _ evidence: LogEvidence, _ start: LogStart, _ undecided: UndecidedTail
    ) throws(LogFailure) -> Log {
        try Log.open(
            disk: world.disk,
            identity: LogIdentity(cluster: meta.cluster, history: meta.history),
            options: configuration.log,
            queues: LogQueues(core: queue, background: logQueue), randomness: world.randomness,
            evidence: evidence, start: start, undecided: undecided,
            committed: { [unowned self] in replay($0) })
    }

    /// Says how much the snapshot held, and what it takes of memory.
    private func tell(of snapshot: SnapshotPosition, loadedIn took: Interval) {
        var (tasks, rows, content, allocated) = (0, 0, 0, 0)
        for statistics in shards.ordinals.compactMap({ shards.workspace($0)?.statistics }) {
            tasks += statistics.tasks
            rows += statistics.rows
            content += statistics.contentBytes
            allocated += statistics.allocatedBytes
        }
        world.tell(
            .note(
                "snapshot \(snapshot.last): \(tasks) tasks, \(rows) rows of \(content) bytes in "
                    + "\(allocated), loaded in \(took.milliseconds) ms"))
    }

    /// Says what opening the log has changed.
    private func tell(_ recovery: LogRecovery) {
        switch recovery.verdict {
        case .tornTail(let tail), .undecided(let tail):
            let copy = recovery.quarantined.map { "; its bytes are in \($0)" } ?? ""
            world.tell(.alarm("the log's end was bad and has been cut: \(tail.corruption)\(copy)"))
        case .crashInRotation(let file): world.tell(.note("\(file) was empty and is removed"))
        case .cleanEnd, .damage, .foreign: break
        }
        if !recovery.separated.isEmpty {
            let files = recovery.separated.joined(separator: ", ")
            world.tell(.alarm("a segment of the log is missing; those before it are in \(files)"))
        }
        if recovery.remade > 0 {
            world.tell(.note("\(recovery.remade) batches were not vouched for: written anew"))
        }
    }

    private func logFlushed(_ lsn: LSN) {
        give(.flushed(lsn))
        scheduleTurn()
    }

    private func logIsFull(_ isFull: Bool) {
        world.tell(
            isFull
                ? .alarm("the disk is full: writes are refused until there is room")
                : .note("there is room on the disk again: writes go on"))
        if isFull { takeSnapshot { _ in } }
    }

    // MARK: - Doors

    /// - Returns: whether connections are accepted now.
    private func openDoors() -> Bool {
        guard !hasEnded else { return false }
        do throws(NetworkError) {
            try listenForPeers()
            for address in configuration.listen {
                listeners.append(
                    try world.network.listen(address.endpoint, address.security, on: queue) {
                        [weak self] connection in self?.welcome(connection)
                    })
            }
        } catch {
            end(NodeEnd(listening: error))
            return false
        }
        scheduleChores()
        return true
    }

    private func welcome(_ connection: any Connection) {
        guard !hasEnded else { return connection.close() }
        guard sessions.count < connectionLimit else {
            return Session.turnAway(
                connection, .overloaded, "There are \(connectionLimit) connections; wait.")
        }
        let session = Session(nextSession, connection, self)
        nextSession += 1
        sessions[session.id] = session
        connection.receiver = session
    }

    /// What is looked at a few times a second: deadlines, dead tokens, silent clients.
    private func scheduleChores() {
        queue.schedule(after: .milliseconds(200)) { [weak self] in
            guard let self, !hasEnded else { return }
            expireReplies()
            expireUnconfirmed()
            reviewSessions()
            maintain()
            flushSessions()
            scheduleChores()
        }
    }

    private func expireReplies() {
        guard !gate.isEmpty else { return }
        gate.expire(at: now) { reply in
            var failure = failure(.late)
            failure.outcome = reply.isCommand ? .unknown : .notExecuted
            reply.session.fail(reply.stream, failure)
        }
    }

    /// A token that was revoked, or whose owner is gone, ends its sessions within a second.
    private func reviewSessions() {
        guard now.since(maintenance.reviewedAt) >= .milliseconds(800) else { return }
        maintenance.reviewedAt = now
        let canTell = replica.shownPoint != nil
        for id in sessions.keys.sorted() { sessions[id]?.review(now, canTell: canTell) }
    }
}

extension NodeEnd {
    /// An address cannot be listened on.
    init(listening error: NetworkError) {
        let isInUse = error.kind == .inUse
        self.init(
            isInUse ? 73 : 78,
            isInUse
                ? "\(error)\nhelp: stop what listens there, or change the address in holdfast.toml"
                : "\(error)\nhelp: change the address in holdfast.toml")
    }

    /// The log knows a newer epoch than `node.meta` has promised.
    fileprivate init(olderThan head: LogHead, _ promised: Epoch) {
        self.init(
            80,
            "node.meta has promised epoch \(promised), and the log has records of \(head.epoch): "
                + "an older copy of node.meta was put back, and what was promised since is "
                + "forgotten. Put the newest one back, or make this node anew and let it join.")
    }

    init(_ failure: LogFailure) {
        switch failure {
        case .disk(let error): self.init(74, "the log: \(error)")
        case .damage, .undecided, .gone: self.init(80, "the log: \(failure)")
        case .foreign: self.init(78, "the log: \(failure)")
        }
    }

    /// The same, and what could not be done for it.
    init(_ failure: LogFailure, _ what: String) {
        self.init(failure)
        message = "\(what): \(message)"
    }
}
