internal import WorkProtocol

/// The list of what is assigned to somebody, in buckets the assignee orders.
extension WorkspaceGraph {
    /// Moves a task of one's own to a bucket, or within it. What one has put somewhere, one has
    /// seen.
    func moveMyTask(
        _ request: MoveMyTask, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try ownDraft(request.task, caller)
        let bucket = request.bucket == .none ? draft.task.bucket : request.bucket
        let spot = try spot(request, in: bucket, of: draft.row, caller)
        if bucket != draft.task.bucket || spot != nil {
            file(&draft.task, row: draft.row, in: bucket, at: spot ?? bucket.spot)
        }
        if bucket != draft.before.bucket { draft.task.unseen = false }
        return try save(&draft, caller, at: now)
    }

    private func spot(
        _ request: MoveMyTask, in bucket: Bucket, of row: UInt32, _ caller: Caller
    ) throws(Rejection) -> Spot? {
        let isBefore = request.before != 0
        guard isBefore || request.after != 0 else { return nil }
        guard let other = self.row(isBefore ? request.before : request.after, .task),
            let keys = taskKeys(other), access(task: other, keys, caller) > .none,
            keys.assignee == caller.account, keys.bucket == bucket, other != row
        else { throw .notFound(isBefore ? "before" : "after") }
        let entry = RankedList.Entry(rank: keys.bucketRank, row: other)
        return isBefore ? .before(entry) : .after(entry)
    }

    /// Takes the blue dot away.
    func markSeen(
        _ request: MarkSeen, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try ownDraft(request.task, caller)
        draft.task.unseen = false
        return try save(&draft, caller, at: now)
    }

    private func ownDraft(_ gid: UInt64, _ caller: Caller) throws(Rejection) -> TaskDraft {
        let draft = try draft(task: gid, needs: .viewer, caller)
        guard draft.task.assignee == caller.account, caller.account != 0 else {
            throw Rejection(.forbidden, "Only its assignee orders a task in My Tasks.")
        }
        return draft
    }
}
