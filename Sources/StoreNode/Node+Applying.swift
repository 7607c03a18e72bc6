internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkGraph
internal import WorkProtocol

/// Bringing the state up to the log: on a follower all the time, on a primary at its start.
extension Node {
    /// Records applied in one turn, so that messages and heartbeats are not kept waiting.
    private static let slice = 2_000

    func apply(through lsn: LSN) {
        applyTarget = max(applyTarget, lsn)
        guard !isApplying else { return }
        isApplying = true
        noteReplayBegins()
        queue.run { [weak self] in self?.applySlice() }
    }

    private func applySlice() {
        guard !hasEnded, isApplying else { return }
        applySome(Self.slice)
        if applied < applyTarget {
            queue.run { [weak self] in self?.applySlice() }
        } else {
            isApplying = false
            tellOfReplay()
        }
        give(.applied(applied))
    }

    /// Applies everything there is to apply, now.
    func finishApplying() {
        if applied < applyTarget {
            noteReplayBegins()
            shards.beginReplay()
            while applied < applyTarget, !hasEnded { applySome(.max) }
            shards.endReplay()
        }
        isApplying = false
        tellOfReplay()
        events.append(.applied(applied))
    }

    private func noteReplayBegins() {
        guard !maintenance.hasReplayed, maintenance.replayStart == nil, applied < applyTarget else {
            return
        }
        maintenance.replayStart = (applied, now)
    }

    /// Says once how long the log took that came after the snapshot: a restart takes so much
    /// longer.
    private func tellOfReplay() {
        guard let start = maintenance.replayStart, !hasEnded else { return }
        maintenance.replayStart = nil
        tellOfReplay(after: start.lsn, now.since(start.at))
    }

    func tellOfReplay(after lsn: LSN, _ took: Interval) {
        let count = applied.rawValue - lsn.rawValue
        guard count > 0 else { return }
        maintenance.hasReplayed = true
        world.tell(.note("\(count) records of the log applied in \(took.milliseconds) ms"))
    }

    private func applySome(_ count: Int) {
        guard let log, applied < applyTarget else { return }
        do {
            var left = count
            for batch in try log.batches(from: applied.next, maxBytes: 1 << 20) where left > 0 {
                try batch.forEachRecord { record throws(Corruption) in
                    guard record.lsn > applied, record.lsn <= applyTarget else { return }
                    try apply(record)
                    left -= 1
                }
            }
        } catch let failure as LogFailure {
            end(NodeEnd(failure, "the log cannot be applied after LSN \(applied)"))
        } catch {
            end(NodeEnd(80, "record \(applied.next) cannot be applied: \(error)"))
        }
    }

    /// Applies a batch that the log gives while it is opened, as far as it has not been before.
    func replay(_ batch: Batch) {
        guard maintenance.replayFailure == nil, batch.last > applied else { return }
        let began = now
        do throws(Corruption) {
            try batch.forEachRecord { record throws(Corruption) in
                if record.lsn > applied { try apply(record) }
            }
        } catch {
            maintenance.replayFailure = NodeEnd(
                80, "record \(applied.next) cannot be applied: \(error)")
        }
        maintenance.replayTime.nanoseconds += now.since(began).nanoseconds
    }

    private func apply(_ record: borrowing RecordView) throws(Corruption) {
        if record.type == .change {
            let workspace = UInt32(truncatingIfNeeded: record.workspace)
            try shards.shard(of: workspace).apply(
                record.body, in: workspace, at: record.position)
        }
        applied = record.lsn
        compareDigestIfThere()
    }

    // MARK: - Digests

    /// The digests of all workspaces: ordinal, position, digest of the rows, digest of the requests
    /// answered, by ascending ordinal.
    func digests() -> [UInt8] {
        var writer = ByteWriter(capacity: 256)
        for ordinal in shards.ordinals {
            guard let workspace = shards.workspace(ordinal) else { continue }
            writer.append(fixed: ordinal)
            writer.append(fixed: workspace.position)
            writer.append(fixed: workspace.digest)
            writer.append(fixed: workspace.requestDigest)
        }
        return writer.bytes
    }

    /// On the primary, every 10,000 records or 10 seconds in which something was written.
    func takeDigestIfDue() {
        guard replica.epoch != nil, group.isEmpty else { return }
        let lsn = replica.appended.last
        let isDue =
            lsn.rawValue >= lastDigest.lsn.rawValue + 10_000
            || (lsn > lastDigest.lsn && now.since(lastDigest.at) >= .seconds(10))
        guard isDue else { return }
        lastDigest = (lsn, now)
        events.append(.digestTaken(at: lsn, digests()))
        if !isStepping { give(.ticked) }
    }

    func wantDigest(_ lsn: LSN, _ digests: [UInt8]) {
        guard lsn >= applied else { return }
        wantedDigest = (lsn, digests)
        compareDigestIfThere()
    }

    private func compareDigestIfThere() {
        guard let wanted = wantedDigest, wanted.lsn == applied else { return }
        wantedDigest = nil
        events.append(.digestCompared(at: wanted.lsn, equal: wanted.digests == digests()))
    }

    // MARK: - Loading anew

    /// Forgets the state and loads it again: newest snapshot, then the log up to `lsn`.
    func reloadState(through lsn: LSN) {
        shards.removeAll()
        newest.removeAll()
        isApplying = false
        applyTarget = lsn
        do {
            applied = try loadNewestSnapshot(replica.meta)?.last ?? .zero
            finishApplying()
        } catch {
            end(error)
        }
    }
}
