internal import ByteCoding
internal import Environment
package import ReplicatedLog
internal import WorkGraph

/// What a node can be asked by those who check it: simulation and tests, in its own process.
extension Node {
    /// The pair protocol's view, now.
    package var standing: ReplicaStatus { replica.status(now: now) }

    /// Whether clients are served: the start barrier is passed.
    package var isOpen: Bool { replica.shownPoint != nil }

    package var node: Identity { replica.meta.node }

    /// What the start made of the log; nil before it.
    package var recovery: LogRecovery? { log?.recovery }

    /// Whether the state began with a snapshot, or one has been taken since.
    package var hasSnapshot: Bool { maintenance.snapshotPoint > .zero }

    /// How far the state in memory is.
    package var statePoint: LSN { replica.epoch == nil ? applied : lastEntered }

    /// The digests of all workspaces, to be compared with another node's at the same point.
    package var stateDigests: [UInt8] { digests() }

    /// What `checkInvariants` of all workspaces finds.
    package var stateProblems: [String] {
        shards.ordinals.flatMap { ordinal in
            (shards.workspace(ordinal)?.checkInvariants() ?? []).map {
                "workspace \(ordinal): \($0)"
            }
        }
    }

    /// Every committed change record from `first` on that the log still has, in order.
    package func forEachCommittedChange(
        from first: LSN = .zero,
        _ body: (_ lsn: LSN, _ workspace: UInt64, _ content: [UInt8]) -> Void
    ) throws {
        guard let log else { return }
        var next = max(first, log.oldest)
        while next <= replica.commit {
            let batches = try log.batches(from: next, maxBytes: 1 << 20)
            guard let last = batches.last else { return }
            for batch in batches {
                try batch.forEachRecord { record throws(Corruption) in
                    guard record.type == .change, record.lsn >= first,
                        record.lsn <= replica.commit
                    else { return }
                    body(record.lsn, record.workspace, record.copy().body)
                }
            }
            next = last.last.next
        }
    }
}
