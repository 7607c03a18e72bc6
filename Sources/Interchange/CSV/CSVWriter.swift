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

/// Disarms cells that spreadsheets take for formulas: those that begin with `=`, `+`, `-`, `@` (the
/// full-width ones too), tab or CR, also after blanks of any kind, and lines within a cell that do.
/// An apostrophe is put before each.
///
/// It looks at scalars: CR, LF and what follows can be one `Character`.
enum FormulaGuard {
    static func disarmed(_ text: String) -> String {
        var disarmed = String.UnicodeScalarView()
        var blanks = String.UnicodeScalarView()
        var isLineStart = true
        for scalar in text.unicodeScalars {
            if isLineStart, isBlank(scalar) {
                blanks.append(scalar)
                continue
            }
            if isLineStart {
                if isArmed(scalar) { disarmed.append("'") }
                disarmed.append(contentsOf: blanks)
                blanks = String.UnicodeScalarView()
            }
            disarmed.append(scalar)
            isLineStart = isBreak(scalar)
        }
        disarmed.append(contentsOf: blanks)
        return String(disarmed)
    }

    private static func isArmed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "=", "+", "-", "@", "\t", "\r": true
        case "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}": true
        default: false
        }
    }

    private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n", "\r", "\u{B}", "\u{C}", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }

    /// Whether nothing shows of it, so that a formula may stand behind it.
    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "\u{A0}", "\u{200B}"..."\u{200F}", "\u{2060}", "\u{FEFF}": true
        case "\t": false
        default: scalar.properties.isWhitespace && !isBreak(scalar)
        }
    }
}
