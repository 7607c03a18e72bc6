package import WorkProtocol

/// What the caller says about columns that are custom fields: the file given with `--map`.
///
/// One column a line, `Column name = kind`, where the kind is `text`, `number`, `enum`,
/// `multi_enum`, `date`, `people` or `ignore`. Empty lines and lines that begin with `#` are passed
/// over.
package struct FieldMap: Hashable, Sendable {
    /// What becomes of a column.
    package enum Use: Hashable, Sendable {
        case field(FieldKind)
        case ignored
    }

    /// By the column's name.
    package private(set) var uses: [String: Use] = [:]

    /// Nothing said.
    package init() {}

    /// The map in `text`; says which line is wrong.
    package init(_ text: String) throws(TextProblem) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let trimmed = line.trimmed
            if trimmed.isEmpty || trimmed.first == "#" { continue }
            let place = TextPlace(line: index + 1, column: 1)
            guard let equals = trimmed.lastIndex(of: "=") else {
                throw TextProblem(place, "expected `Column name = kind`")
            }
            let name = trimmed[..<equals].trimmed
            let kind = trimmed[trimmed.index(after: equals)...].trimmed
            guard let use = FieldMap.use(named: String(kind)) else {
                throw TextProblem(
                    place,
                    "\"\(kind)\" is no kind: text, number, enum, multi_enum, date, people or ignore"
                )
            }
            uses[String(name)] = use
        }
    }

    private static func use(named name: String) -> Use? {
        switch name.lowercased() {
        case "text": .field(.text)
        case "number": .field(.number)
        case "enum": .field(.enum)
        case "multi_enum": .field(.multiEnum)
        case "date": .field(.date)
        case "people": .field(.people)
        case "ignore": .ignored
        default: nil
        }
    }
}

extension StringProtocol {
    /// Without blanks, tabs and CR at both ends.
    var trimmed: SubSequence {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" }
        let start = self.drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return start }
        return start[...last]
    }
}
