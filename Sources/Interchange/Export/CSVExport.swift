internal import WorkProtocol

/// The rows of a CSV export.
struct CSVExport: Sendable {
    private let options: ExportOptions
    private let project: UInt64
    private let columns: [StandardColumn]
    private let fields: [Field]
    /// What cells of fields are kept under: the field's name, numbered where several have it.
    private let fieldNames: [String]
    private var writer: CSVWriter
    var bytes: [UInt8] = []

    /// An export of nothing: what stands where a writer has been taken out to be changed in place.
    static let empty = CSVExport(
        ExportOptions(Export(), host: ""), project: nil, fields: [])

    init(_ options: ExportOptions, project: Project?, fields: [Field]) {
        self.options = options
        self.project = project?.gid ?? 0
        columns = StandardColumn.layout(
            is2018: options.dialect == ._2018, isBoard: project?.defaultView == .board,
            withIDs: options.withIDs)
        self.fields = fields
        fieldNames = fields.indices.map { index in
            let name = fields[index].name
            let ordinal = fields[..<index].count { $0.name == name }
            return ordinal == 0 ? name : "\(name)#\(ordinal)"
        }
        writer = CSVWriter(guardsFormulas: options.guardsFormulas)
    }

    mutating func begin() {
        bytes += CSVWriter.byteOrderMark
        for column in columns {
            writer.cell(column.header(is2018: options.dialect == ._2018), into: &bytes)
        }
        for field in fields { writer.cell(field.name, into: &bytes) }
        writer.endRow(into: &bytes)
    }

    mutating func row(_ task: WorkTask, _ lookup: some ExportLookup) {
        let kept =
            options.ids == .external ? KeptCells(data: task.external?.data ?? "") : KeptCells()
        for column in columns {
            let made = text(column, task, lookup)
            writer.cell(kept.text(column.rawValue, made: made), into: &bytes)
        }
        for (index, field) in fields.enumerated() {
            let value = task.fields.first { $0.field == field.gid }
            let made = value.map { $0.text(of: field, lookup) } ?? ""
            writer.cell(
                kept.text(fieldNames[index], made: made), isNumber: field.kind == .number,
                into: &bytes)
        }
        writer.endRow(into: &bytes)
    }

    private func text(
        _ column: StandardColumn, _ task: WorkTask, _ lookup: some ExportLookup
    ) -> String {
        switch column {
        case .taskID: return task.id(options.ids)
        case .createdAt: return day(task.createdAt)
        case .completedAt: return task.completed ? day(task.completedAt) : ""
        case .lastModified: return day(task.modifiedAt)
        case .name: return task.name
        case .section: return section(task, lookup)
        case .assignee: return lookup.text(task.assignee)
        case .assigneeEmail:
            return task.assignee == 0 ? "" : lookup.name(of: task.assignee)?.email ?? ""
        case .startDate: return day(task.startOn, task.startAt)
        case .dueDate: return day(task.dueOn, task.dueAt)
        case .tags: return list(task.labels, lookup)
        case .notes: return task.notes
        case .projects: return list(task.memberships.map(\.project), lookup)
        case .parent: return lookup.text(task.parent)
        case .blockedBy: return list(task.dependencies, lookup)
        case .blocking: return list(task.dependents, lookup)
        case .parentID: return task.parent == 0 ? "" : lookup.id(task.parent, options.ids)
        case .blockedByIDs: return ids(task.dependencies, lookup)
        case .blockingIDs: return ids(task.dependents, lookup)
        }
    }

    private func section(_ task: WorkTask, _ lookup: some ExportLookup) -> String {
        guard project != 0 else { return task.bucket.title }
        return lookup.text(task.memberships.first { $0.project == project }?.section ?? 0)
    }

    private func list(_ gids: [UInt64], _ lookup: some ExportLookup) -> String {
        gids.map { lookup.text($0) }.joined(separator: ",")
    }

    private func ids(_ gids: [UInt64], _ lookup: some ExportLookup) -> String {
        gids.map { lookup.id($0, options.ids) }.joined(separator: ",")
    }

    private func day(_ moment: Int64) -> String {
        CivilDate(milliseconds: moment)?.description ?? ""
    }

    private func day(_ day: Int32?, _ moment: Int64?) -> String {
        if let day { return CivilDate(days: day)?.description ?? "" }
        return moment.map { self.day($0) } ?? ""
    }
}

extension Bucket {
    /// The section of My Tasks.
    var title: String {
        switch self {
        case .none: ""
        case .new: "New"
        case .today: "Today"
        case .upcoming: "Upcoming"
        case .later: "Later"
        }
    }
}

extension FieldValue {
    /// The value as a cell: a number with the field's digits, options and people by name.
    func text(of field: Field, _ lookup: some ExportLookup) -> String {
        switch field.kind {
        case .text: text
        case .number: number?.text(precision: field.precision) ?? ""
        case .enum, .multiEnum:
            options.map { option in
                field.options.first { $0.gid == option }?.name ?? lookup.text(option)
            }.joined(separator: ",")
        case .date:
            date.flatMap { CivilDate(days: $0)?.description }
                ?? dateTime.flatMap { CivilDate(milliseconds: $0)?.description } ?? ""
        case .people: people.map { lookup.text($0) }.joined(separator: ",")
        }
    }
}
