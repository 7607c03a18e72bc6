/// Reads digits and punctuation one after another from ASCII text: what dates and numbers are made
/// of. Every step answers nil or false instead of trapping.
struct DigitScanner {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    var isAtEnd: Bool { offset == bytes.count }

    /// The next byte, if there is one.
    var peeked: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    /// Exactly `count` digits as a number. Precondition: `count <= 9`.
    mutating func number(_ count: Int) -> Int? {
        guard bytes.count - offset >= count else { return nil }
        var value = 0
        for byte in bytes[offset..<offset + count] {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        offset += count
        return value
    }

    /// Passes over `byte` if it is next.
    mutating func pass(_ byte: UInt8) -> Bool {
        guard peeked == byte else { return false }
        offset += 1
        return true
    }

    /// One digit or more; nil if there is none.
    mutating func digits() -> ArraySlice<UInt8>? {
        let start = offset
        while let byte = peeked, byte >= 0x30, byte <= 0x39 { offset += 1 }
        return offset > start ? bytes[start..<offset] : nil
    }
}
