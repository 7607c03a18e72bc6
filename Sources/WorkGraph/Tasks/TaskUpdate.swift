internal import WorkProtocol

/// Changing tasks, and deleting them.
extension WorkspaceGraph {
    func updateTask(
        _ request: UpdateTask, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        if TaskPatch.suffices(for: request), let done = try patchTask(request, caller, at: now) {
            return done
        }
        var draft = try draft(
            task: request.task, needs: .editor, caller, ifVersion: request.ifVersion)
        try updateTexts(&draft, request, caller)
        try updateAssignee(&draft, request, caller)
        try updateDates(&draft, request)
        if let external = request.external {
            try requireNew(task: external, besides: draft.row, caller)
            draft.task.external = external
        } else if request.clear.contains(.external) {
            draft.task.external = nil
        }
        for (index, value) in request.fields.enumerated() {
            try setField(value, "fields[\(index)]", in: &draft, caller)
        }
        updateCompletion(&draft, request, caller, at: now)
        return try save(&draft, caller, at: now)
    }

    private func updateTexts(
        _ draft: inout TaskDraft, _ request: UpdateTask, _ caller: Caller
    ) throws(Rejection) {
        if let name = request.name, name != draft.task.name {
            draft.tell(.nameChanged, old: draft.task.name, new: name)
            draft.task.name = name
        }
        if request.notes != nil || request.htmlNotes != nil {
            let notes = try Writing(
                text: request.notes ?? "", html: request.htmlNotes ?? "", "notes")
            write(notes, in: &draft.task, caller)
        }
        if request.clear.contains(.htmlNotes) { draft.task.htmlNotes = "" }
        if draft.task.notes != draft.before.notes || draft.task.htmlNotes != draft.before.htmlNotes
        {
            draft.tell(.notesChanged)
        }
        if let subtype = request.subtype, subtype != draft.task.subtype {
            draft.tell(
                .subtypeChanged, old: draft.task.subtype.shown, new: subtype.shown)
            draft.task.subtype = subtype
        }
    }

    private func updateAssignee(
        _ draft: inout TaskDraft, _ request: UpdateTask, _ caller: Caller
    ) throws(Rejection) {
        let wanted = request.clear.contains(.assignee) ? 0 : request.assignee
        if let wanted, wanted != draft.task.assignee {
            if wanted != 0 { try requirePerson(wanted, "assignee", caller) }
            let old = draft.task.assignee
            assign(&draft.task, row: draft.row, to: wanted, caller)
            draft.tell(
                wanted == 0 ? .unassigned : .assigned, old: name(ofPerson: old),
                new: name(ofPerson: wanted), oldGid: old, newGid: wanted)
        }
        if let bucket = request.bucket, bucket != draft.task.bucket {
            guard draft.task.assignee != 0 else { throw Self.bucketOfNobody }
            guard bucket != .none else {
                throw .badField("bucket", "An assigned task stands in one of the buckets.")
            }
            file(&draft.task, row: draft.row, in: bucket, at: bucket.spot)
        }
    }

    private func updateDates(
        _ draft: inout TaskDraft, _ request: UpdateTask
    ) throws(Rejection) {
        let before = TaskDates(draft.task)
        var dates = before
        if request.clear.contains(.start) { dates.setStart(on: nil, at: nil) }
        if request.clear.contains(.due) { dates.setDue(on: nil, at: nil) }
        if request.startOn != nil || request.startAt != nil {
            dates.setStart(on: request.startOn, at: request.startAt)
        }
        if request.dueOn != nil || request.dueAt != nil {
            dates.setDue(on: request.dueOn, at: request.dueAt)
        }
        guard dates != before else { return }
        try dates.check()
        dates.store(in: &draft.task)
        if dates.startOn != before.startOn || dates.startAt != before.startAt {
            draft.tell(
                .startDateChanged, old: TaskDates.shown(before.startOn, before.startAt),
                new: TaskDates.shown(dates.startOn, dates.startAt))
        }
        if dates.dueOn != before.dueOn || dates.dueAt != before.dueAt {
            draft.tell(
                .dueDateChanged, old: TaskDates.shown(before.dueOn, before.dueAt),
                new: TaskDates.shown(dates.dueOn, dates.dueAt))
        }
    }

    private func updateCompletion(
        _ draft: inout TaskDraft, _ request: UpdateTask, _ caller: Caller, at now: Int64
    ) {
        guard let completed = request.completed, completed != draft.task.completed else { return }
        if completed {
            complete(&draft.task, caller, at: now)
        } else {
            draft.task.completed = false
            draft.task.completedAt = 0
            draft.task.completedBy = 0
        }
        draft.tell(completed ? .markedComplete : .markedIncomplete)
    }

    /// Deletes a task: it and its subtasks vanish for everybody, and can be restored for a while.
    func deleteTask(
        _ request: DeleteTask, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draft(
            task: request.task, needs: .editor, caller, ifVersion: request.ifVersion)
        draft.task.deletedAt = now
        return try save(&draft, caller, at: now)
    }
}

extension TaskSubtype {
    /// The subtype's name in stories and exports.
    var shown: String {
        switch self {
        case .defaultTask: "default_task"
        case .milestone: "milestone"
        }
    }
}
