internal import ByteCoding
internal import WorkProtocol

/// The rows of a CSV export, each written from the bytes of a task to the bytes of the file.
struct CSVExport: ~Copyable {
    private let options: ExportOptions
    private let project: UInt64
    private let columns: [StandardColumn]
    private let fields: [Field]
    private let fieldColumns: [FieldColumn]
    private var writer: CSVWriter
    private var out = ByteWriter(capacity: 64 << 10)
    private var task = TaskPlaces()
    private var value = FieldPlaces()
    private var names = NameCells()
    /// The text of the cell at hand.
    private var cell = ByteWriter(capacity: 1024)

    /// What each row asks of a field: a field itself is costly to copy.
    private struct FieldColumn {
        var gid: UInt64
        /// What its cells are kept under: the field's name, numbered where several have it.
        var name: String
        var isNumber: Bool
    }

    init(_ options: ExportOptions, project: Project?, fields: [Field]) {
        self.options = options
        self.project = project?.gid ?? 0
        columns = StandardColumn.layout(
            is2018: options.dialect == ._2018, isBoard: project?.defaultView == .board,
            withIDs: options.withIDs)
        self.fields = fields
        fieldColumns = fields.indices.map { index in
            let field = fields[index]
            let ordinal = fields[..<index].count { $0.name == field.name }
            return FieldColumn(
                gid: field.gid, name: ordinal == 0 ? field.name : "\(field.name)#\(ordinal)",
                isNumber: field.kind == .number)
        }
        writer = CSVWriter(guardsFormulas: options.guardsFormulas)
    }

    /// How many bytes there are to take.
    var pendingBytes: Int { out.count }

    /// Hands over what has been written since the last time.
    mutating func take() -> [UInt8] {
        defer { out.removeAll() }
        return out.bytes
    }

    mutating func begin() {
        out.append(CSVWriter.byteOrderMark)
        for column in columns {
            writer.cell(column.header(is2018: options.dialect == ._2018), into: &out)
        }
        for field in fields { writer.cell(field.name, into: &out) }
        writer.endRow(into: &out)
    }

    /// Writes the row of the task whose bytes (a `WorkTask`) these are.
    mutating func row(_ bytes: RawSpan, _ lookup: some ExportLookup) throws(Corruption) {
        try task.read(bytes)
        var kept: KeptCells?
        var foreign = ""
        if options.ids == .external, !task.external.isEmpty {
            let external = try External(decoding: bytes.extracting(task.external))
            foreign = ForeignKey.isMadeUp(external.gid) ? "" : external.gid
            if !external.data.isEmpty { kept = KeptCells(data: external.data) }
        }
        for column in columns {
            cell.removeAll()
            if column == .taskID, !foreign.isEmpty {
                cell.append(utf8: foreign)
            } else {
                write(column, bytes, lookup)
            }
            endCell(column.rawValue, kept)
        }
        for index in fieldColumns.indices {
            cell.removeAll()
            let gid = fieldColumns[index].gid
            if let found = task.fields.first(where: { $0.field == gid }) {
                try value.read(bytes, found.value)
                write(fields[index], bytes, lookup)
            }
            endCell(fieldColumns[index].name, kept, isNumber: fieldColumns[index].isNumber)
        }
        writer.endRow(into: &out)
    }

    /// Writes the cell at hand, or what was kept of the one that became it.
    private mutating func endCell(_ name: String, _ kept: KeptCells?, isNumber: Bool = false) {
        guard let kept else {
            return writer.cell(written: cell, isNumber: isNumber, into: &out)
        }
        let made = String(decoding: cell.bytes, as: UTF8.self)
        let text = kept.text(name, made: made)
        // What a file had in a number's column need not be a number.
        writer.cell(text, isNumber: isNumber && Decimal(text) != nil, into: &out)
    }

    // MARK: - Cells

    private mutating func write(
        _ column: StandardColumn, _ bytes: RawSpan, _ lookup: some ExportLookup
    ) {
        switch column {
        case .taskID: cell.append(decimal: task.gid)
        case .createdAt: cell.append(day: task.createdAt)
        case .completedAt: if task.completed { cell.append(day: task.completedAt) }
        case .lastModified: cell.append(day: task.modifiedAt)
        case .name: cell.append(bytes.extracting(task.name))
        case .section: writeSection(lookup)
        case .assignee: names.write(task.assignee, lookup, into: &cell)
        case .assigneeEmail: names.writeEmail(task.assignee, lookup, into: &cell)
        case .startDate: writeDay(task.startOn, task.startAt)
        case .dueDate: writeDay(task.dueOn, task.dueAt)
        case .tags: writeNames(task.labels, lookup)
        case .notes: cell.append(bytes.extracting(task.notes))
        case .projects: writeNames(task.projects, lookup)
        case .parent: names.write(task.parent, lookup, into: &cell)
        case .blockedBy: writeNames(task.dependencies, lookup)
        case .blocking: writeNames(task.dependents, lookup)
        case .parentID:
            if task.parent != 0 { cell.append(utf8: lookup.id(task.parent, options.ids)) }
        case .blockedByIDs: writeIDs(task.dependencies, lookup)
        case .blockingIDs: writeIDs(task.dependents, lookup)
        }
    }

    private mutating func writeSection(_ lookup: some ExportLookup) {
        guard project != 0 else { return cell.append(utf8: task.bucket.title) }
        guard let place = task.projects.firstIndex(of: project) else { return }
        names.write(task.sections[place], lookup, into: &cell)
    }

    private mutating func writeNames(_ gids: [UInt64], _ lookup: some ExportLookup) {
        for (index, gid) in gids.enumerated() {
            if index > 0 { cell.append(0x2C) }
            names.write(gid, lookup, into: &cell)
        }
    }

    private mutating func writeIDs(_ gids: [UInt64], _ lookup: some ExportLookup) {
        for (index, gid) in gids.enumerated() {
            if index > 0 { cell.append(0x2C) }
            cell.append(utf8: lookup.id(gid, options.ids))
        }
    }

    private mutating func writeDay(_ day: Int32?, _ moment: Int64?) {
        if let day {
            if let date = CivilDate(days: day) { date.write(to: &cell) }
        } else if let moment {
            cell.append(day: moment)
        }
    }

    /// Writes the value at hand: a number with the field's digits, options and people by name.
    private mutating func write(
        _ field: Field, _ bytes: RawSpan, _ lookup: some ExportLookup
    ) {
        switch field.kind {
        case .text: cell.append(bytes.extracting(value.text))
        case .number:
            if let number = value.number {
                cell.append(utf8: number.text(precision: field.precision))
            }
        case .enum, .multiEnum:
            for (index, option) in value.options.enumerated() {
                if index > 0 { cell.append(0x2C) }
                names.write(option, of: field, lookup, into: &cell)
            }
        case .date:
            if let date = value.date.flatMap({ CivilDate(days: $0) })
                ?? value.dateTime.flatMap({ CivilDate(milliseconds: $0) })
            {
                date.write(to: &cell)
            }
        case .people: writeNames(value.people, lookup)
        }
    }
}

extension ByteWriter {
    /// The day of a moment; nothing for one outside of the years 1 to 9999.
    fileprivate mutating func append(day moment: Int64) {
        if let date = CivilDate(milliseconds: moment) { date.write(to: &self) }
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
