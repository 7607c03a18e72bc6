internal import WorkProtocol

/// The task that a CSV row becomes, and what has to be kept of the row besides.
struct CSVTask {
    private(set) var task = ImportTask()
    /// The parent, if it comes later in the file.
    private(set) var forwardParent: Foreign?
    /// Whether the row is a subtask, wherever its parent may be.
    private(set) var isSubtask = false
    private var notesRest = ""
    private var kept = KeptCells()

    init(
        _ row: CSVRow, _ index: Int32, _ columns: CSVColumns, _ file: CSVFile,
        _ ledger: inout ImportLedger
    ) {
        takeTexts(row, columns, &ledger)
        takeTimes(row, columns)
        takePeople(row, columns, &ledger)
        takePlacements(row, index, columns, file)
        takeParent(row, index, columns, file)
        takeLabels(row, columns, file)
        takeDependencies(row, index, columns, file)
        takeFields(row, file.fields, &ledger)
        if file.keepsRows { kept.row = Int64(index) }
        let reference = file.reference(index)
        let (data, lost) = kept.data()
        for column in lost {
            ledger.warn(row.place, "\(column) cannot be kept exactly as it is: too long")
        }
        task.external = External(gid: reference.gid, ordinal: reference.ordinal, data: data)
    }

    private mutating func takeTexts(
        _ row: CSVRow, _ columns: CSVColumns, _ ledger: inout ImportLedger
    ) {
        let name = columns.cell(.name, row)
        task.name = ledger.line(name.text, name.place, "the name")
        kept.keep(StandardColumn.name.rawValue, name.text, made: task.name)
        let notes = columns.cell(.notes, row)
        let clean = ledger.prose(notes.text, notes.place, "the notes")
        task.notes = clean.text
        notesRest = clean.rest
        kept.keep(StandardColumn.notes.rawValue, notes.text, made: clean.text)
    }

    private mutating func takeTimes(_ row: CSVRow, _ columns: CSVColumns) {
        let created = columns.text(.createdAt, row)
        task.createdAt = CSVTask.pastMoment(created)
        keepDate(.createdAt, created, created)
        let completed = columns.text(.completedAt, row)
        task.completed = !completed.isEmpty
        task.completedAt = CSVTask.pastMoment(completed)
        keepDate(.completedAt, completed, completed)
        let modified = columns.text(.lastModified, row)
        task.modifiedAt = modified.isEmpty ? task.createdAt : CSVTask.pastMoment(modified)
        keepDate(.lastModified, modified, modified.isEmpty ? created : modified)
        let start = columns.text(.startDate, row)
        (task.startOn, task.startAt) = CSVTask.dayOrMoment(start)
        keepDate(.startDate, start, start)
        let due = columns.text(.dueDate, row)
        (task.dueOn, task.dueAt) = CSVTask.dayOrMoment(due)
        keepDate(.dueDate, due, due)
    }

    /// When something happened; 0 if the cell does not say, which the first moment of 1970 would
    /// be, too.
    private static func pastMoment(_ text: String) -> Int64 {
        guard let moment = Timestamp.milliseconds(text) else { return 0 }
        return moment == 0 ? 1 : moment
    }

    /// A day, and the moment if the cell has a time.
    private static func dayOrMoment(_ text: String) -> (Int32?, Int64?) {
        guard let moment = Timestamp.milliseconds(text) else { return (nil, nil) }
        let day = CivilDate(milliseconds: moment)?.days
        return (day, CivilDate(text) == nil ? moment : nil)
    }

    /// Keeps a cell that is not what the export makes of the moment that `source` spells.
    private mutating func keepDate(_ column: StandardColumn, _ text: String, _ source: String) {
        let date = Timestamp.milliseconds(source).flatMap { CivilDate(milliseconds: $0) }
        kept.keep(column.rawValue, text, made: date?.description ?? "")
    }

    private mutating func takePeople(
        _ row: CSVRow, _ columns: CSVColumns, _ ledger: inout ImportLedger
    ) {
        let name = columns.text(.assignee, row)
        let email = columns.text(.assigneeEmail, row)
        guard let index = ledger.people.find(name: name, email: email) else { return }
        task.assignee = ledger.people.gids[index]
        let account = ledger.people.accounts[index]
        kept.keep(StandardColumn.assignee.rawValue, name, made: account.name)
        kept.keep(StandardColumn.assigneeEmail.rawValue, email, made: account.email)
    }

    private mutating func takePlacements(
        _ row: CSVRow, _ index: Int32, _ columns: CSVColumns, _ file: CSVFile
    ) {
        let (placements, section, names) = CSVTask.placements(of: Int(index), file)
        task.placements = placements
        keepList(.projects, columns.text(.projects, row), names)
        kept.keep(StandardColumn.section.rawValue, columns.text(.section, row), made: section)
    }

    /// What a row is in, and what the export prints of that: the section and the projects.
    static func placements(
        of row: Int, _ file: CSVFile
    ) -> (placements: [ImportPlacement], section: String, projects: [String]) {
        let survey = file.survey
        let named = survey.projects(row)
        var placements: [ImportPlacement] = []
        var section = ""
        var names = named
        if survey.rows[row].isPlaced, survey.mainProject.map({ !named.contains($0) }) ?? true {
            names.insert(file.projectName, at: 0)
            section = survey.section(row)
            placements.append(placement(file, section))
        }
        for name in named {
            if name == survey.mainProject {
                section = survey.section(row)
                placements.append(placement(file, section))
            } else {
                var placement = ImportPlacement()
                placement.project = Foreign(ForeignKey.project(name))
                placements.append(placement)
            }
        }
        return (placements, section, names)
    }

    private static func placement(_ file: CSVFile, _ section: String) -> ImportPlacement {
        var placement = ImportPlacement()
        placement.project = Foreign(file.projectKey)
        placement.section = Foreign(ForeignKey.section(section, of: file.projectKey))
        return placement
    }

    private mutating func takeParent(
        _ row: CSVRow, _ index: Int32, _ columns: CSVColumns, _ file: CSVFile
    ) {
        let facts = file.survey.rows[Int(index)]
        let cell = columns.text(.parent, row)
        isSubtask = !cell.isEmpty || facts.parent >= 0
        if facts.parent >= 0 {
            let parent = file.reference(facts.parent)
            if facts.isForward { forwardParent = parent } else { task.parent = parent }
        }
        kept.keep(
            StandardColumn.parent.rawValue, cell,
            made: facts.parent >= 0 ? CleanText.line(cell).text : "")
    }

    private mutating func takeLabels(
        _ row: CSVRow, _ columns: CSVColumns, _ file: CSVFile
    ) {
        let cell = columns.text(.tags, row)
        var labels = file.survey.labels
        let names = CSVRepeats.tags(cell, &labels)
        task.labels = names.map { Foreign(ForeignKey.label($0)) }
        keepList(.tags, cell, names)
    }

    private mutating func takeDependencies(
        _ row: CSVRow, _ index: Int32, _ columns: CSVColumns, _ file: CSVFile
    ) {
        let made = file.dependencies.made[index] ?? ("", "")
        keepList(.blockedBy, columns.text(.blockedBy, row), made: made.blockedBy)
        keepList(.blocking, columns.text(.blocking, row), made: made.blocking)
        let ids = { (rows: [Int32]) in
            rows.map { file.reference($0).gid }.joined(separator: ",")
        }
        keepList(
            .blockedByIDs, columns.text(.blockedByIDs, row),
            made: ids(file.dependencies.dependencies(index)))
        keepList(
            .blockingIDs, columns.text(.blockingIDs, row),
            made: ids(file.dependencies.dependents(of: index)))
    }

    /// Keeps a list of dependencies; one of several always, because the store may give them in
    /// another order, of which a list that is kept is independent.
    private mutating func keepList(_ column: StandardColumn, _ cell: String, made: String) {
        kept.keep(column.rawValue, cell, made: made, always: cell.utf8.contains(0x2C))
    }

    private mutating func keepList(_ column: StandardColumn, _ cell: String, _ names: [String]) {
        kept.keep(column.rawValue, cell, made: names.joined(separator: ","))
    }

    private mutating func takeFields(
        _ row: CSVRow, _ fields: [CSVField], _ ledger: inout ImportLedger
    ) {
        for field in fields {
            let cell = row.cells[field.column.index].text
            guard let (value, made) = field.value(cell, &ledger.people) else { continue }
            task.fields.append(value)
            kept.keep(field.column.keptName, cell, made: made)
        }
    }

    /// What did not fit into the notes, as comments that go on where they end.
    mutating func takeNotesRest() -> [ImportStory] {
        defer { notesRest = "" }
        return ContinuedText.stories(notesRest, of: task)
    }
}

/// Text that is longer than notes or a comment may be: the rest becomes comments behind it.
enum ContinuedText {
    static func stories(_ rest: String, of task: ImportTask) -> [ImportStory] {
        guard let external = task.external else { return [] }
        var rest = rest
        var stories: [ImportStory] = []
        while !rest.isEmpty {
            let clean = CleanText.prose(rest)
            var story = ImportStory()
            story.external = External(
                gid: ForeignKey.part("notes", of: external.gid),
                ordinal: external.ordinal &* 1024 &+ UInt32(truncatingIfNeeded: stories.count))
            story.task = Foreign(external.gid, ordinal: external.ordinal)
            story.kind = .comment
            story.text = clean.text
            story.createdBy = task.createdBy
            story.createdAt = task.createdAt
            stories.append(story)
            rest = clean.rest
        }
        return stories
    }
}
