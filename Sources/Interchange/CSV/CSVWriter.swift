package import ByteCoding

/// Writes CSV as Asana's exports are: UTF-8 with a byte order mark, LF, quotes only where needed,
/// except for the first cell of each row below the header, which is always quoted.
package struct CSVWriter: Sendable {
    /// Whether cells that a spreadsheet would take for a formula are disarmed.
    package var guardsFormulas: Bool
    private var isFirstCell = true
    private var isHeader = true

    package init(guardsFormulas: Bool = false) { self.guardsFormulas = guardsFormulas }

    /// The byte order mark a file begins with.
    package static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Appends one cell; `isNumber` says that it is typed as a number, which needs no guard.
    package mutating func cell(
        _ text: String, isNumber: Bool = false, into out: inout ByteWriter
    ) {
        let guarded = guardsFormulas && !isNumber ? FormulaGuard.disarmed(text) : text
        unsafe write(Array(guarded.utf8).span.bytes, into: &out)
    }

    /// Appends one cell whose text was written as UTF-8. O(bytes).
    package mutating func cell(
        written text: borrowing ByteWriter, isNumber: Bool = false, into out: inout ByteWriter
    ) {
        guard guardsFormulas, !isNumber else { return write(text.span, into: &out) }
        cell(String(decoding: text.bytes, as: UTF8.self), into: &out)
    }

    private mutating func write(_ text: RawSpan, into out: inout ByteWriter) {
        if !isFirstCell { out.append(0x2C) }
        let marks = CSVMarks(text)
        let needsQuotes = (isFirstCell && !isHeader) || marks.isAny
        isFirstCell = false
        guard needsQuotes else { return out.append(text) }
        out.append(0x22)
        var written = 0
        while let quote = marks.nextQuote(from: written) {
            out.append(text.extracting(written..<quote))
            out.append(fixed: UInt16(0x2222))
            written = quote + 1
        }
        out.append(text.extracting(written..<text.byteCount))
        out.append(0x22)
    }

    /// Ends the row; the first row is the header.
    package mutating func endRow(into out: inout ByteWriter) {
        out.append(0x0A)
        isFirstCell = true
        isHeader = false
    }
}

/// What in a cell's text asks for quotes, found by words of eight bytes.
private struct CSVMarks: ~Escapable {
    private let text: RawSpan
    /// Whether there is a comma, a quote or the end of a line.
    let isAny: Bool
    private let hasQuotes: Bool

    @_lifetime(copy text)
    init(_ text: RawSpan) {
        self.text = text
        var found: UInt64 = 0
        var quotes: UInt64 = 0
        var offset = 0
        while offset &+ 8 <= text.byteCount {
            let word = unsafe text.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt64.self)
            quotes |= ByteWords.equal(word, 0x22)
            found |= ByteWords.equal(word, 0x2C) | ByteWords.equal(word, 0x0A)
            found |= ByteWords.equal(word, 0x0D)
            offset &+= 8
        }
        while offset < text.byteCount {
            let byte = unsafe text.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
            if byte == 0x22 { quotes = 1 }
            if byte == 0x2C || byte == 0x0A || byte == 0x0D { found = 1 }
            offset &+= 1
        }
        hasQuotes = quotes != 0
        isAny = found | quotes != 0
    }

    /// The place of the first quote from `start` on.
    func nextQuote(from start: Int) -> Int? {
        guard hasQuotes else { return nil }
        var offset = start
        while offset < text.byteCount {
            if unsafe text.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self) == 0x22 {
                return offset
            }
            offset &+= 1
        }
        return nil
    }
}

/// Disarms cells that spreadsheets take for formulas: those that begin with `=`, `+`, `-`, `@`, tab
/// or CR, also after blanks (no-break spaces too), and lines within a cell that do. An apostrophe
/// is put before each.
enum FormulaGuard {
    static func disarmed(_ text: String) -> String {
        guard needsGuard(text) else { return text }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { isArmed($0) ? "'" + $0 : String($0) }.joined(separator: "\n")
    }

    private static func needsGuard(_ text: String) -> Bool {
        text.split(separator: "\n", omittingEmptySubsequences: true).contains(where: isArmed)
    }

    private static func isArmed(_ line: Substring) -> Bool {
        for scalar in line.unicodeScalars {
            switch scalar {
            case " ", "\u{A0}": continue
            case "=", "+", "-", "@", "\t", "\r": return true
            default: return false
            }
        }
        return false
    }
}
