internal import WorkProtocol

/// The header of a CSV file: which column is what.
struct CSVColumns {
    /// The standard columns' places.
    private(set) var standard: [StandardColumn: Int] = [:]
    /// The custom fields' columns that are not ignored, in order.
    private(set) var fields: [FieldColumn] = []
    private(set) var count = 0
    /// Columns without a name, which are passed over.
    private(set) var unnamed: [TextPlace] = []
    /// Where each column's header stands.
    private(set) var places: [TextPlace] = []

    /// A column that is a custom field.
    struct FieldColumn {
        var index: Int
        var name: String
        /// Which of several columns with the same name it is, from 0.
        var ordinal: UInt32
        /// What the caller says it is.
        var kind: FieldKind?
        /// What its cells are kept under.
        var keptName: String { ordinal == 0 ? name : "\(name)#\(ordinal)" }
    }

    /// Whether a field names people: only who asks for it gets that.
    var hasPeople: Bool { fields.contains { $0.kind == .people } }

    /// How many lines may stand above the header: the Google Sheets variant has some.
    static let linesAboveMax = 10
    /// How many custom fields a project may have.
    static let fieldsMax = 20

    /// Whether a row is a header.
    static func isHeader(_ row: CSVRow) -> Bool {
        row.cells.first.map { StandardColumn(header: $0.text) == .taskID } ?? false
    }

    /// The columns that a header row names.
    init(_ row: CSVRow, map: FieldMap) throws(TextProblem) {
        count = row.cells.count
        places = row.cells.map(\.place)
        var uses: [String: UInt32] = [:]
        for (index, cell) in row.cells.enumerated() {
            if let column = StandardColumn(header: cell.text) {
                guard standard.updateValue(index, forKey: column) == nil else {
                    throw TextProblem(cell.place, "the column \"\(cell.text)\" is there twice")
                }
                continue
            }
            if cell.text.trimmed.isEmpty {
                unnamed.append(cell.place)
                continue
            }
            let ordinal = uses[cell.text, default: 0]
            uses[cell.text] = ordinal + 1
            let name = CleanText.line(cell.text).text
            switch map.uses[name] {
            case .ignored: continue
            case .field(let kind):
                fields.append(FieldColumn(index: index, name: name, ordinal: ordinal, kind: kind))
            case nil:
                fields.append(FieldColumn(index: index, name: name, ordinal: ordinal, kind: nil))
            }
        }
        guard standard[.name] != nil else {
            throw TextProblem(row.place, "the header has no column \"Name\"")
        }
        guard fields.count <= CSVColumns.fieldsMax else {
            throw TextProblem(
                places[fields[CSVColumns.fieldsMax].index],
                "more than \(CSVColumns.fieldsMax) custom fields: say with --map which to ignore")
        }
    }

    /// The cell of a standard column; empty if the file does not have it.
    func cell(_ column: StandardColumn, _ row: CSVRow) -> CSVCell {
        guard let index = standard[column] else { return CSVCell(text: "", place: row.place) }
        return row.cells[index]
    }

    func text(_ column: StandardColumn, _ row: CSVRow) -> String { cell(column, row).text }

    /// What makes a row unusable, if anything.
    func problem(_ row: CSVRow) -> TextProblem? {
        if let problem = row.problem ?? row.mismatch(count) { return problem }
        if let problem = idProblem(row) { return problem }
        for column in [
            StandardColumn.createdAt, .completedAt, .lastModified, .startDate, .dueDate,
        ] {
            let cell = cell(column, row)
            if !cell.text.isEmpty, Timestamp.milliseconds(cell.text) == nil {
                return TextProblem(
                    cell.place, "\"\(cell.text.prefix(40))\" in \(column.rawValue) is no date")
            }
        }
        for field in fields {
            if let problem = field.problem(row.cells[field.index]) { return problem }
        }
        return nil
    }

    private func idProblem(_ row: CSVRow) -> TextProblem? {
        let cell = cell(.taskID, row)
        if cell.text.isEmpty { return TextProblem(cell.place, "the row has no Task ID") }
        let clean = CleanText.line(cell.text)
        guard clean.changes.isEmpty else {
            return TextProblem(cell.place, "the Task ID is no single line of at most 1024 bytes")
        }
        return nil
    }
}

extension CSVColumns.FieldColumn {
    /// What is wrong with a cell, given what the caller says of the column.
    fileprivate func problem(_ cell: CSVCell) -> TextProblem? {
        guard !cell.text.isEmpty else { return nil }
        switch kind {
        case .number where Decimal(cell.text) == nil:
            return TextProblem(cell.place, "\"\(cell.text.prefix(40))\" in \(name) is no number")
        case .date where Timestamp.milliseconds(cell.text) == nil:
            return TextProblem(cell.place, "\"\(cell.text.prefix(40))\" in \(name) is no date")
        case .text, .number, .enum, .multiEnum, .date, .people, nil:
            return nil
        }
    }
}

/// The things in a cell that is a list: parted by commas, blanks around them left out.
func listed(_ cell: String) -> [String] {
    var things: [String] = []
    for part in cell.split(separator: ",") {
        let thing = String(part.trimmed)
        if !thing.isEmpty, !things.contains(thing) { things.append(thing) }
    }
    return things
}
