internal import WorkProtocol

/// What must be done before a task: other tasks of the workspace, never in a circle.
extension WorkspaceGraph {
    func changeDependencies(
        _ request: ChangeDependencies, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draft(task: request.task, needs: .editor, caller)
        for (index, gid) in request.remove.enumerated() {
            let other = try dependency(gid, "remove[\(index)]", caller)
            guard let place = draft.task.dependencies.firstIndex(of: other) else { continue }
            draft.task.dependencies.remove(at: place)
            draft.tell(.dependencyRemoved, old: name(ofTask: other), oldGid: gid)
        }
        for (index, gid) in request.add.enumerated() {
            let other = try dependency(gid, "add[\(index)]", caller)
            guard !draft.task.dependencies.contains(other) else { continue }
            try requireNoCircle(from: other, to: draft.row)
            draft.task.dependencies.append(other)
            try requireFewDependencies(draft.row, draft.task.dependencies.count)
            let others = taskKeys(other)?.dependencies.count ?? 0
            try requireFewDependencies(other, others + 1)
            draft.tell(.dependencyAdded, new: name(ofTask: other), newGid: gid)
        }
        return try save(draft, caller, at: now)
    }

    private func dependency(
        _ gid: UInt64, _ field: String, _ caller: Caller
    ) throws(Rejection) -> UInt32 {
        guard let row = row(gid, .task), access(task: row, caller) > .none else {
            throw .notFound(field)
        }
        return row
    }

    /// Dependencies and dependents count together.
    func requireFewDependencies(_ row: UInt32, _ count: Int) throws(Rejection) {
        guard count + (indexes.dependents[row]?.count ?? 0) <= GraphLimits.dependenciesPerTask
        else { throw .limit(GraphLimits.dependenciesPerTask, "Dependencies and dependents") }
    }

    /// Checks that `start` does not, over however many others, wait for `row`. O(what it waits
    /// for).
    func requireNoCircle(from start: UInt32, to row: UInt32) throws(Rejection) {
        var seen: Set<UInt32> = [start]
        var open = [start]
        while let current = open.popLast() {
            guard current != row else {
                throw Rejection(.conflict, "The tasks would wait for each other in a circle.")
            }
            guard seen.count <= GraphLimits.dependencyReach else {
                throw .limit(GraphLimits.dependencyReach, "Tasks that a dependency leads to")
            }
            for next in taskKeys(current)?.dependencies ?? ShortList()
            where seen.insert(next).inserted {
                open.append(next)
            }
        }
    }
}
