/// Makes foreign text fit the rules of the schema, and says what it had to change.
struct CleanText {
    /// What had to be changed, for a warning.
    struct Change: OptionSet {
        let rawValue: UInt8
        /// CRLF to LF is no change worth telling.
        static let controlReplaced = Change(rawValue: 1)
        static let lineJoined = Change(rawValue: 2)
        static let cut = Change(rawValue: 4)
    }

    var text: String
    var changes: Change = []
    /// What did not fit.
    var rest = ""

    /// One line of at most `limit` bytes: line breaks and tabs become blanks, other control
    /// characters U+FFFD. Complexity: O(bytes).
    static func line(_ text: String, limit: Int = 1024) -> CleanText {
        var clean = replaced(text, isLine: true)
        clean.cut(limit)
        return clean
    }

    /// Lines of at most `limit` bytes: CRLF becomes LF, other control characters but tab U+FFFD.
    static func prose(_ text: String, limit: Int = 65_536) -> CleanText {
        var clean = replaced(text, isLine: false)
        clean.cut(limit)
        return clean
    }

    private static func replaced(_ text: String, isLine: Bool) -> CleanText {
        guard needsWork(text, isLine: isLine) else { return CleanText(text: text) }
        var clean = CleanText(text: "")
        var scalars = String.UnicodeScalarView()
        var iterator = text.unicodeScalars.makeIterator()
        var pending = iterator.next()
        while let scalar = pending {
            pending = iterator.next()
            switch scalar.value {
            case 0x0D where pending?.value == 0x0A:
                continue
            case 0x0A where isLine, 0x09 where isLine:
                clean.changes.insert(.lineJoined)
                scalars.append(" ")
            case 0x09, 0x0A:
                scalars.append(scalar)
            case 0..<0x20, 0x7F..<0xA0:
                clean.changes.insert(.controlReplaced)
                scalars.append("\u{FFFD}")
            default:
                scalars.append(scalar)
            }
        }
        clean.text = String(scalars)
        return clean
    }

    private static func needsWork(_ text: String, isLine: Bool) -> Bool {
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0) {
                if isLine || (byte != 0x09 && byte != 0x0A) { return true }
            }
            previous = byte
        }
        return false
    }

    /// Keeps at most `limit` bytes, whole characters; the rest goes to `rest`.
    private mutating func cut(_ limit: Int) {
        guard text.utf8.count > limit else { return }
        changes.insert(.cut)
        var end = text.utf8.index(text.startIndex, offsetBy: limit)
        while end.samePosition(in: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        rest = String(text[end...])
        text = String(text[..<end])
    }
}
