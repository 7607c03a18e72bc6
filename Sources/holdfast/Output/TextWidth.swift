/// How many columns of a terminal a text takes, and texts made to fit.
enum TextWidth {
    /// Wide characters of East Asia and pictures take two columns, marks none.
    static func of(_ text: String) -> Int {
        text.reduce(0) { $0 + width($1) }
    }

    private static func width(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        if scalar.value < 0x300 { return 1 }
        // U+FE0F makes a picture of what would be a letter.
        if scalar.properties.isEmojiPresentation
            || character.unicodeScalars.dropFirst().first == "\u{FE0F}"
        {
            return 2
        }
        switch scalar.value {
        case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: return 0
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// `text` in one line of at most `most` columns; what was cut off is an ellipsis.
    static func fitted(_ text: String, _ most: Int) -> String {
        guard of(text) > most else { return text }
        var result = ""
        var left = most - 1
        for character in text {
            left -= width(character)
            guard left >= 0 else { break }
            result.append(character)
        }
        return result + "…"
    }

    static func padded(_ text: String, _ columns: Int, isRight: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, columns - of(text)))
        return isRight ? blanks + text : text + blanks
    }

    /// A number with a comma between thousands: `1,203`.
    static func grouped(_ number: some BinaryInteger) -> String {
        var digits = String(number.magnitude)
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits.removeLast(3)
        }
        let text = ([digits[...]] + groups).joined(separator: ",")
        return number < 0 ? "-" + text : text
    }

    /// `1 task`, `1,203 tasks`.
    static func count(_ number: some BinaryInteger, _ noun: String, _ plural: String? = nil)
        -> String
    {
        "\(grouped(number)) \(number == 1 ? noun : plural ?? noun + "s")"
    }
}
