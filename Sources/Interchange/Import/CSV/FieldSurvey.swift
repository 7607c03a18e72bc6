internal import ByteCoding
internal import WorkProtocol

/// What the cells of a custom field's column have in common, and so what kind of field it is.
struct FieldSurvey {
    private var filled = 0
    private var numbers = 0
    private var dates = 0
    private(set) var precision: UInt32 = 0
    private var hasLongValue = false
    private var hasComma = false
    private var values = DistinctTexts()
    private var parts = DistinctTexts()

    /// The most options a field gets without being told.
    static let inferredOptionsMax = 100

    /// Values that came before, and what they were made of.
    private var known = ByteInterner()
    private var knownParts: [[String]] = []
    private static let knownMax = 1024

    mutating func take(_ record: CSVReader, _ place: Int) { take(record.cell(place)) }

    /// Takes a cell. O(bytes), and little of that for a value that came before.
    private mutating func take(_ cell: RawSpan) {
        guard cell.byteCount > 0 else { return }
        filled += 1
        // Numbers and dates count only if all are.
        if numbers == filled - 1, let number = Decimal(cell.text) {
            numbers += 1
            precision = max(precision, number.scale)
        }
        if dates == filled - 1, cell.day != nil { dates += 1 }
        if cell.byteCount > 100 || cell.contains(0x0A) { hasLongValue = true }
        if cell.contains(0x2C) { hasComma = true }
        if let number = known.count < Self.knownMax ? known.number(cell) : known.find(cell) {
            if number == knownParts.count {
                knownParts.append(listed(cell.text))
                values.take(cell.text)
            } else {
                values.take(known.text(number))
            }
            for part in knownParts[number] { parts.take(part) }
        } else {
            values.take(cell.text)
            for part in listed(cell.text) { parts.take(part) }
        }
    }

    /// The kind that fits: numbers and dates if all are; a choice if values are few and repeated;
    /// several choices if that holds for what stands between commas; else text.
    var kind: FieldKind {
        if filled == 0 { return .text }
        if numbers == filled { return .number }
        if dates == filled { return .date }
        if hasLongValue { return .text }
        if !hasComma { return values.isRepeated ? .enum : .text }
        return parts.isRepeated ? .multiEnum : .text
    }

    /// The options of a field of a kind, in the order in which they appear.
    func options(_ kind: FieldKind) -> [String] {
        switch kind {
        case .enum: values.texts
        case .multiEnum: parts.texts
        case .text, .number, .date, .people: []
        }
    }
}

/// Different texts in the order in which they appear, and how many there were in all.
private struct DistinctTexts {
    private(set) var texts: [String] = []
    private var seen: Set<String> = []
    private var count = 0

    /// One more than a field may have options.
    private static let keptMax = 501

    mutating func take(_ text: String) {
        count += 1
        if seen.count < DistinctTexts.keptMax, seen.insert(text).inserted { texts.append(text) }
    }

    /// Whether there are few, each at least twice on average.
    var isRepeated: Bool {
        texts.count <= FieldSurvey.inferredOptionsMax && texts.count * 2 <= count
    }
}
