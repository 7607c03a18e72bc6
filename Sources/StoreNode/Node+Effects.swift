internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkProtocol

/// Executing what the replica wants.
extension Node {
    func execute(_ effect: ReplicaEffect) {
        switch effect {
        case .write(let batch): log?.append(batch, commit: replica.commit)
        case .send(let link, let message): links[link]?.send(message)
        case .disconnect(let link, let reason): disconnect(link, reason)
        case .connectPeer: connectPeer()
        case .storeMeta(let meta): store(meta)
        case .advanceCommit(let lsn): commitAdvanced(lsn)
        case .applyThrough(let lsn): apply(through: lsn)
        case .truncateLog(let head): truncateLog(after: head)
        case .reloadState(let lsn): reloadState(through: lsn)
        case .readLog(let after, let maxBytes): readLog(after, maxBytes)
        case .sendSnapshot(let link, _): sendSnapshot(link)
        case .expectSnapshot(let manifest): expectSnapshot(manifest)
        case .storeSnapshot(let file, let offset, let bytes): storeSnapshot(file, offset, bytes)
        case .installSnapshot: installSnapshot()
        case .becomePrimary(let epoch): becomePrimary(epoch)
        case .becomeFollower: becomeFollower()
        case .openGate(let epoch): openGate(epoch)
        case .closeGate: closeGate()
        case .confirmReads(let moment): confirmReads(through: moment)
        case .compareDigest(let lsn, let digests): wantDigest(lsn, digests)
        case .answerOperator(let id, let answer):
            operatorReplies.removeValue(forKey: id)?(answer)
        case .alarm(let text): world.tell(.alarm(text))
        case .end(let reason): end(NodeEnd(reason))
        }
    }

    private func store(_ meta: NodeMeta) {
        do { try metaStore.store(meta) } catch {
            end(
                NodeEnd(
                    74,
                    "node.meta cannot be written: \(error); the node ends, so that the "
                        + "other one can take over"))
        }
    }

    // MARK: - The log

    private func truncateLog(after head: LogHead) {
        guard let log else { return }
        // It may be of a record that goes.
        wantedDigest = nil
        let folder = "diverged/\(replica.meta.history)-\(replica.meta.actingEpoch)-\(head.last)"
        log.truncate(after: head.last, keepingCopyIn: folder) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let head): give(.logTruncated(head))
            case .failure(let failure): end(NodeEnd(failure, "it cannot be cut"))
            }
        }
    }

    private func readLog(_ after: LSN, _ maxBytes: Int) {
        guard let log else { return }
        do {
            let batches = try log.batches(from: after.next, maxBytes: maxBytes)
            events.append(.logRead(after: after, batches.isEmpty ? .gone : .batches(batches)))
        } catch .gone {
            events.append(.logRead(after: after, .gone))
        } catch {
            end(NodeEnd(error, "it cannot be read for the other node"))
        }
    }

    // MARK: - Roles

    private func becomePrimary(_ epoch: Epoch) {
        finishApplying()
        countSubmittedAsApplied()
        newest.removeAll()
        newestBeyondTasks.removeAll()
        // Of a workspace nothing is remembered about, a reply may have seen anything up to here.
        // The gate by itself holds what the start barrier holds; a plan that breaks the barrier
        // breaks both.
        reignStart = configuration.replicaFaults.contains(.noStartBarrier) ? .zero : applied
        world.tell(.note("primary in epoch \(epoch), records up to \(applied)"))
    }

    /// On a primary the state is ahead of the log: what was submitted is in it. Whoever goes on
    /// from there, in a new epoch or as a follower, must neither apply it again nor take it for
    /// old.
    private func countSubmittedAsApplied() {
        applied = max(applied, replica.applied)
        applyTarget = max(applyTarget, applied)
    }

    private func becomeFollower() {
        countSubmittedAsApplied()
        newest.removeAll()
        newestBeyondTasks.removeAll()
        world.tell(.note("follower"))
        announceTopology()
    }

    private func openGate(_ epoch: Epoch) {
        world.tell(.note("epoch \(epoch): open, \(replica.replicas) copies"))
        releaseReplies()
        announceTopology()
        bootstrapIfEmpty()
        // Whoever came before the accounts did was taken for nobody's.
        for id in sessions.keys.sorted() { sessions[id]?.identifyAgain() }
    }

    /// Nothing that is held will be committed by this node: its fate is for the next primary to
    /// say.
    private func closeGate() {
        let failure = Failure(
            .fencedWhileExecuting,
            "This node stopped being the primary; ask again with the same request ID.",
            epoch: wireEpoch)
        let elsewhere = Failure.notPrimary(primary: primaryAddress, epoch: wireEpoch)
        gate.drain { reply in
            reply.session.fail(reply.stream, reply.isCommand ? failure : elsewhere)
        }
        refuseUnconfirmed(rejection(.notPrimary))
        isConfirmationAsked = false
        flushSessions()
    }

    // MARK: - Showing

    private func commitAdvanced(_ lsn: LSN) {
        log?.noteAcknowledged(lsn)
        releaseReplies()
        snapshotMayBePublished()
        takeDigestIfDue()
    }

    func releaseReplies() {
        guard let point = shown.point, !gate.isEmpty else { return }
        gate.release(through: point) { reply in
            reply.session.deliver(reply)
        }
        scheduleTurn()
    }
}

extension NodeEnd {
    init(_ reason: ReplicaEnd) {
        switch reason {
        case .diskFailed(let text): self.init(74, "the disk failed: \(text)")
        case .fenced(let node):
            self.init(
                75,
                "node \(node) is primary in a newer epoch; start this one again, as its "
                    + "follower")
        case .damaged(let text): self.init(80, "this node lacks what it acknowledged: \(text)")
        }
    }
}
