/// Rows of cells as people read them: columns under titles; where a terminal is too narrow even for
/// cut cells, a block of lines a row.
struct Table {
    struct Column {
        var title: String
        var isRight: Bool
        /// Never cut: half a number, a date or an address says something else.
        var isWhole: Bool
        /// Left out before anything is cut.
        var isSpare: Bool
    }

    private let columns: [Column]
    private let rows: [[String]]
    private let hasHeader: Bool
    /// What makes titles look like titles.
    private let paint: (String) -> String

    /// A text column is cut to no less than this.
    private static let least = 10
    /// Columns wider than this give way first.
    private static let wide = 24

    init(
        _ columns: [Column], rows: [[String]], hasHeader: Bool, paint: @escaping (String) -> String
    ) {
        // An empty column says nothing, but for the first.
        let kept = columns.indices.filter { column in
            column == 0 || rows.contains { !$0[column].isEmpty }
        }
        self.columns = kept.map { columns[$0] }
        self.rows = rows.map { row in kept.map { row[$0].replacing("\n", with: " ") } }
        self.hasHeader = hasHeader
        self.paint = paint
    }

    /// The table's text for a terminal of `most` columns; nil: for none, as wide as it is.
    func text(_ most: Int?) -> String {
        let natural = columns.indices.map { column in
            max(
                rows.map { TextWidth.of($0[column]) }.max() ?? 0,
                hasHeader ? TextWidth.of(columns[column].title) : 0)
        }
        guard let most else { return lines(natural, Array(columns.indices)) }
        var kept = Array(columns.indices)
        func excess(_ widths: [Int]) -> Int {
            kept.reduce(2 * (kept.count - 1)) { $0 + widths[$1] } - most
        }
        while excess(natural) > 0, let spare = kept.last(where: { columns[$0].isSpare }) {
            kept.removeAll { $0 == spare }
        }
        let widths = cut(natural, kept, by: excess(natural))
        return excess(widths) > 0 ? blocks() : lines(widths, kept)
    }

    /// Widths that are smaller by `excess` together, if the columns can be: first the widest ones
    /// down to what is wide, then one after the other, the last ones first.
    private func cut(_ widths: [Int], _ kept: [Int], by excess: Int) -> [Int] {
        var widths = widths
        var excess = excess
        let soft = kept.filter { !columns[$0].isWhole && !columns[$0].isRight }
        while excess > 0, let widest = soft.max(by: { widths[$0] < widths[$1] }),
            widths[widest] > Self.wide
        {
            widths[widest] -= 1
            excess -= 1
        }
        for column in soft.reversed() where excess > 0 {
            let given = min(excess, max(0, widths[column] - Self.least))
            widths[column] -= given
            excess -= given
        }
        return widths
    }

    private func lines(_ widths: [Int], _ kept: [Int]) -> String {
        func line(_ cells: (Int) -> String) -> String {
            let parts = kept.map { column in
                TextWidth.padded(
                    TextWidth.fitted(cells(column), widths[column]), widths[column],
                    isRight: columns[column].isRight)
            }
            let text = parts.joined(separator: "  ")
            return text.reversed().drop { $0 == " " }.reversed().map(String.init).joined()
        }
        var text = hasHeader && !rows.isEmpty ? paint(line { columns[$0].title }) + "\n" : ""
        for row in rows { text += line { row[$0] } + "\n" }
        return text
    }

    private func blocks() -> String {
        rows.map { row in
            Table.block(zip(columns, row).map { ($0.title, $1) }, paint)
        }.joined(separator: "\n")
    }

    /// One object: a line a field, without those that are empty; further lines of a value under its
    /// first.
    static func block(
        _ fields: [(title: String, value: String)], _ paint: (String) -> String
    ) -> String {
        let width = fields.map { TextWidth.of($0.title) }.max() ?? 0
        let blanks = "\n" + String(repeating: " ", count: width + 2)
        var text = ""
        for (title, value) in fields where !value.isEmpty {
            let title = paint(TextWidth.padded(title, width))
            text += title + "  " + value.replacing("\n", with: blanks) + "\n"
        }
        return text
    }
}
