import ByteCoding
import Environment
import ReplicatedLog

/// The driver: executes effects, and checks what they let people see.
extension ReplicaWorld {
    mutating func execute(_ effect: ReplicaEffect, on index: Int) throws {
        switch effect {
        case .write(let batch): try nodes[index].log.append(batch)
        case .send(let link, let message): send(message, on: link, from: index)
        case .disconnect(let link, _):
            if let place = links.firstIndex(where: { $0.id == link }) { close(place, by: index) }
        case .connectPeer: break
        case .storeMeta(let meta): try store(meta, on: index)
        case .advanceCommit(let place):
            nodes[index].committed = place
            try acknowledge(index)
        case .openGate: try acknowledge(index)
        case .applyThrough(let place):
            nodes[index].toApply = max(nodes[index].toApply, place)
        case .truncateLog(let head): try truncate(after: head, on: index)
        case .reloadState(let place):
            nodes[index].applied = place
            nodes[index].toApply = place
        case .readLog(let after, let maxBytes): read(after, maxBytes, on: index)
        case .sendSnapshot(let link, let epoch): sendSnapshot(link, epoch, from: index)
        case .expectSnapshot(let manifest): nodes[index].receivingSnapshot = manifest
        case .storeSnapshot: break
        case .installSnapshot: try installSnapshot(index)
        case .confirmReads(let moment): try confirm(moment, index)
        case .answerOperator(let id, let answer):
            nodes[index].unanswered.remove(id)
            if case .done = answer { count("commands done") } else { count("commands refused") }
        case .alarm(let text): nodes[index].alarms.append(text)
        case .end: crash(index)
        case .becomePrimary: count("reigns")
        case .becomeFollower, .closeGate, .compareDigest: break
        }
    }

    private mutating func send(_ message: PeerMessage, on id: LinkID, from index: Int) {
        guard let link = links.firstIndex(where: { $0.id == id }), links[link].isUp,
            let end = links[link].ends.firstIndex(of: index)
        else { return }
        links[link].inbound[1 - end].append(.message(message))
    }

    private mutating func store(_ meta: NodeMeta, on index: Int) throws {
        let old = nodes[index].meta
        guard meta.promised >= old.promised, meta.node == old.node else {
            throw Violation(
                description: "I4: promised went from \(old.promised) to \(meta.promised)")
        }
        nodes[index].meta = meta
        let register = meta.register
        if register.version == truth.version, register.primary != truth.primary {
            throw Violation(description: "two primaries in register version \(register.version)")
        }
        if register.version > truth.version {
            let isOther = register.primary != truth.primary
            switch (isOther, register.members.count) {
            case (true, 1): count("promotions")
            case (true, _): count("hand-overs")
            case (false, 1): count("degradings")
            case (false, _): count("joins")
            }
            truth = register
        }
        if register.version == truth.version, register.primary == meta.node { truth = register }
    }

    private mutating func truncate(after head: LogHead, on index: Int) throws {
        guard let count = nodes[index].log.count(endingAt: head) else {
            throw Violation(description: "cut at \(head.last), inside a batch")
        }
        nodes[index].log.entries.removeLast(nodes[index].log.entries.count - count)
        nodes[index].log.durable = min(nodes[index].log.durable, count)
        // Cutting makes what is left durable.
        nodes[index].log.durable = count
        self.count("truncations")
        nodes[index].due.append(.logTruncated(nodes[index].log.head))
    }

    private mutating func read(_ after: LSN, _ maxBytes: Int, on index: Int) {
        let log = nodes[index].log
        let first = log.count(through: after)
        guard first >= log.gone, first < log.entries.count else {
            nodes[index].due.append(.logRead(after: after, .gone))
            return
        }
        let count = min(log.entries.count - first, max(1, min(maxBytes, 3)))
        let batches = log.entries[first..<(first + count)].map(\.batch)
        nodes[index].due.append(.logRead(after: after, .batches(batches)))
    }

    // MARK: Snapshots: the manifest is the place; what it holds is taken from the sender's log.

    private mutating func sendSnapshot(_ link: LinkID, _ epoch: Epoch, from index: Int) {
        var manifest = ByteWriter()
        manifest.append(fixed: UInt64(index))
        let count = nodes[index].log.count(through: nodes[index].committed)
        manifest.append(fixed: UInt64(max(count, nodes[index].log.gone)))
        send(.snapshotBegin(epoch: epoch, manifest: manifest.bytes), on: link, from: index)
        send(.snapshotChunk(file: 0, offset: 0, bytes: [1]), on: link, from: index)
        send(.snapshotEnd, on: link, from: index)
    }

    private mutating func installSnapshot(_ index: Int) throws {
        guard let manifest = nodes[index].receivingSnapshot else { return }
        var reader = ByteReader(manifest.span.bytes)
        let sender = Int(try reader.fixed(UInt64.self))
        let count = Int(try reader.fixed(UInt64.self))
        nodes[index].receivingSnapshot = nil
        guard nodes[sender].log.entries.count >= count else {
            nodes[index].due.append(.snapshotFailed("the sender has lost it"))
            return
        }
        let entries = Array(nodes[sender].log.entries.prefix(count))
        nodes[index].log = FakeLog(entries: entries, durable: count, gone: count)
        nodes[index].applied = nodes[index].log.head.last
        nodes[index].toApply = nodes[index].applied
        nodes[index].committed = nodes[index].log.head.last
        self.count("snapshots")
        nodes[index].due.append(
            .snapshotInstalled(nodes[index].log.head, FakeLog.epochs(entries)))
    }

    // MARK: What clients see

    /// A reply showed this much of that node's log.
    private mutating func see(_ count: Int, of index: Int) throws {
        let log = nodes[index].log
        let common = min(count, seen.count)
        if common > 0, log.entries[common - 1].head.chain != seen[common - 1] {
            throw Violation(
                description: "two histories shown: batch \(common) at \(nodes[index].name)")
        }
        if count > seen.count {
            seen.append(contentsOf: log.entries[seen.count..<count].map(\.head.chain))
        }
    }

    /// Writes up to the shown point are acknowledged now.
    private mutating func acknowledge(_ index: Int) throws {
        guard let replica = nodes[index].replica, let shown = replica.shownPoint,
            let epoch = replica.epoch
        else { return }
        let node = nodes[index].meta.node
        if let other = acknowledged[epoch], other != node {
            throw Violation(description: "I1: two nodes acknowledge in epoch \(epoch)")
        }
        acknowledged[epoch] = node
        let count = nodes[index].log.count(through: shown)
        try checkCopies(replica, count, index)
        count > seen.count ? self.count("acknowledged") : ()
        try see(count, of: index)
    }

    /// I5 and the promise: what is acknowledged is flushed on every acting member.
    private func checkCopies(_ replica: Replica, _ count: Int, _ index: Int) throws {
        guard count > 0, !faults.contains(.replyBeforeCommit) else { return }
        let chain = nodes[index].log.entries[count - 1].head.chain
        for node in nodes where replica.meta.members.contains(node.meta.node) {
            guard node.log.durable >= count, node.log.entries[count - 1].head.chain == chain else {
                throw Violation(
                    description: "I5: batch \(count) is committed and not flushed on \(node.name)")
            }
        }
    }

    /// A client reads: at once, later, or not at all.
    mutating func read(from index: Int) throws {
        guard let replica = nodes[index].replica else { return }
        let now = clock(index)
        switch replica.readRight(now: now) {
        case .no: count("reads refused")
        case .now:
            count("reads")
            try show(index, atLeast: seen.count)
        case .afterConfirmation(let moment):
            nodes[index].waitingReads.append((moment, seen.count))
            try give(.confirmationAsked, to: index)
        }
    }

    private mutating func confirm(_ moment: Instant, _ index: Int) throws {
        let reads = nodes[index].waitingReads
        nodes[index].waitingReads = reads.filter { $0.at > moment }
        for read in reads where read.at <= moment {
            guard nodes[index].replica?.shownPoint != nil else { continue }
            count("reads confirmed")
            try show(index, atLeast: read.seen)
        }
    }

    private mutating func show(_ index: Int, atLeast: Int) throws {
        guard let shown = nodes[index].replica?.shownPoint else { return }
        let count = nodes[index].log.count(through: shown)
        guard count >= atLeast else {
            throw Violation(
                description: "stale read at \(nodes[index].name): \(count) of \(atLeast) batches")
        }
        try see(count, of: index)
    }

    // MARK: Invariants of one node, after each step

    func check(_ index: Int) throws {
        guard let replica = nodes[index].replica, !replica.isEnded, nodes[index].due.isEmpty else {
            return
        }
        let log = nodes[index].log
        guard replica.appended == log.head else {
            throw Violation(
                description: "\(nodes[index].name) takes \(replica.appended.last) for its head")
        }
        guard replica.flushed <= log.flushedHead.last else {
            throw Violation(description: "I6: \(replica.flushed) claimed flushed")
        }
    }

    /// I7: equal (lsn, epoch) means the same record, and the same before it.
    func checkLogs() throws {
        for (one, two) in zip(nodes[0].log.entries, nodes[1].log.entries)
        where one.head.last == two.head.last && one.head.epoch == two.head.epoch {
            guard one.head.chain == two.head.chain else {
                throw Violation(
                    description: "I7: two records \(one.head.last) of epoch \(one.head.epoch)")
            }
        }
    }
}
