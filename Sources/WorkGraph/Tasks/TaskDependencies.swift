internal import WorkProtocol

/// What must be done before a task: other tasks of the workspace, never in a circle.
///
/// Limits and circles are those that the caller sees: a refusal for the sake of a hidden task would
/// tell that there is one. So a circle can close by way of tasks of which nobody sees all; nothing
/// here follows dependencies without an end of its own.
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
            try requireNoCircle(from: other, to: draft.row, caller)
            draft.task.dependencies.append(other)
            try requireFewDependencies(draft.row, draft.task.dependencies, more: 0, caller)
            let others = taskKeys(other).map { Array($0.dependencies) } ?? []
            try requireFewDependencies(other, others, more: 1, caller)
            draft.tell(.dependencyAdded, new: name(ofTask: other), newGid: gid)
        }
        return try save(&draft, caller, at: now)
    }

    private func dependency(
        _ gid: UInt64, _ field: String, _ caller: Caller
    ) throws(Rejection) -> UInt32 {
        guard let row = row(gid, .task), access(task: row, caller) > .none else {
            throw .notFound(field)
        }
        return row
    }

    /// Dependencies and dependents count together; `more` are those about to come.
    func requireFewDependencies(
        _ row: UInt32, _ dependencies: [UInt32], more: Int, _ caller: Caller
    ) throws(Rejection) {
        let dependents = dependents(of: row)
        guard dependencies.count + dependents.count + more <= GraphLimits.linksPerTask else {
            throw .limit(GraphLimits.linksPerTask, "Dependencies and dependents, seen or not")
        }
        let seen = (dependencies + dependents).count { access(task: $0, caller) > .none }
        guard seen + more <= GraphLimits.dependenciesPerTask else {
            throw .limit(GraphLimits.dependenciesPerTask, "Dependencies and dependents")
        }
    }

    /// The tasks that wait for a task, whoever sees them.
    func dependents(of row: UInt32) -> [UInt32] {
        var rows: [UInt32] = []
        indexes.hanging[.dependent, row]?.forEach { entry in
            rows.append(entry.row)
            return true
        }
        return rows
    }

    /// Checks that `start` does not, over however many others that the caller sees, wait for `row`.
    ///
    /// Walks from both ends and stops where one of them ends: a chain that is built link by link
    /// costs one step a link. O(the smaller of what `start` waits for and what waits for `row`).
    func requireNoCircle(
        from start: UInt32, to row: UInt32, _ caller: Caller
    ) throws(Rejection) {
        let circle = Rejection(.conflict, "The tasks would wait for each other in a circle.")
        guard start != row else { throw circle }
        var seen: (below: Set<UInt32>, above: Set<UInt32>) = ([start], [row])
        var open: (below: [UInt32], above: [UInt32]) = ([start], [row])
        while let lower = open.below.popLast(), let upper = open.above.popLast() {
            walked += 2
            guard walked <= GraphLimits.dependencyWalk else {
                throw .limit(
                    GraphLimits.dependencyWalk, "Tasks that the dependencies of a request lead to")
            }
            for next in taskKeys(lower).map({ Array($0.dependencies) }) ?? []
            where access(task: next, caller) > .none {
                guard next != row else { throw circle }
                if seen.below.insert(next).inserted { open.below.append(next) }
            }
            for next in dependents(of: upper) where access(task: next, caller) > .none {
                guard next != start else { throw circle }
                if seen.above.insert(next).inserted { open.above.append(next) }
            }
        }
    }
}
