/// Checks bytes to be UTF-8 one by one, so that the place of the first wrong one is known.
///
/// Overlong forms, surrogates and numbers above U+10FFFF are refused.
struct EncodingCheck {
    /// How many continuation bytes must follow.
    private var pending = 0
    /// What the next of them may be.
    private var range: ClosedRange<UInt8> = 0x80...0xBF

    /// Whether a character has begun and not ended.
    var isInside: Bool { pending > 0 }

    /// What is wrong with the next byte, if anything; the check starts anew after it.
    mutating func take(_ byte: UInt8) -> String? {
        if pending > 0 {
            if range.contains(byte) {
                pending -= 1
                range = 0x80...0xBF
                return nil
            }
            pending = 0
            range = 0x80...0xBF
            return byte < 0x80 || byte >= 0xC0 ? problem(byte, begin: byte) : problem(byte)
        }
        return begin(byte) ? nil : problem(byte)
    }

    /// What is wrong if the text ends now.
    mutating func end() -> String? {
        defer { pending = 0 }
        return pending > 0 ? "the text ends inside a UTF-8 character" : nil
    }

    private mutating func begin(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: expect(1)
        case 0xE0: expect(2, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE...0xEF: expect(2)
        case 0xED: expect(2, 0x80...0x9F)
        case 0xF0: expect(3, 0x90...0xBF)
        case 0xF1...0xF3: expect(3)
        case 0xF4: expect(3, 0x80...0x8F)
        default: return false
        }
        return true
    }

    private mutating func expect(_ count: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) {
        pending = count
        self.range = range
    }

    private mutating func problem(_ byte: UInt8, begin next: UInt8? = nil) -> String {
        if let next { _ = begin(next) }
        return "not UTF-8: the byte \(String(byte, radix: 16, uppercase: true)) cannot stand here"
    }
}
