internal import ByteCoding
internal import WorkProtocol

/// Makes the items of rows of which nothing has to be kept, because an export prints the task as
/// the row has it: nearly all. Each cell's bytes go into the item's bytes; what columns repeat is
/// made once. The others are `CSVTask`'s, which makes the same of these.
struct CSVPlainRows {
    private let layout: CSVLayout
    private let keepsRows: Bool
    private let people: PeopleTable
    private var repeats: CSVRepeats
    private var fields: [CSVPlainField]
    /// What rows with the same cells are in: fields of the item.
    private var places: [UInt64: [UInt8]?] = [:]
    private var tags: [[UInt8]?] = []
    private var assignees: [UInt64?] = []
    /// The item of the row at hand.
    private var item: [UInt8] = []

    init(_ file: CSVFile, _ layout: CSVLayout, _ people: PeopleTable) {
        self.layout = layout
        self.people = people
        keepsRows = file.keepsRows
        repeats = file.repeats
        fields = file.fields.map { CSVPlainField($0) }
    }

    /// Adds the item of the row that was written last.
    func give(_ external: @autoclosure () -> Foreign, to batches: inout ImportBatches) {
        batches.add(task: unsafe item.span.bytes, external())
    }

    /// Writes the item of a record; false if something of the row has to be kept, or told again
    /// later.
    mutating func write(_ row: Int32, _ record: CSVReader, _ file: CSVFile) -> Bool {
        guard record.record.row == nil, !layout.hasRelations(record),
            file.dependencies.made[row] == nil
        else { return false }
        var task = ByteWriter(capacity: 1024)
        writeExternal(row, file, to: &task)
        guard writeTexts(record, to: &task), writeTimes(record, to: &task),
            writeAssignee(record, to: &task), writeDays(record, to: &task),
            writeRelations(row, record, file, to: &task)
        else { return false }
        for index in fields.indices {
            guard fields[index].write(record, people, to: &task) else { return false }
        }
        var whole = ByteWriter(capacity: task.count + 8)
        whole.append(tag: 5 << 3 | 2, span: task.span)
        item = whole.bytes
        return true
    }

    private func writeExternal(_ row: Int32, _ file: CSVFile, to task: inout ByteWriter) {
        task.append(tag: 1 << 3 | 2)
        task.appendLengthDelimited { external in
            file.survey.ids.write(Int(row), tag: 1 << 3 | 2, to: &external)
            if keepsRows { external.append(tag: 2 << 3 | 2, text: "{\"row\":\(row)}") }
            let ordinal = file.survey.ordinals[row] ?? 0
            if ordinal != 0 { external.append(tag: 3 << 3, varint: UInt64(ordinal)) }
        }
    }

    private func writeTexts(_ record: CSVReader, to task: inout ByteWriter) -> Bool {
        let name = record.column(layout.name)
        let notes = record.column(layout.notes)
        guard name.isLine(atMost: 1024), notes.byteCount <= 65_536 else { return false }
        if name.byteCount > 0 { task.append(tag: 2 << 3 | 2, span: name) }
        if notes.byteCount > 0 { task.append(tag: 3 << 3 | 2, span: notes) }
        return true
    }

    private func writeTimes(_ record: CSVReader, to task: inout ByteWriter) -> Bool {
        // Without both days the export would print one for the other.
        guard let created = record.column(layout.createdAt).day,
            let modified = record.column(layout.lastModified).day
        else { return false }
        Self.write(7, created, to: &task)
        Self.write(8, modified, to: &task)
        guard !record.isEmpty(layout.completedAt) else { return true }
        guard let completed = record.column(layout.completedAt).day else { return false }
        task.append(tag: 9 << 3, varint: 1)
        Self.write(10, completed, to: &task)
        return true
    }

    /// The first moment of a day; the second of 1970, since 0 stands for no moment.
    private static func write(_ field: UInt32, _ day: Int32, to task: inout ByteWriter) {
        let moment = day == 0 ? 1 : Int64(day) * CivilDate.millisecondsPerDay
        task.append(tag: field << 3, int64: moment)
    }

    private mutating func writeAssignee(_ record: CSVReader, to task: inout ByteWriter) -> Bool {
        var everybody = people
        guard
            let number = repeats.person(
                record.column(layout.assignee), record.column(layout.assigneeEmail), &everybody)
        else { return true }
        while assignees.count <= number {
            let next = assignees.count
            let gid = repeats.isKept(person: next, people) ? people.gids[repeats.people[next]] : nil
            assignees.append(gid)
        }
        guard let assignee = assignees[number] else { return false }
        if assignee != 0 { task.append(tag: 12 << 3 | 1, fixed: assignee) }
        return true
    }

    private func writeDays(_ record: CSVReader, to task: inout ByteWriter) -> Bool {
        for (field, place) in [(UInt32(14), layout.startDate), (15, layout.dueDate)]
        where !record.isEmpty(place) {
            guard let day = record.column(place).day else { return false }
            task.append(tag: field << 3, varint: ByteWriter.zigzag(Int64(day)))
        }
        return true
    }

    // MARK: - Relations

    private mutating func writeRelations(
        _ row: Int32, _ record: CSVReader, _ file: CSVFile, to task: inout ByteWriter
    ) -> Bool {
        let facts = file.survey.rows[Int(row)]
        guard !facts.isForward, facts.parent >= 0 || record.isEmpty(layout.parent),
            record.column(layout.parent).isLine(atMost: 1024),
            let places = places(Int(row), facts, file)
        else { return false }
        if facts.parent >= 0 {
            task.append(tag: 18 << 3 | 2)
            task.appendLengthDelimited { parent in
                file.survey.ids.write(Int(facts.parent), tag: 1 << 3 | 2, to: &parent)
                let ordinal = file.survey.ordinals[facts.parent] ?? 0
                if ordinal != 0 { parent.append(tag: 2 << 3, varint: UInt64(ordinal)) }
            }
        }
        task.append(places)
        guard !record.isEmpty(layout.tags) else { return true }
        guard let tags = tags(record.column(layout.tags), file) else { return false }
        task.append(tags)
        return true
    }

    /// The placements of a row; nil if its cells have to be kept.
    private mutating func places(
        _ row: Int, _ facts: CSVSurvey.Row, _ file: CSVFile
    ) -> [UInt8]? {
        let key =
            UInt64(UInt32(bitPattern: facts.projects)) << 32
            | UInt64(UInt32(bitPattern: facts.section)) << 1 | (facts.isPlaced ? 1 : 0)
        if let known = places[key] { return known }
        let (placements, section, projects) = CSVTask.placements(of: row, file)
        var made: [UInt8]?
        if file.survey.sectionCell(row).hasBytes(of: section),
            file.survey.projectCell(row).hasBytes(of: projects.joined(separator: ","))
        {
            var task = ImportTask()
            task.placements = placements
            made = task.encoded()
        }
        places[key] = .some(made)
        return made
    }

    private mutating func tags(_ cell: RawSpan, _ file: CSVFile) -> [UInt8]? {
        var labels = file.survey.labels
        let number = repeats.tags(cell, &labels)
        while tags.count <= number {
            let names = repeats.tags[tags.count]
            var task = ImportTask()
            task.labels = names.map { Foreign(ForeignKey.label($0)) }
            let isKept = names.joined(separator: ",").hasBytes(of: repeats.tagText(tags.count))
            tags.append(isKept ? task.encoded() : nil)
        }
        return tags[number]
    }
}

/// The values of one custom field, as `CSVPlainRows` writes them.
struct CSVPlainField {
    private let field: CSVField
    private let place: Int
    /// Which field it is, as each value begins.
    private let reference: [UInt8]
    /// Values that came before, and what was made of them.
    private var known = ByteInterner()
    private var made: [[UInt8]?] = []
    private static let knownMax = 2048

    init(_ field: CSVField) {
        self.field = field
        place = field.column.index
        var value = ImportFieldValue()
        value.field = Foreign(field.key, ordinal: field.column.ordinal)
        reference = value.encoded()
    }

    /// Writes the value in a record, if there is one; false if the cell has to be kept.
    mutating func write(
        _ record: CSVReader, _ people: PeopleTable, to task: inout ByteWriter
    ) -> Bool {
        let cell = record.cell(place)
        guard cell.byteCount > 0 else { return true }
        if field.kind == .text {
            guard cell.byteCount <= 4096 else { return false }
            task.append(tag: 23 << 3 | 2)
            task.appendLengthDelimited { value in
                value.append(reference)
                value.append(tag: 2 << 3 | 2, span: cell)
            }
            return true
        }
        let value = value(cell, people)
        if let value { task.append(value) }
        return value != nil
    }

    private mutating func value(_ cell: RawSpan, _ people: PeopleTable) -> [UInt8]? {
        guard let number = known.count < Self.knownMax ? known.number(cell) : known.find(cell)
        else { return make(cell.text, people) }
        if number == made.count { made.append(make(cell.text, people)) }
        return made[number]
    }

    private func make(_ cell: String, _ people: PeopleTable) -> [UInt8]? {
        var people = people
        guard let (value, text) = field.value(cell, &people),
            text.hasBytes(of: cell)
        else { return nil }
        var task = ImportTask()
        task.fields = [value]
        return task.encoded()
    }
}
