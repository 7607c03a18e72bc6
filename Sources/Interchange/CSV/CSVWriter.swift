/// Writes CSV as Asana's exports are: UTF-8 with a byte order mark, LF, quotes only where needed,
/// except for the first cell of each row below the header, which is always quoted.
package struct CSVWriter {
    /// Whether cells that a spreadsheet would take for a formula are disarmed.
    package var guardsFormulas: Bool
    private var isFirstCell = true
    private var isHeader = true

    package init(guardsFormulas: Bool = false) { self.guardsFormulas = guardsFormulas }

    /// The byte order mark a file begins with.
    package static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Appends one cell; `isNumber` says that it is typed as a number, which needs no guard.
    package mutating func cell(_ text: String, isNumber: Bool = false, into out: inout [UInt8]) {
        if !isFirstCell { out.append(0x2C) }
        let guarded = guardsFormulas && !isNumber ? FormulaGuard.disarmed(text) : text
        let needsQuotes = (isFirstCell && !isHeader) || Self.needsQuotes(guarded.utf8.span)
        isFirstCell = false
        guard needsQuotes else { return out.append(contentsOf: guarded.utf8) }
        out.append(0x22)
        for byte in guarded.utf8 {
            if byte == 0x22 { out.append(0x22) }
            out.append(byte)
        }
        out.append(0x22)
    }

    private static func needsQuotes(_ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            let byte = text[index]
            if byte == 0x2C || byte == 0x22 || byte == 0x0A || byte == 0x0D { return true }
        }
        return false
    }

    /// Ends the row; the first row is the header.
    package mutating func endRow(into out: inout [UInt8]) {
        out.append(0x0A)
        isFirstCell = true
        isHeader = false
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
