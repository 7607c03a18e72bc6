internal import WorkProtocol

/// Tasks of another system.
extension WorkspaceGraph {
    func take(_ task: ImportTask, _ importing: inout Importing) throws(Rejection) -> Imported {
        let name = try importing.name(task.external)
        let known = find(name, .task, &importing)
        let row: UInt32
        var before: TaskRow?
        var after: TaskRow
        if let known, let found = load(TaskRow.self, known) {
            guard mayImport(over: known, importing.caller) else { return (.unchanged, known) }
            row = known
            before = found
            after = found
        } else {
            row = try allocate()
            after = TaskRow()
            after.gid = gid(row).rawValue
            after.importedBy = importing.caller.account
            importing.learn(name, .task, row)
        }
        after.deletedAt = 0
        after.external = task.external
        try fillTexts(&after, task, importing)
        try fillTimes(&after, task, importing)
        try fillPeople(&after, row, task, importing)
        try fillPlaces(&after, row, task, &importing)
        try fillLabels(&after, task, &importing)
        for (index, value) in task.fields.enumerated() {
            try fill(&after, value, index, &importing)
        }
        guard after != before else { return (.unchanged, row) }
        if let before {
            count(&after, since: before, at: after.modifiedAt)
        } else {
            after.version = 1
        }
        put(row, .task, after)
        return (before == nil ? .created : .updated, row)
    }

    private func fillTexts(
        _ after: inout TaskRow, _ task: ImportTask, _ importing: Importing
    ) throws(Rejection) {
        after.name = task.name
        after.subtype = task.subtype
        // Formatting that somebody gave the same notes here stays.
        guard !task.htmlNotes.isEmpty || after.notes != task.notes else { return }
        after.notes = task.notes
        after.htmlNotes = task.htmlNotes
        guard !task.htmlNotes.isEmpty else { return }
        let writing = try Writing(text: task.notes, html: task.htmlNotes, "notes")
        if task.notes.isEmpty { after.notes = writing.text }
    }

    /// Times that the source does not say are those of the first import.
    private func fillTimes(
        _ after: inout TaskRow, _ task: ImportTask, _ importing: Importing
    ) throws(Rejection) {
        func kept(_ given: Int64, _ known: Int64) -> Int64 {
            given != 0 ? given : known != 0 ? known : importing.now
        }
        after.createdAt = kept(task.createdAt, after.createdAt)
        after.modifiedAt = kept(task.modifiedAt, after.modifiedAt)
        after.completedAt =
            task.completed ? kept(task.completedAt, after.completed ? after.completedAt : 0) : 0
        after.completed = task.completed
        after.startOn = task.startOn
        after.startAt = task.startAt
        after.dueOn = task.dueOn
        after.dueAt = task.dueAt
        for moment in [after.createdAt, after.modifiedAt, after.completedAt] {
            try TaskDates.require(nil, moment, "\(importing.path).created_at")
        }
        try TaskDates.require(after.startOn, after.startAt, "\(importing.path).start_on")
        try TaskDates.require(after.dueOn, after.dueAt, "\(importing.path).due_on")
    }

    private func fillPeople(
        _ after: inout TaskRow, _ row: UInt32, _ task: ImportTask, _ importing: Importing
    ) throws(Rejection) {
        let creator = try person(task.createdBy, "created_by", importing)
        if creator != 0 { after.createdBy = creator }
        if after.createdBy == 0 { after.createdBy = importing.caller.account }
        let completer = try person(task.completedBy, "completed_by", importing)
        if !task.completed || completer != 0 { after.completedBy = completer }
        for (index, account) in task.collaborators.enumerated() {
            let person = try person(account, "collaborators[\(index)]", importing)
            guard person != 0, !after.collaborators.contains(person) else { continue }
            guard after.collaborators.count < GraphLimits.collaboratorsPerTask else {
                throw .limit(GraphLimits.collaboratorsPerTask, "Collaborators of a task")
            }
            after.collaborators.append(person)
        }
        after.likes = try likes(after.likes, and: task.likes, importing)
        let assignee = try person(task.assignee, "assignee", importing)
        let isSame = after.assignee == assignee
        after.assignee = assignee
        if assignee == 0 {
            after.bucket = .none
            after.bucketRank = 0
            after.assignedBy = 0
            after.unseen = false
        } else if !isSame || (task.bucket != .none && task.bucket != after.bucket) {
            let bucket = task.bucket == .none ? Bucket.new : task.bucket
            file(&after, row: row, in: bucket, at: .last)
        }
    }

    /// The likes there are with those of the source.
    func likes(
        _ known: [UInt64], and given: [UInt64], _ importing: Importing
    ) throws(Rejection) -> [UInt64] {
        var likes = known
        for (index, account) in given.enumerated() {
            let person = try person(account, "likes[\(index)]", importing)
            if person != 0, !likes.contains(person) { likes.append(person) }
        }
        guard likes.count <= GraphLimits.likesPerObject else {
            throw .limit(GraphLimits.likesPerObject, "Likes")
        }
        return likes
    }

    /// Puts the task at the end of what it is in, in the order of the import; where it has a place
    /// already, it keeps it.
    private func fillPlaces(
        _ after: inout TaskRow, _ row: UInt32, _ task: ImportTask, _ importing: inout Importing
    ) throws(Rejection) {
        if let parent = try resolve(task.parent, .task, "parent", &importing),
            parent != after.parent
        {
            // Found is what the importer once made: it may have lost the right to change it since.
            guard mayImport(under: parent, importing.caller) else {
                throw Rejection(
                    .forbidden,
                    "\(importing.path).parent: you may not change the task "
                        + "\"\(task.parent?.gid ?? "")\".")
            }
            try requireNoCircle(of: row, under: parent)
            after.parent = parent
            after.parentRank = rank(of: row, under: parent, at: .last)
        }
        for (index, wanted) in task.placements.enumerated() {
            guard
                let project = try resolve(
                    wanted.project, .project, "placements[\(index)].project", &importing),
                let section = try section(
                    wanted.section, in: project, "placements[\(index)].section", &importing)
            else { continue }
            try place(&after, in: project, section, importing.caller)
        }
    }

    private func place(
        _ after: inout TaskRow, in project: UInt32, _ section: UInt32, _ caller: Caller
    ) throws(Rejection) {
        let known = after.placements.firstIndex { $0.project == project }
        if let known, after.placements[known].section == section { return }
        if known == nil { try requireFewProjects(after, caller) }
        var placement = StoredPlacement()
        placement.project = project
        placement.section = section
        // At the end there is always room: the gap is 2^20 of 2^63.
        placement.rank = indexes.tasksOfSection[section]?.opening(at: .last).rank ?? 0
        if let known {
            after.placements[known] = placement
        } else {
            after.placements.append(placement)
        }
    }

    private func fillLabels(
        _ after: inout TaskRow, _ task: ImportTask, _ importing: inout Importing
    ) throws(Rejection) {
        for (index, foreign) in task.labels.enumerated() {
            guard let label = try resolve(foreign, .label, "labels[\(index)]", &importing),
                !after.labels.contains(label)
            else { continue }
            guard after.labels.count < GraphLimits.labelsPerTask else {
                throw .limit(GraphLimits.labelsPerTask, "Tags of a task")
            }
            after.labels.append(label)
        }
    }

    // MARK: - Values of fields

    private func fill(
        _ after: inout TaskRow, _ value: ImportFieldValue, _ index: Int,
        _ importing: inout Importing
    ) throws(Rejection) {
        guard let row = try resolve(value.field, .field, "fields[\(index)].field", &importing),
            var field = importing.fields[row] ?? load(Field.self, row)
        else { return }
        let before = field
        let new = try self.value(value, of: &field, index, importing)
        if field != before {
            try requireOwn(before, importing)
            field.version &+= 1
            put(row, .field, field)
            importing.fields[row] = field
        } else if importing.fields[row] == nil {
            importing.fields[row] = field
        }
        let place = after.fields.firstIndex { $0.field == field.gid }
        guard new.hasContent else {
            if let place { after.fields.remove(at: place) }
            return
        }
        if let place {
            after.fields[place] = new
        } else {
            guard after.fields.count < GraphLimits.valuesPerTask else {
                throw .limit(GraphLimits.valuesPerTask, "Values of custom fields of a task")
            }
            after.fields.append(new)
        }
    }

    /// The value as it is kept. Options are named, and made if they are new.
    private func value(
        _ value: ImportFieldValue, of field: inout Field, _ index: Int, _ importing: Importing
    ) throws(Rejection) -> FieldValue {
        var path: String { "\(importing.path).fields[\(index)]" }
        var kept = FieldValue()
        kept.field = field.gid
        switch field.kind {
        case .text: kept.text = value.text
        case .number:
            kept.number = value.number
            kept.number = try number(kept, field, path)
        case .enum, .multiEnum:
            guard field.kind == .multiEnum || value.options.count <= 1 else {
                throw .badField(path, "The field \"\(field.name)\" takes one option.")
            }
            for name in value.options {
                let option = try option(named: name, of: &field)
                if !kept.options.contains(option) { kept.options.append(option) }
            }
            // In the order of the field, as values set one by one are.
            if kept.options.count > 1 {
                kept.options = field.options.map(\.gid).filter(kept.options.contains)
            }
        case .date:
            kept.date = value.date
            kept.dateTime = value.dateTime
            try TaskDates.require(kept.date, kept.dateTime, path)
        case .people:
            for (index, account) in value.people.enumerated() {
                let person = try person(account, "people[\(index)]", importing)
                if person != 0, !kept.people.contains(person) { kept.people.append(person) }
            }
        }
        return kept
    }
}
