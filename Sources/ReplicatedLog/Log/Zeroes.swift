/// Looks for bytes that are not zero, eight at a time: recovery looks through whole segments.
enum Zeroes {
    /// The index of the last byte that is not zero; nil if all are. Complexity: O(zeroes at the
    /// end).
    static func lastNonzero(in bytes: [UInt8]) -> Int? {
        let raw = bytes.raw
        var end = bytes.count
        // The offset is within the bytes: it is at least 0 and at most 8 before the end.
        while end >= 8,
            unsafe raw.unsafeLoadUnaligned(fromByteOffset: end - 8, as: UInt64.self) == 0
        {
            end -= 8
        }
        while end > 0, bytes[end - 1] == 0 { end -= 1 }
        return end == 0 ? nil : end - 1
    }
}
