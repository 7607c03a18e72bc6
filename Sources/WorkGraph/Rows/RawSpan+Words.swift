/// Comparisons of bytes by words of eight.
extension RawSpan {
    /// Whether both have the same bytes. O(n).
    func hasSameBytes(as other: RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        var place = 0
        while place &+ 8 <= byteCount {
            guard word(at: place) == other.word(at: place) else { return false }
            place &+= 8
        }
        while place < byteCount {
            guard byte(at: place) == other.byte(at: place) else { return false }
            place &+= 1
        }
        return true
    }

    /// Whether all bytes are below 128. O(n).
    var isASCII: Bool {
        var all: UInt64 = 0
        var place = 0
        while place &+ 8 <= byteCount {
            all |= word(at: place)
            place &+= 8
        }
        while place < byteCount {
            all |= UInt64(byte(at: place))
            place &+= 1
        }
        return all & 0x8080_8080_8080_8080 == 0
    }

    @inline(__always)
    private func word(at place: Int) -> UInt64 {
        unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: place, as: UInt64.self)
    }

    @inline(__always)
    private func byte(at place: Int) -> UInt8 {
        unsafe unsafeLoad(fromUncheckedByteOffset: place, as: UInt8.self)
    }
}
