/// One value of a CSV row, and where it begins.
package struct CSVCell: Hashable, Sendable {
    package var text: String
    package var place: TextPlace
}

/// One row of a CSV file.
package struct CSVRow: Hashable, Sendable {
    package var cells: [CSVCell]
    /// Where the row begins.
    package var place: TextPlace
    /// Just after its last character.
    package var end: TextPlace
    /// The first thing that makes the row unusable: a quote that is not closed, text after a
    /// closing quote, bytes that are not UTF-8. The reader goes on with the row after it where it
    /// can.
    package var problem: TextProblem?
    /// Control characters that were replaced by U+FFFD.
    package var replaced: [TextProblem]

    /// What is wrong if the row has another number of cells than `count`: the first cell too many,
    /// or the end of a row that is too short.
    package func mismatch(_ count: Int) -> TextProblem? {
        guard cells.count != count else { return nil }
        let place = cells.count > count ? cells[count].place : end
        return TextProblem(place, "the row has \(cells.count) columns, the header \(count)")
    }
}
