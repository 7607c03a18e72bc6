internal import WorkProtocol

/// The index entries of tasks and of what hangs on them.
extension Indexes {
    /// Takes up that a task is what `new` says and no longer what `old` says; only what differs is
    /// touched.
    mutating func change(task row: UInt32, from old: TaskKeys?, to new: TaskKeys?) {
        if old?.externalKey != new?.externalKey {
            set(old?.externalKey ?? 0, row, false)
            set(new?.externalKey ?? 0, row, true)
        }
        if old?.deletedAt != new?.deletedAt { bury(row, old, new) }
        let old = old.flatMap { $0.isDeleted ? nil : $0 }
        let new = new.flatMap { $0.isDeleted ? nil : $0 }
        taskCount += (new == nil ? 0 : 1) - (old == nil ? 0 : 1)
        changePlaces(row, old, new)
        changeParent(row, old, new)
        changeAssignee(row, old, new)
        changeFollowers(row, old, new)
        changeLabels(row, old, new)
        changeDependencies(row, old, new)
    }

    private mutating func changeFollowers(_ row: UInt32, _ old: TaskKeys?, _ new: TaskKeys?) {
        let before = old?.collaborators ?? ShortList()
        let after = new?.collaborators ?? ShortList()
        guard before != after else { return }
        let entry = RankedList.Entry(rank: 0, row: row)
        for account in before { Self.set(&following, account, entry, false) }
        for account in after { Self.set(&following, account, entry, true) }
    }

    private mutating func changeLabels(_ row: UInt32, _ old: TaskKeys?, _ new: TaskKeys?) {
        let before = old?.labels ?? ShortList()
        let after = new?.labels ?? ShortList()
        guard before != after else { return }
        let entry = RankedList.Entry(rank: 0, row: row)
        for label in before { Self.set(&tasksOfLabel, label, entry, false) }
        for label in after { Self.set(&tasksOfLabel, label, entry, true) }
    }

    private mutating func changeDependencies(_ row: UInt32, _ old: TaskKeys?, _ new: TaskKeys?) {
        let before = old?.dependencies ?? ShortList()
        let after = new?.dependencies ?? ShortList()
        guard before != after else { return }
        let entry = RankedList.Entry(rank: 0, row: row)
        for (others, present) in [(before, false), (after, true)] {
            for other in others {
                Self.set(&dependents, other, entry, present)
                counts[other].dependents &+= TaskCounts.step(present)
            }
        }
    }

    private mutating func bury(_ row: UInt32, _ old: TaskKeys?, _ new: TaskKeys?) {
        if let old, old.isDeleted {
            Self.set(&trash, RankedList.Entry(rank: old.deletedAt, row: row), false)
        }
        if let new, new.isDeleted {
            Self.set(&trash, RankedList.Entry(rank: new.deletedAt, row: row), true)
        }
    }

    private mutating func changePlaces(_ row: UInt32, _ old: TaskKeys?, _ new: TaskKeys?) {
        let isSame = old?.placements == new?.placements
        if isSame, old?.completed == new?.completed { return }
        for (keys, present) in [(old, false), (new, true)] {
            guard let keys else { continue }
            for place in keys.placements {
                if !isSame {
                    Self.set(
                        &tasksOfSection, place.section,
                        RankedList.Entry(rank: place.rank, row: row), present)
                }
                if keys.completed { Self.count(&completedInProject, place.project, present) }
            }
        }
    }

    private mutating func changeParent(_ row: UInt32, _ old: TaskKeys?, _ new: TaskKeys?) {
        guard old?.parent != new?.parent || old?.parentRank != new?.parentRank else { return }
        for (keys, present) in [(old, false), (new, true)] {
            guard let keys, keys.parent != 0 else { continue }
            Self.set(
                &subtasks, keys.parent, RankedList.Entry(rank: keys.parentRank, row: row), present)
            counts[keys.parent].subtasks &+= TaskCounts.step(present)
        }
    }

    private mutating func changeAssignee(_ row: UInt32, _ old: TaskKeys?, _ new: TaskKeys?) {
        guard
            old?.assignee != new?.assignee || old?.bucket != new?.bucket
                || old?.bucketRank != new?.bucketRank
        else { return }
        for (keys, present) in [(old, false), (new, true)] {
            guard let keys, keys.assignee != 0 else { continue }
            Self.set(
                &assigned, Assigned(account: keys.assignee, bucket: keys.bucket),
                RankedList.Entry(rank: keys.bucketRank, row: row), present)
        }
    }

    mutating func index(_ row: UInt32, story: Story, _ present: Bool) {
        let task = taskRow(story.task)
        set(story.external, .story, in: task, row, present)
        Self.set(&stories, task, RankedList.Entry(rank: story.createdAt, row: row), present)
        if story.kind == .comment { counts[task].comments &+= TaskCounts.step(present) }
    }

    mutating func index(_ row: UInt32, attachment: FileAttachment, _ present: Bool) {
        let task = taskRow(attachment.task)
        set(attachment.external, .attachment, in: task, row, present)
        Self.set(
            &attachments, task,
            RankedList.Entry(rank: attachment.createdAt, row: row), present)
        counts[task].attachments &+= TaskCounts.step(present)
    }

    /// In rows, `Story.task` and `FileAttachment.task` hold the task's row number, not its gid.
    private func taskRow(_ stored: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: stored) }
}
