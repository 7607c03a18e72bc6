internal import WorkProtocol

/// The index entries of tasks and of what hangs on them.
extension Indexes {
    mutating func index(_ row: UInt32, task keys: TaskKeys, _ present: Bool) {
        set(keys.external, .task, row, present)
        guard !keys.isDeleted else {
            Self.set(&trash, RankedList.Entry(rank: keys.deletedAt, row: row), present)
            return
        }
        taskCount += present ? 1 : -1
        for placement in keys.placements {
            Self.set(
                &tasksOfSection, placement.section,
                RankedList.Entry(rank: placement.rank, row: row), present)
            if keys.completed { Self.count(&completedInProject, placement.project, present) }
        }
        if keys.parent != 0 {
            Self.set(
                &subtasks, keys.parent, RankedList.Entry(rank: keys.parentRank, row: row), present)
        }
        if keys.assignee != 0 {
            Self.set(
                &assigned, Assigned(account: keys.assignee, bucket: keys.bucket),
                RankedList.Entry(rank: keys.bucketRank, row: row), present)
        }
        let entry = RankedList.Entry(rank: 0, row: row)
        for account in keys.collaborators { Self.set(&following, account, entry, present) }
        for label in keys.labels { Self.set(&tasksOfLabel, label, entry, present) }
        for other in keys.dependencies { Self.set(&dependents, other, entry, present) }
    }

    mutating func index(_ row: UInt32, story: Story, _ present: Bool) {
        set(story.external, .story, row, present)
        let task = taskRow(story.task)
        Self.set(&stories, task, RankedList.Entry(rank: story.createdAt, row: row), present)
        if story.kind == .comment { Self.count(&commentCount, task, present) }
    }

    mutating func index(_ row: UInt32, attachment: FileAttachment, _ present: Bool) {
        set(attachment.external, .attachment, row, present)
        Self.set(
            &attachments, taskRow(attachment.task),
            RankedList.Entry(rank: attachment.createdAt, row: row), present)
    }

    /// In rows, `Story.task` and `FileAttachment.task` hold the task's row number, not its gid.
    private func taskRow(_ stored: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: stored) }
}
