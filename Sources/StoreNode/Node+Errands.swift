internal import Environment
internal import ReplicatedLog
internal import WorkGraph
internal import WorkProtocol

/// What the directory owes the workspaces, and the first records of a new store.
extension Node {
    /// Delivers every errand: to its workspace, then off the directory's list. Idempotent at every
    /// step, so a primary that takes over just does it again.
    func deliverErrands() {
        guard let directory = shards.workspace(0) else { return }
        for errand in directory.pendingErrands {
            var complete = CompleteErrand()
            complete.row = errand.row
            do throws(Rejection) {
                try perform(
                    .admitMember(errand.admit), in: errand.workspace, as: .node, request: nil,
                    hash: 0)
                try perform(.completeErrand(complete), in: 0, as: .node, request: nil, hash: 0)
            } catch {
                world.tell(
                    .alarm("errand \(errand.row) to workspace \(errand.workspace): \(error)"))
            }
        }
    }

    /// The first records of a store that has none: operator, token, first workspace.
    func bootstrapIfEmpty() {
        guard shards.workspace(0) == nil else { return deliverErrands() }
        let bootstrap = Bootstrap(
            name: "Operator", email: "operator@localhost.invalid",
            secretHash: configuration.operatorTokenHash, workspace: configuration.organization,
            directoryKey: world.randomness.number() | 1, workspaceKey: world.randomness.number() | 1
        )
        do throws(Rejection) {
            let steps = try WorkspaceGraph.bootstrapDirectory(
                bootstrap, in: shards.shard(of:), at: world.scheduler.wallTime)
            for step in steps { enter(step.performed, of: step.ordinal) }
        } catch {
            end(NodeEnd(70, "the store's first records were refused: \(error)"))
        }
    }

    /// Puts a record that was performed into the open group.
    func enter(_ performed: WorkspaceGraph.Performed, of workspace: UInt32) {
        guard let record = performed.record else { return }
        if !group.hasRoom(for: record.count) { closeGroup() }
        group.add(workspace: workspace, position: performed.position, body: record)
        let lsn = lastEntered
        newest[workspace] = lsn
        if let tasks = performed.rewrittenTasks {
            for task in tasks { rewrites.note(task, in: workspace, at: lsn) }
        } else {
            newestBeyondTasks[workspace] = lsn
        }
        scheduleTurn()
    }

    /// The newest record that a reply about a workspace has seen.
    func newestSeen(in workspace: UInt32) -> LSN { newest[workspace] ?? reignStart }

    /// The place of the last record in the open group, in one that waits for the replica, or of the
    /// log's last.
    var lastEntered: LSN {
        replica.appended.last.advanced(by: Int(submitting) + Int(group.count))
    }
}
