internal import WorkProtocol

/// Making tasks.
extension WorkspaceGraph {
    /// Makes a task: in projects, under a parent, or in nobody's project and private to its
    /// creator, assignee and collaborators.
    ///
    /// A line that ends in ":" typed into a project shown as a list makes a section instead.
    func createTask(
        _ request: CreateTask, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        if let section = try createSection(from: request, caller, at: now) { return section }
        if request.external != nil { try requireNew(task: request.external, caller) }
        let row = try allocate()
        var task = TaskRow()
        task.gid = gid(row).rawValue
        task.version = 1
        task.createdBy = caller.account
        task.createdAt = now
        task.modifiedAt = now
        if request.external != nil { task.external = request.external }
        try fill(&task, row, request, caller, at: now)
        // What is said at the start is no change, so there is no story of it.
        put(newTask: row, task)
        return Changed(task.gid, version: 1)
    }

    private func fill(
        _ task: inout TaskRow, _ row: UInt32, _ request: CreateTask, _ caller: Caller,
        at now: Int64
    ) throws(Rejection) {
        task.name = request.name
        task.subtype = request.subtype
        try fillPlaces(&task, row, request, caller)
        var dates = TaskDates(task)
        dates.setStart(on: request.startOn, at: request.startAt)
        dates.setDue(on: request.dueOn, at: request.dueAt)
        try dates.check()
        dates.store(in: &task)
        // The creator and the assignee.
        task.collaborators.reserveCapacity(2)
        follow(&task, caller.account)
        try fillPeople(&task, row, request, caller)
        let notes = try Writing(text: request.notes, html: request.htmlNotes, "notes")
        write(notes, in: &task, caller)
        for (index, gid) in request.labels.enumerated() {
            let label = try label(gid, "labels[\(index)]", caller)
            if !task.labels.contains(label) { task.labels.append(label) }
        }
        if !request.fields.isEmpty { try setFields(request.fields, of: &task, row, caller) }
        if request.completed { complete(&task, caller, at: now) }
    }

    private func setFields(
        _ values: [FieldValue], of task: inout TaskRow, _ row: UInt32, _ caller: Caller
    ) throws(Rejection) {
        var draft = TaskDraft(row: row, before: TaskRow(), task: task, level: .editor)
        for (index, value) in values.enumerated() {
            try setField(value, "fields[\(index)]", in: &draft, caller)
        }
        task = draft.task
    }

    private func fillPlaces(
        _ task: inout TaskRow, _ row: UInt32, _ request: CreateTask, _ caller: Caller
    ) throws(Rejection) {
        if request.parent != 0 {
            let parent = try parent(request.parent, "parent", caller)
            try requireDepth(under: parent)
            task.parent = parent
            task.parentRank = rank(of: row, under: parent, at: .last)
        }
        for (index, wanted) in request.placements.enumerated() {
            let field = FieldPath("placements", index)
            let placement = try place(wanted, field, task: row, caller)
            guard !task.placements.contains(where: { $0.project == placement.project })
            else { throw .badField("\(field)", "A task is in a project once.") }
            task.placements.append(placement)
        }
    }

    private func fillPeople(
        _ task: inout TaskRow, _ row: UInt32, _ request: CreateTask, _ caller: Caller
    ) throws(Rejection) {
        for (index, account) in request.collaborators.enumerated() {
            try add(collaborator: account, "collaborators[\(index)]", to: &task, caller)
        }
        guard request.assignee != 0 else {
            guard request.bucket == .none else { throw Self.bucketOfNobody }
            return
        }
        try requirePerson(request.assignee, "assignee", caller)
        assign(&task, row: row, to: request.assignee, caller)
        if request.bucket != .none, request.bucket != .new {
            file(&task, row: row, in: request.bucket, at: request.bucket.spot)
        }
    }

    static let bucketOfNobody = Rejection.badField(
        "bucket", "Only a task with an assignee stands in a bucket of My Tasks.")

    /// Sets the notes, and makes collaborators of those they mention.
    func write(_ notes: Writing, in task: inout TaskRow, _ caller: Caller) {
        task.notes = notes.text
        task.htmlNotes = notes.html
        mention(notes.mentions, in: &task, caller)
    }

    func complete(_ task: inout TaskRow, _ caller: Caller, at now: Int64) {
        task.completed = true
        task.completedAt = now
        task.completedBy = caller.account
    }

    /// The section that a line ending in ":" makes, if it is one: nothing but a name, typed into
    /// one project that is shown as a list.
    private func createSection(
        from request: CreateTask, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed? {
        // The last byte tells for nearly all names, and is had at once.
        guard request.name.utf8.last == UInt8(ascii: ":"), request.name.hasSuffix(":"),
            request.placements.count == 1
        else { return nil }
        let placement = request.placements[0]
        var plain = CreateTask()
        plain.name = request.name
        plain.placements = request.placements
        plain.external = request.external
        guard plain == request, let project = row(placement.project, .project),
            access(project: project, caller) > .none,
            load(ProjectRow.self, project)?.project?.defaultView == .list
        else { return nil }
        let name = request.name.dropLast().trimmingSuffix { $0 == " " }
        guard !name.isEmpty else { return nil }
        var section = CreateSection()
        section.project = placement.project
        section.name = String(name)
        section.after = placement.section
        section.external = request.external
        return try createSection(section, caller, at: now)
    }
}

extension Substring {
    /// Without the characters at the end that `isDropped`.
    fileprivate func trimmingSuffix(_ isDropped: (Character) -> Bool) -> Substring {
        var rest = self
        while let last = rest.last, isDropped(last) { rest = rest.dropLast() }
        return rest
    }
}

extension Bucket {
    /// Where a task goes in a bucket when nothing is said: what has to be looked at comes on top.
    var spot: Spot {
        switch self {
        case .new, .upcoming: .first
        case .none, .today, .later: .last
        }
    }
}
