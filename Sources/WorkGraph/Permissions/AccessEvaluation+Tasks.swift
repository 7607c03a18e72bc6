internal import WorkProtocol

/// Who may see and change tasks.
extension WorkspaceGraph {
    /// What the caller may do with a task; `.none`: it does not exist for it.
    ///
    /// The most of: its access to a project the task is in; editing as the assignee or, where the
    /// task is in no project, as the creator; as a collaborator, commenting (editing where the task
    /// is in no project); editing for members where it was made public; its access to the parent.
    /// O(depth × projects).
    func access(task row: UInt32, _ caller: Caller) -> AccessLevel {
        guard let keys = taskKeys(row) else { return .none }
        return access(task: row, keys, caller)
    }

    func access(task row: UInt32, _ keys: TaskKeys, _ caller: Caller) -> AccessLevel {
        guard !keys.isDeleted else { return .none }
        // A project that the caller sees is alive, and so is the task in it.
        let placed = placedAccess(keys, caller)
        guard placed > .none || isAlive(keys) else { return .none }
        return accessAsIfAlive(keys, placed, caller)
    }

    /// By the projects that the task is in.
    @inline(__always)
    private func placedAccess(_ keys: TaskKeys, _ caller: Caller) -> AccessLevel {
        var level = AccessLevel.none
        keys.forEachPlacement { place in
            level = max(level, access(project: place.project, caller))
        }
        return level
    }

    /// Whether the caller has any access to a task (`access(task:)`). Whoever may do anything in a
    /// project the task is in has some, and most tasks are in one.
    func canSee(task row: UInt32, _ keys: TaskKeys, _ caller: Caller) -> Bool {
        guard !keys.isDeleted else { return false }
        for place in keys.placements where access(project: place.project, caller) > .none {
            return true
        }
        return access(task: row, keys, caller) > .none
    }

    /// What the caller could do with a task if it were not deleted. What is above it counts only
    /// where it is alive.
    func accessAsIfAlive(_ keys: TaskKeys, _ caller: Caller) -> AccessLevel {
        accessAsIfAlive(keys, placedAccess(keys, caller), caller)
    }

    /// - Parameter placed: the access by the projects that the task is in.
    private func accessAsIfAlive(
        _ keys: TaskKeys, _ placed: AccessLevel, _ caller: Caller
    ) -> AccessLevel {
        if caller.seesEverything { return caller.generalAccess }
        var level = ownAccess(keys, placed, caller)
        var above = keys.parent
        var depth = 0
        while level < .admin, above != 0, depth < GraphLimits.subtaskDepth,
            let parent = taskKeys(above), isAlive(parent)
        {
            level = max(level, ownAccess(parent, placedAccess(parent, caller), caller))
            above = parent.parent
            depth += 1
        }
        return level
    }

    /// By the task itself, without its parent, or by its projects, which give `level`.
    private func ownAccess(
        _ keys: TaskKeys, _ level: AccessLevel, _ caller: Caller
    ) -> AccessLevel {
        guard level < .editor else { return level }
        let isPrivate = keys.placements.isEmpty
        if keys.assignee == caller.account { return .editor }
        if isPrivate, keys.createdBy == caller.account { return .editor }
        if keys.isPublic, !caller.isGuest { return .editor }
        if keys.collaborators.contains(caller.account) { return isPrivate ? .editor : .commenter }
        return level
    }

    func taskKeys(_ row: UInt32) -> TaskKeys? {
        rows.withRow(row) { kind, bytes in kind == .task ? keys(bytes, row) : nil } ?? nil
    }

    /// The keys in a task's row.
    func keys(_ bytes: RawSpan, _ row: UInt32) -> TaskKeys {
        do { return try TaskKeys(decoding: bytes) } catch {
            preconditionFailure("task row \(row) of workspace \(ordinal) is damaged: \(error)")
        }
    }

    /// Whether the task is there for anybody: it is not deleted, and has a place that is not: a
    /// project, or a parent that is alive, or nothing above it at all.
    ///
    /// A subtask that is in a project of its own outlives its parent there, as a task outlives one
    /// of its projects in the others: what hangs under something vanishes with it, unless it has
    /// another home. So the tasks of a living project are exactly those placed in it that are not
    /// deleted themselves, and can be counted as they change.
    func isAlive(_ keys: TaskKeys) -> Bool {
        if let known = isAliveByItself(keys) { return known }
        var above = keys.parent
        for _ in 0..<GraphLimits.subtaskDepth {
            guard let parent = taskKeys(above) else { return false }
            if let known = isAliveByItself(parent) { return known }
            above = parent.parent
        }
        return true
    }

    /// Whether a task is alive; nil if that depends on its parent.
    private func isAliveByItself(_ keys: TaskKeys) -> Bool? {
        if keys.isDeleted { return false }
        if keys.placements.contains(where: { livingProject($0.project) != nil }) { return true }
        return keys.parent == 0 ? keys.placements.isEmpty : nil
    }
}
