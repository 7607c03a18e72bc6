internal import ByteCoding
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
    private(set) var repeats = CSVRepeats()
    private var layout: CSVLayout?
    /// Rows of which only a second look tells whether the store takes them as they are.
    private var unsure: [Int32] = []
    /// Makes the items of most rows; nil before the first.
    private var plainRows: CSVPlainRows?

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
        let layout = CSVLayout(columns)
        self.layout = layout
        var kinds = columns.fields.map { _ in FieldSurvey() }
        var parentIDs: [Int32: String] = [:]
        while try reader.nextRecord() {
            if !reader.isPlain(layout, columns) {
                let row = try reader.located()
                for replaced in row.replaced { ledger.warn(replaced) }
                if let problem = columns.problem(row) {
                    ledger.refuse(problem)
                    ledger.summary.skipped += 1
                    continue
                }
            }
            take(reader, layout, &parentIDs, &ledger)
            for (index, field) in columns.fields.enumerated() {
                kinds[index].take(reader, field.index)
            }
        }
        survey.finishRows()
        var links: [Int32: Int32] = [:]
        for (row, id) in parentIDs { links[row] = survey.row(id: id) }
        survey.resolve(parentIDs: links)
        keepsRows = !survey.isInSectionOrder
        resolveDependencies(columns)
        distrustLongDependencies()
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
        _ record: CSVReader, _ layout: CSVLayout, _ parentIDs: inout [Int32: String],
        _ ledger: inout ImportLedger
    ) {
        let index = Int32(survey.rows.count)
        survey.add(record, layout)
        if !record.isEmpty(layout.tags) {
            _ = repeats.tags(record.column(layout.tags), &survey.labels)
        }
        _ = repeats.person(
            record.column(layout.assignee), record.column(layout.assigneeEmail), &ledger.people)
        if needsSecondLook(record, layout) { unsure.append(index) }
        guard layout.hasRelations(record) else { return }
        if !record.isEmpty(layout.parentID) {
            parentIDs[index] = record.column(layout.parentID).text
        }
        dependencies.add(
            row: index, name: record.column(layout.name).text,
            blockedBy: record.column(layout.blockedBy).text,
            blocking: record.column(layout.blocking).text)
        for (column, isBlockedBy) in [(layout.blockedByIDs, true), (layout.blockingIDs, false)] {
            for id in listed(record.column(column).text) {
                idLinks.append((index, id, isBlockedBy))
            }
        }
    }

    /// So many bytes besides the notes, twice over and escaped, and what fits into them, are within
    /// all limits.
    private static let sureBytes = 800

    /// With the file's own project they are more than a task may be in.
    private static let manyProjects = 20

    private func needsSecondLook(_ record: CSVReader, _ layout: CSVLayout) -> Bool {
        let notes = record.column(layout.notes).byteCount
        return notes > 65_536 || record.record.byteCount - notes > Self.sureBytes
            || !record.column(layout.name).isLine(atMost: 1024)
            || repeats.tags(record.column(layout.tags), areMoreThan: 100)
            || columns?.hasPeople == true
            || survey.projects(survey.rows.count - 1).count >= Self.manyProjects
            || !(record.isEmpty(layout.blockedByIDs) && record.isEmpty(layout.blockingIDs))
    }

    /// What was made of dependencies may be too long to be kept.
    private mutating func distrustLongDependencies() {
        let long = dependencies.made.filter {
            $0.value.blockedBy.utf8.count + $0.value.blocking.utf8.count > 4 * Self.sureBytes
        }
        unsure = Set(unsure).union(long.keys).sorted()
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
        dependencies.resolve(survey, isByID: columns.standard[.blockedByIDs] != nil)
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
        ledger.summary.tasks += survey.rows.count
        ledger.summary.subtasks += survey.rows.count { $0.parentName != 0 || $0.parent >= 0 }
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

    /// Looks again at the rows that the first reading was not sure of.
    mutating func check(_ ledger: inout ImportLedger) throws(TextProblem) {
        for item in try definitions() { try ledger.count(item, at: place) }
        if !unsure.isEmpty { try checkUnsure(&ledger) }
        for item in dependencyItems() { try ledger.count(item, at: place) }
    }

    private mutating func checkUnsure(_ ledger: inout ImportLedger) throws(TextProblem) {
        guard let columns, let layout else { return }
        try restart()
        var rest = unsure[...]
        while let next = rest.first, try reader.nextRecord() {
            guard try isGood(columns, layout) else { continue }
            defer { nextRow += 1 }
            guard next == Int32(nextRow) else { continue }
            rest.removeFirst()
            let row = try reader.located()
            place = row.place
            var draft = CSVTask(row, next, columns, self, &ledger)
            try ledger.count(.task(draft.task), at: place)
            for story in draft.takeNotesRest() { try ledger.count(.story(story), at: place) }
        }
        unsure = []
    }

    /// Whether the record at hand is a row that the survey took.
    private func isGood(
        _ columns: CSVColumns, _ layout: CSVLayout
    ) throws(TextProblem) -> Bool {
        if reader.isPlain(layout, columns) { return true }
        return columns.problem(try reader.located()) == nil
    }

    mutating func restart() throws(TextProblem) {
        try source.rewind()
        reader = CSVReader(source)
        _ = try header()
        nextRow = 0
        stage = .definitions
        forward = []
        plainRows = nil
    }

    /// Adds the items of some rows at once.
    mutating func give(
        _ ledger: inout ImportLedger, into batches: inout ImportBatches
    ) throws(TextProblem) -> Bool {
        guard stage == .rows, let columns, let layout else {
            guard let items = try next(&ledger) else { return false }
            batches.add(items)
            return true
        }
        var plain = plainRows.take() ?? CSVPlainRows(self, layout, ledger.people)
        defer { plainRows = plain }
        for _ in 0..<Self.rowsAtOnce {
            guard try reader.nextRecord() else {
                try requireAll()
                stage = .parents
                batches.add(forward.map { .task($0) })
                break
            }
            guard try isGood(columns, layout) else { continue }
            try requireKnown()
            if plain.write(Int32(nextRow), reader, self) {
                plain.give(reference(Int32(nextRow)), to: &batches)
                nextRow += 1
            } else {
                batches.add(try items(of: try reader.located(), columns, &ledger))
            }
        }
        return true
    }

    private static let rowsAtOnce = 256

    mutating func next(_ ledger: inout ImportLedger) throws(TextProblem) -> [ImportItem]? {
        switch stage {
        case .definitions:
            stage = .rows
            return try definitions()
        case .rows:
            if let items = try rowItems(&ledger) { return items }
            try requireAll()
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
        guard let columns, let layout else { return nil }
        while try reader.nextRecord() {
            if try isGood(columns, layout) {
                return try items(of: try reader.located(), columns, &ledger)
            }
        }
        return nil
    }

    /// Whether the survey has the next row: the file may have grown since.
    private func requireKnown() throws(TextProblem) {
        guard nextRow < survey.rows.count else { throw hasChanged }
    }

    /// Whether all rows have come that the survey has.
    private func requireAll() throws(TextProblem) {
        guard nextRow == survey.rows.count else { throw hasChanged }
    }

    private var hasChanged: TextProblem {
        TextProblem(reader.place, "the file has changed while it was read; import it again")
    }

    /// The items of the next row.
    private mutating func items(
        of row: CSVRow, _ columns: CSVColumns, _ ledger: inout ImportLedger
    ) throws(TextProblem) -> [ImportItem] {
        place = row.place
        try requireKnown()
        var draft = CSVTask(row, Int32(nextRow), columns, self, &ledger)
        nextRow += 1
        if let parent = draft.forwardParent {
            var task = draft.task
            task.parent = parent
            forward.append(task)
        }
        return [.task(draft.task)] + draft.takeNotesRest().map { .story($0) }
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
