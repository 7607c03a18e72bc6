internal import ByteCoding

/// Looks at eight bytes of text at once.
///
/// Each test answers the top bits of the bytes it finds. They are exact up to the first such byte;
/// behind it others may be taken for it. So the first is found by `first`, and none by 0.
enum ByteWords {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    /// The bytes that are `byte`.
    @inline(__always)
    static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let rest = word ^ (ones &* UInt64(byte))
        return (rest &- ones) & ~rest & tops
    }

    /// The bytes that are no printable ASCII: below 0x20, 0x7F, or above.
    @inline(__always)
    static func unprintable(_ word: UInt64) -> UInt64 {
        ((word &- ones &* 0x20) & ~word & tops) | equal(word, 0x7F) | (word & tops)
    }

    /// Which byte is the first that a test found.
    @inline(__always)
    static func first(_ found: UInt64) -> Int { found.trailingZeroBitCount &>> 3 }
}

/// The text of a cell as it lies in the file: read without a check of each place.
extension RawSpan {
    /// - Precondition: `place` is within.
    @inline(__always)
    func byte(_ place: Int) -> UInt8 {
        unsafe unsafeLoad(fromUncheckedByteOffset: place, as: UInt8.self)
    }

    /// Eight bytes.
    /// - Precondition: they are within.
    @inline(__always)
    func word(_ place: Int) -> UInt64 {
        UInt64(
            littleEndian: unsafe unsafeLoadUnaligned(
                fromUncheckedByteOffset: place, as: UInt64.self))
    }

    /// The text that these bytes, which are UTF-8, spell. O(bytes).
    var text: String { unsafe withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) } }

    /// Whether there is such a byte. O(bytes).
    func contains(_ byte: UInt8) -> Bool {
        var place = 0
        while place &+ 8 <= byteCount {
            if ByteWords.equal(word(place), byte) != 0 { return true }
            place &+= 8
        }
        while place < byteCount {
            if self.byte(place) == byte { return true }
            place &+= 1
        }
        return false
    }
}

extension RawSpan {
    /// Whether both are the same bytes. O(bytes).
    func isSame(as other: RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        var place = 0
        while place &+ 8 <= byteCount {
            if word(place) != other.word(place) { return false }
            place &+= 8
        }
        while place < byteCount {
            if byte(place) != other.byte(place) { return false }
            place &+= 1
        }
        return true
    }
}
