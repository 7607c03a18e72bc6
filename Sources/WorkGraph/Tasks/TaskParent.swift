internal import WorkProtocol

/// Subtasks: ordered under a parent, at most `GraphLimits.subtaskDepth` deep, never in a circle.
extension WorkspaceGraph {
    /// Puts a task under a parent, moves it among its siblings, or makes it stand alone.
    func setParent(
        _ request: SetParent, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draft(
            task: request.task, needs: .editor, caller, ifVersion: request.ifVersion)
        let old = draft.task.parent
        guard request.parent != 0 else {
            // A parent that the caller does not see is not there for it to leave.
            if old != 0, access(task: old, caller) > .none {
                draft.task.parent = 0
                draft.task.parentRank = 0
                tellParent(&draft, old)
            }
            return try save(&draft, caller, at: now)
        }
        let parent = try parent(request.parent, "parent", caller)
        try requireNoCircle(of: draft.row, under: parent)
        let spot = try siblingSpot(request, under: parent, of: draft.row, caller)
        if old != parent || spot != .last {
            draft.task.parentRank = rank(of: draft.row, under: parent, at: spot)
        }
        draft.task.parent = parent
        if old != parent { tellParent(&draft, old) }
        return try save(&draft, caller, at: now)
    }

    /// The row of a task that a request names as a parent, which the caller must be able to change.
    func parent(
        _ gid: UInt64, _ field: String, _ caller: Caller
    ) throws(Rejection) -> UInt32 {
        guard let row = row(gid, .task), case let level = access(task: row, caller), level > .none
        else { throw .notFound(field) }
        guard level >= .editor else { throw Self.tooLow(.editor, "parent") }
        return row
    }

    /// A place under a parent; siblings that must move apart are moved.
    func rank(of row: UInt32, under parent: UInt32, at spot: Spot) -> Int64 {
        guard let opening = indexes.hanging[.subtask, parent]?.opening(at: spot, for: row) else {
            return 0
        }
        for (entry, rank) in opening.moved { edit(entry.row) { $0.parentRank = rank } }
        return opening.rank
    }

    private func siblingSpot(
        _ request: SetParent, under parent: UInt32, of row: UInt32, _ caller: Caller
    ) throws(Rejection) -> Spot {
        let isBefore = request.before != 0
        guard isBefore || request.after != 0 else { return .last }
        let field = isBefore ? "before" : "after"
        guard let sibling = self.row(isBefore ? request.before : request.after, .task),
            let keys = taskKeys(sibling), access(task: sibling, keys, caller) > .none,
            keys.parent == parent, sibling != row
        else { throw .notFound(field) }
        let entry = RankedList.Entry(rank: keys.parentRank, row: sibling)
        return isBefore ? .before(entry) : .after(entry)
    }

    private func tellParent(_ draft: inout TaskDraft, _ old: UInt32) {
        let new = draft.task.parent
        draft.tell(
            .parentChanged, old: name(ofTask: old), new: name(ofTask: new),
            oldGid: old == 0 ? 0 : gid(old).rawValue, newGid: new == 0 ? 0 : gid(new).rawValue)
    }

    func name(ofTask row: UInt32) -> String {
        row == 0 ? "" : load(TaskRow.self, row)?.name ?? ""
    }

    /// Checks that `row` with everything under it may stand under `parent`.
    func requireNoCircle(of row: UInt32, under parent: UInt32) throws(Rejection) {
        var depth = 0
        var current = parent
        while current != 0 {
            guard current != row else {
                throw Rejection(.conflict, "A task cannot be a subtask of itself or of its own.")
            }
            depth += 1
            try requireDepth(depth)
            current = taskKeys(current)?.parent ?? 0
        }
        try requireDepth(depth + height(of: row))
    }

    /// How deep a new subtask of `parent` would be; refused if that is too deep.
    func requireDepth(under parent: UInt32) throws(Rejection) {
        var depth = 0
        var current = parent
        while current != 0 {
            depth += 1
            try requireDepth(depth)
            current = taskKeys(current)?.parent ?? 0
        }
    }

    private func requireDepth(_ depth: Int) throws(Rejection) {
        guard depth <= GraphLimits.subtaskDepth else {
            throw .limit(GraphLimits.subtaskDepth, "Levels of subtasks")
        }
    }

    /// How many levels of subtasks hang under a task. O(subtasks).
    private func height(of row: UInt32) -> Int {
        var level = [row]
        var height = 0
        while height <= GraphLimits.subtaskDepth {
            var next: [UInt32] = []
            for row in level {
                indexes.hanging[.subtask, row]?.forEach { entry in
                    next.append(entry.row)
                    return true
                }
            }
            guard !next.isEmpty else { return height }
            height += 1
            level = next
        }
        return height
    }
}
