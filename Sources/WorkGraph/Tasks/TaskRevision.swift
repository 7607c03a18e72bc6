internal import WorkProtocol

/// What version a task is at, and when it was changed last, as one reader may know it.
///
/// A reader must not learn by a number that something happened which it does not see. So what a
/// task stands in or hangs on (projects, parent, dependencies) is not counted at all, and a value
/// of a custom field only for those who see a project that has the field: the row has a stamp for
/// each such project, and a reader adds up those it sees.
struct TaskRevision: Equatable {
    var version: UInt32
    var modifiedAt: Int64
}

extension WorkspaceGraph {
    func revision(of keys: TaskKeys, _ caller: Caller) -> TaskRevision {
        let common = TaskRevision(version: keys.version, modifiedAt: keys.modifiedAt)
        return !keys.hasStamps ? common : add(keys.stamps, to: common, caller)
    }

    func revision(of task: TaskRow, _ caller: Caller) -> TaskRevision {
        let common = TaskRevision(version: task.version, modifiedAt: task.modifiedAt)
        return add(task.fieldStamps, to: common, caller)
    }

    private func add(
        _ stamps: [FieldStamp], to common: TaskRevision, _ caller: Caller
    ) -> TaskRevision {
        var revision = common
        for stamp in stamps where access(project: stamp.project, caller) > .none {
            revision.version &+= stamp.version
            revision.modifiedAt = max(revision.modifiedAt, stamp.modifiedAt)
        }
        return revision
    }

    /// Counts what became of a task: for everybody what everybody sees, and changed values for
    /// those who see a project that has the field.
    func count(_ task: inout TaskRow, since before: TaskRow, at moment: Int64) {
        if task.differsForAll(from: before) { task.version &+= 1 }
        guard task.fields != before.fields else { return }
        let changed = Set(
            (task.fields.filter { !before.fields.contains($0) }
                + before.fields.filter { !task.fields.contains($0) }).map(\.field))
        let homes = homes(of: task)
        // Projects that the task has long left are nobody's concern.
        if task.fieldStamps.count > GraphLimits.projectsPerTask {
            task.fieldStamps.removeAll { !homes.contains($0.project) }
        }
        for project in homes.distinct()
        where indexes.projects[project]?.fields.contains(where: changed.contains) == true {
            task.stamp(project, at: moment)
        }
    }

    // MARK: - Homes

    /// The projects that a task is in, and those of what it hangs under: whose fields it may have.
    func homes(of task: TaskRow) -> [UInt32] {
        homes(task.placements.map(\.project), under: task.parent)
    }

    func homes(of keys: TaskKeys) -> [UInt32] {
        homes(keys.placements.map(\.project), under: keys.parent)
    }

    private func homes(_ own: [UInt32], under parent: UInt32) -> [UInt32] {
        var homes = own
        var current = parent
        var depth = 0
        while current != 0, depth <= GraphLimits.subtaskDepth, let keys = taskKeys(current),
            !keys.isDeleted
        {
            homes += keys.placements.map(\.project)
            current = keys.parent
            depth += 1
        }
        return homes
    }
}

extension TaskRow {
    /// Whether something differs that every reader of the task sees.
    func differsForAll(from before: TaskRow) -> Bool {
        // What changes mostly, before the rest is compared by way of a copy.
        if name != before.name || notes != before.notes || completed != before.completed
            || assignee != before.assignee || dueOn != before.dueOn
        {
            return true
        }
        var other = self
        other.unseen = before.unseen
        other.bucketRank = before.bucketRank
        other.placements = before.placements
        other.parent = before.parent
        other.parentRank = before.parentRank
        other.dependencies = before.dependencies
        other.fields = before.fields
        other.fieldStamps = before.fieldStamps
        other.isAdopted = before.isAdopted
        return other != before
    }

    fileprivate mutating func stamp(_ project: UInt32, at moment: Int64) {
        if let index = fieldStamps.firstIndex(where: { $0.project == project }) {
            fieldStamps[index].version &+= 1
            fieldStamps[index].modifiedAt = max(fieldStamps[index].modifiedAt, moment)
            return
        }
        var stamp = FieldStamp()
        stamp.project = project
        stamp.version = 1
        stamp.modifiedAt = moment
        fieldStamps.append(stamp)
    }
}

extension [UInt32] {
    /// Each number once, in the order they come.
    fileprivate func distinct() -> [UInt32] {
        var seen: Set<UInt32> = []
        return filter { seen.insert($0).inserted }
    }
}
