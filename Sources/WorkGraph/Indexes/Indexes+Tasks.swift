internal import WorkProtocol

/// The index entries of tasks and of what hangs on them.
extension Indexes {
    /// Takes up a task, or forgets it.
    mutating func set(task row: UInt32, _ keys: TaskKeys, _ present: Bool) {
        set(keys.externalKey, row, present)
        guard !keys.isDeleted else {
            Self.set(&trash, RankedList.Entry(rank: keys.deletedAt, row: row), present)
            return
        }
        taskCount += present ? 1 : -1
        setPlaces(row, keys, present)
        if keys.completed { countCompleted(keys, present) }
        setParent(row, keys, present)
        setAssignee(row, keys, present)
        setFollowers(row, keys, present)
        setLabels(row, keys, present)
        setDependencies(row, keys, present)
    }

    /// Takes up that a task is what `new` says and no longer what `old` says; only what differs is
    /// touched.
    mutating func change(task row: UInt32, from old: TaskKeys, to new: TaskKeys) {
        guard old.deletedAt == new.deletedAt else {
            set(task: row, old, false)
            set(task: row, new, true)
            return
        }
        if old.externalKey != new.externalKey {
            set(old.externalKey, row, false)
            set(new.externalKey, row, true)
        }
        if old.isDeleted { return }
        if old.completed { countCompleted(old, false) }
        if new.completed { countCompleted(new, true) }
        if old.placements != new.placements {
            setPlaces(row, old, false)
            setPlaces(row, new, true)
        }
        if old.parent != new.parent || old.parentRank != new.parentRank {
            setParent(row, old, false)
            setParent(row, new, true)
        }
        if old.assignee != new.assignee || old.bucket != new.bucket
            || old.bucketRank != new.bucketRank
        {
            setAssignee(row, old, false)
            setAssignee(row, new, true)
        }
        if old.collaborators != new.collaborators {
            setFollowers(row, old, false)
            setFollowers(row, new, true)
        }
        if old.labels != new.labels {
            setLabels(row, old, false)
            setLabels(row, new, true)
        }
        if old.dependencies != new.dependencies {
            setDependencies(row, old, false)
            setDependencies(row, new, true)
        }
    }

    private mutating func setPlaces(_ row: UInt32, _ keys: TaskKeys, _ present: Bool) {
        keys.forEachPlacement { place in
            tasksOfSection.set(
                place.section, RankedList.Entry(rank: place.rank, row: row), present)
        }
    }

    mutating func countCompleted(_ keys: TaskKeys, _ present: Bool) {
        for place in keys.placements { Self.count(&completedInProject, place.project, present) }
    }

    private mutating func setParent(_ row: UInt32, _ keys: TaskKeys, _ present: Bool) {
        guard keys.parent != 0 else { return }
        let entry = RankedList.Entry(rank: keys.parentRank, row: row)
        hanging.set(.subtask, keys.parent, entry, present)
    }

    private mutating func setAssignee(_ row: UInt32, _ keys: TaskKeys, _ present: Bool) {
        guard keys.assignee != 0 else { return }
        assigned.set(
            Assigned(account: keys.assignee, bucket: keys.bucket).number,
            RankedList.Entry(rank: keys.bucketRank, row: row), present)
    }

    private mutating func setFollowers(_ row: UInt32, _ keys: TaskKeys, _ present: Bool) {
        let entry = RankedList.Entry(rank: 0, row: row)
        keys.forEachCollaborator { following.set($0, entry, present) }
    }

    private mutating func setLabels(_ row: UInt32, _ keys: TaskKeys, _ present: Bool) {
        guard keys.hasLabels else { return }
        let entry = RankedList.Entry(rank: 0, row: row)
        for label in keys.labels { tasksOfLabel.set(label, entry, present) }
    }

    private mutating func setDependencies(_ row: UInt32, _ keys: TaskKeys, _ present: Bool) {
        guard keys.hasDependencies else { return }
        let entry = RankedList.Entry(rank: 0, row: row)
        for other in keys.dependencies { hanging.set(.dependent, other, entry, present) }
    }

    mutating func index(_ row: UInt32, story: StoryKeys, _ present: Bool) {
        set(story.externalKey, row, present)
        let entry = RankedList.Entry(rank: story.createdAt, row: row)
        guard case .comment = story.kind else {
            return hanging.set(.story, story.task, entry, present)
        }
        if present { hanging.set(.story, story.task, entry, true) }
        hanging.countComment(story.task, present)
        if !present { hanging.set(.story, story.task, entry, false) }
    }

    mutating func index(_ row: UInt32, attachment: FileAttachment, _ present: Bool) {
        let task = taskRow(attachment.task)
        set(attachment.external, .attachment, in: task, row, present)
        let entry = RankedList.Entry(rank: attachment.createdAt, row: row)
        hanging.set(.attachment, task, entry, present)
    }

    /// In rows, `Story.task` and `FileAttachment.task` hold the task's row number, not its gid.
    private func taskRow(_ stored: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: stored) }
}
