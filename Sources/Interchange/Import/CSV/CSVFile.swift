internal import WorkProtocol

/// An Asana CSV of any year as an import: what its rows become.
///
/// The file becomes one project: the one that all its top-level rows name, or else one of its own,
/// named after the file, in which all its top-level rows are besides those they name. Rows name
/// projects, sections, tags and people without ids; they get external ids made of their names, so
/// that other files of the same organization find them again.
struct CSVFile: ImportedFile {
    private let source: any ByteSource
    private let options: ImportOptions
    private var reader: CSVReader
    private(set) var columns: CSVColumns?
    private(set) var survey = CSVSurvey()
    private(set) var dependencies = DependencyNames()
    private(set) var fields: [CSVField] = []
    private(set) var keepsRows = false
    private(set) var place = TextPlace.start

    private var nextRow = 0
    private var stage = Stage.definitions
    /// Tasks whose parents come later: told again when all are there.
    private var forward: [ImportTask] = []

    private enum Stage { case definitions, rows, parents, dependencies, done }

    init(_ source: any ByteSource, _ options: ImportOptions) {
        self.source = source
        self.options = options
        reader = CSVReader(source)
    }

    var projectKey: String {
        survey.mainProject.map(ForeignKey.project) ?? ForeignKey.file(projectName)
    }

    /// The name of the file's project.
    var projectName: String { survey.mainProject ?? CleanText.line(options.name).text }

    // MARK: - First reading

    mutating func survey(_ ledger: inout ImportLedger) throws(TextProblem) {
        let columns = try header()
        self.columns = columns
        for place in columns.unnamed {
            ledger.warn(place, "the column has no name and is left out")
        }
        var kinds = columns.fields.map { _ in FieldSurvey() }
        var parentIDs: [Int32: String] = [:]
        while let row = try reader.next() {
            for replaced in row.replaced { ledger.warn(replaced) }
            if let problem = columns.problem(row) {
                ledger.refuse(problem)
                ledger.summary.skipped += 1
                continue
            }
            take(row, columns, &parentIDs, &ledger)
            for (index, field) in columns.fields.enumerated() {
                kinds[index].take(row.cells[field.index].text)
            }
        }
        var links: [Int32: Int32] = [:]
        for (row, id) in parentIDs { links[row] = survey.row(id: id) }
        survey.resolve(parentIDs: links)
        keepsRows = !survey.isInSectionOrder
        resolveDependencies(columns)
        decideKinds(columns, kinds, &ledger)
        report(&ledger)
    }

    private mutating func header() throws(TextProblem) -> CSVColumns {
        for _ in 0...CSVColumns.linesAboveMax {
            guard let row = try reader.next() else { break }
            if let problem = row.problem { throw problem }
            if CSVColumns.isHeader(row) { return try CSVColumns(row, map: options.map) }
        }
        throw TextProblem(.start, "no header: expected a first row that begins with \"Task ID\"")
    }

    private mutating func take(
        _ row: CSVRow, _ columns: CSVColumns, _ parentIDs: inout [Int32: String],
        _ ledger: inout ImportLedger
    ) {
        let index = Int32(survey.rows.count)
        survey.add(
            id: columns.text(.taskID, row), name: columns.text(.name, row),
            parent: columns.text(.parent, row), projects: columns.text(.projects, row),
            section: columns.text(.section, row))
        for tag in listed(columns.text(.tags, row)) {
            _ = survey.labels.number(CleanText.line(tag).text)
        }
        _ = ledger.people.find(
            name: columns.text(.assignee, row), email: columns.text(.assigneeEmail, row))
        let parentID = columns.text(.parentID, row)
        if !parentID.isEmpty { parentIDs[index] = parentID }
        dependencies.add(
            row: index, name: columns.text(.name, row), blockedBy: columns.text(.blockedBy, row),
            blocking: columns.text(.blocking, row))
        for (column, isBlockedBy) in [(StandardColumn.blockedByIDs, true), (.blockingIDs, false)] {
            for id in listed(columns.text(column, row)) {
                idLinks.append((index, id, isBlockedBy))
            }
        }
    }

    /// Dependencies the file gives by id.
    private var idLinks: [(row: Int32, id: String, isBlockedBy: Bool)] = []

    private mutating func resolveDependencies(_ columns: CSVColumns) {
        for link in idLinks {
            guard let other = survey.row(id: link.id) else { continue }
            if link.isBlockedBy {
                dependencies.link(link.row, other)
            } else {
                dependencies.link(other, link.row)
            }
        }
        idLinks = []
        var byName: [UInt64: [Int32]] = [:]
        for (index, row) in survey.rows.enumerated() where row.name != 0 {
            byName[row.name, default: []].append(Int32(index))
        }
        dependencies.resolve(byName, isByID: columns.standard[.blockedByIDs] != nil)
    }

    private mutating func decideKinds(
        _ columns: CSVColumns, _ surveys: [FieldSurvey], _ ledger: inout ImportLedger
    ) {
        for (column, survey) in zip(columns.fields, surveys) {
            let field = CSVField(column, survey)
            fields.append(field)
            ledger.tell(field.explanation(isInferred: column.kind == nil))
        }
    }

    private func report(_ ledger: inout ImportLedger) {
        let lost = survey.rows.count { $0.parentName != 0 && $0.parent < 0 }
        if lost > 0 {
            ledger.tell(
                "\(lost) subtasks name a parent that is not in the file: they become top-level"
            )
        }
        if !dependencies.unresolved.isEmpty {
            ledger.tell(
                "\(dependencies.unresolved.count) rows name dependencies that are not in the file")
        }
        if survey.mainProject == nil {
            ledger.tell("the rows share no project: all are in a new one, \"\(projectName)\"")
        }
    }

    // MARK: - Second reading

    mutating func restart() throws(TextProblem) {
        try source.rewind()
        reader = CSVReader(source)
        _ = try header()
        nextRow = 0
        stage = .definitions
        forward = []
    }

    mutating func next(_ ledger: inout ImportLedger) throws(TextProblem) -> [ImportItem]? {
        switch stage {
        case .definitions:
            stage = .rows
            return try definitions()
        case .rows:
            if let items = try rowItems(&ledger) { return items }
            stage = .parents
            return forward.map { .task($0) }
        case .parents:
            stage = .dependencies
            return dependencyItems()
        case .dependencies:
            stage = .done
            return nil
        case .done:
            return nil
        }
    }

    private mutating func rowItems(_ ledger: inout ImportLedger) throws(TextProblem)
        -> [ImportItem]?
    {
        guard let columns else { return nil }
        while let row = try reader.next() {
            if columns.problem(row) != nil { continue }
            place = row.place
            var draft = CSVTask(row, Int32(nextRow), columns, self, &ledger)
            nextRow += 1
            ledger.countTask(isSubtask: draft.isSubtask)
            var items: [ImportItem] = [.task(draft.task)]
            if let parent = draft.forwardParent {
                var task = draft.task
                task.parent = parent
                forward.append(task)
            }
            items += draft.takeNotesRest().map { .story($0) }
            return items
        }
        return nil
    }

    private func definitions() throws(TextProblem) -> [ImportItem] {
        var items = survey.labels.texts.map { name -> ImportItem in
            var label = ImportLabel()
            label.external = External(gid: ForeignKey.label(name))
            label.name = name
            return .label(label)
        }
        items += fields.map { .field($0.item) }
        guard survey.sections.count <= 1000 else {
            throw TextProblem(place, "more than 1000 sections: is this column really a section?")
        }
        var project = ImportProject()
        project.external = External(gid: projectKey, data: keepsRows ? ExportOrder.mark : "")
        project.name = projectName
        project.into = options.into
        project.sections = survey.sections.map { name in
            var section = ImportSection()
            section.external = External(gid: ForeignKey.section(name, of: projectKey))
            section.name = name
            return section
        }
        project.fields = fields.map { Foreign($0.key, ordinal: $0.column.ordinal) }
        items.append(.project(project))
        for name in survey.projectNames.texts where name != survey.mainProject {
            var stub = ImportProject()
            stub.external = External(gid: ForeignKey.project(name))
            stub.name = name
            stub.isStub = true
            items.append(.project(stub))
        }
        return items
    }

    private func dependencyItems() -> [ImportItem] {
        dependencies.dependents.map { row in
            var item = ImportDependencies()
            item.task = reference(row)
            item.dependencies = dependencies.dependencies(row).map(reference)
            return .dependencies(item)
        }
    }

    /// How items refer to a row's task.
    func reference(_ row: Int32) -> Foreign {
        Foreign(survey.ids[Int(row)], ordinal: survey.ordinals[row] ?? 0)
    }
}

extension ImportItem {
    static func label(_ value: ImportLabel) -> ImportItem { ImportItem(.label(value)) }
    static func field(_ value: ImportField) -> ImportItem { ImportItem(.field(value)) }
    static func project(_ value: ImportProject) -> ImportItem { ImportItem(.project(value)) }
    static func task(_ value: ImportTask) -> ImportItem { ImportItem(.task(value)) }
    static func story(_ value: ImportStory) -> ImportItem { ImportItem(.story(value)) }
    static func attachment(_ value: ImportAttachment) -> ImportItem {
        ImportItem(.attachment(value))
    }
    static func dependencies(_ value: ImportDependencies) -> ImportItem {
        ImportItem(.dependencies(value))
    }

    private init(_ kind: Kind) {
        self.init()
        self.kind = kind
    }
}

extension ImportLedger {
    mutating func countTask(isSubtask: Bool) {
        guard isOpen else { return }
        summary.tasks += 1
        if isSubtask { summary.subtasks += 1 }
    }
}
