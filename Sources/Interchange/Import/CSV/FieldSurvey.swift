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

    mutating func take(_ text: String) {
        guard !text.isEmpty else { return }
        filled += 1
        if let number = Decimal(text) {
            numbers += 1
            precision = max(precision, number.scale)
        }
        if CivilDate(text) != nil { dates += 1 }
        if text.utf8.count > 100 || text.utf8.contains(0x0A) { hasLongValue = true }
        values.take(text)
        for part in listed(text) { parts.take(part) }
        if text.utf8.contains(0x2C) { hasComma = true }
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
