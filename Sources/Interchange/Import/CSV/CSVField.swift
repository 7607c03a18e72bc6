internal import WorkProtocol

/// A custom field that a column becomes.
struct CSVField {
    let column: CSVColumns.FieldColumn
    let kind: FieldKind
    let key: String
    private let precision: UInt32
    private let options: [String]

    init(_ column: CSVColumns.FieldColumn, _ survey: FieldSurvey) {
        self.column = column
        kind = column.kind ?? survey.kind
        key = ForeignKey.field(column.name, kind.spelled)
        precision = kind == .number ? survey.precision : 0
        options = survey.options(kind).map { CleanText.line($0).text }
    }

    var item: ImportField {
        var field = ImportField()
        field.external = External(gid: key, ordinal: column.ordinal)
        field.name = column.name
        field.kind = kind
        field.precision = precision
        field.options = options
        return field
    }

    func explanation(isInferred: Bool) -> String {
        let detail: String
        switch kind {
        case .enum, .multiEnum: detail = " with \(options.count) options"
        case .number: detail = " with \(precision) digits after the point"
        case .text, .date, .people: detail = ""
        }
        let origin = isInferred ? "taken as" : "as asked,"
        return "column \"\(column.name)\": \(origin) \(kind.spelled)\(detail)"
    }

    /// A cell as the field's value, and what the export prints of it; nil for an empty cell.
    func value(_ cell: String, _ people: inout PeopleTable) -> (ImportFieldValue, String)? {
        guard !cell.isEmpty else { return nil }
        var value = ImportFieldValue()
        value.field = Foreign(key, ordinal: column.ordinal)
        switch kind {
        case .text:
            value.text = CleanText.prose(cell, limit: 4096).text
            return (value, value.text)
        case .number:
            guard let number = Decimal(cell) else { return nil }
            value.number = number
            return (value, number.text(precision: precision))
        case .enum:
            let name = CleanText.line(cell).text
            value.options = [name]
            return (value, name)
        case .multiEnum:
            let names = listed(cell).map { CleanText.line($0).text }
            value.options = names
            // The export prints options in the order of the field.
            return (value, options.filter(names.contains).joined(separator: ","))
        case .date:
            guard let moment = Timestamp.milliseconds(cell),
                let date = CivilDate(milliseconds: moment)
            else { return nil }
            value.date = date.days
            return (value, date.description)
        case .people:
            let names = listed(cell)
            value.people = names.map { people.gid(name: $0) }
            return (value, names.joined(separator: ","))
        }
    }
}

extension FieldKind {
    /// The kind's name as people type it.
    package var spelled: String {
        switch self {
        case .text: "text"
        case .number: "number"
        case .enum: "enum"
        case .multiEnum: "multi_enum"
        case .date: "date"
        case .people: "people"
        }
    }
}
