internal import ByteCoding

/// Reads the fields of a row in the order in which this program writes them, by words of eight
/// bytes: one comparison for a field that is not there, a load for one that is.
///
/// Stops at what is otherwise than it mostly is (a field that is seldom, a number of more than
/// eight bytes, the last bytes of the row), and leaves that to a `ByteReader`, which checks each
/// step and says what is wrong. So it never fails: it only gets less far.
struct RowScan: ~Escapable {
    private let bytes: RawSpan
    /// Where the next field begins; never beyond the end.
    private(set) var offset = 0
    /// The last place at which a field can begin here: a tag and eight bytes fit behind it.
    private let last: Int

    private static let reach = 10

    @inline(__always)
    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) {
        self.bytes = bytes
        last = bytes.byteCount &- Self.reach
    }

    /// How many bytes the tag takes that comes next, if it is this one.
    @inline(__always)
    private func width(of field: UInt32, _ wireType: UInt32) -> Int? {
        let tag = field &<< 3 | wireType
        guard offset <= last else { return nil }
        if tag < 0x80 {
            let byte = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
            return byte == UInt8(truncatingIfNeeded: tag) ? 1 : nil
        }
        let pair = UInt16(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt16.self))
        return pair == UInt16(truncatingIfNeeded: tag & 0x7F | 0x80 | (tag &>> 7) &<< 8) ? 2 : nil
    }

    @inline(__always)
    private func word(_ at: Int) -> UInt64 {
        UInt64(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: at, as: UInt64.self))
    }

    /// The number of the field that comes next; past all at the end, and 0 where too few bytes are
    /// left to tell by words.
    @inline(__always)
    var nextField: UInt32 {
        guard offset <= last else { return offset == bytes.byteCount ? .max : 0 }
        let pair = word(offset)
        return UInt32(
            truncatingIfNeeded: (pair & 0x80 == 0 ? pair & 0x7F : pair & 0x7F | pair &>> 1 & 0x3F80)
                &>> 3)
    }

    // MARK: - Fields: each is passed if it comes next, and else nil

    /// Eight bytes.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func fixed64(_ field: UInt32) -> UInt64? {
        guard let tag = width(of: field, 1) else { return nil }
        let value = word(offset &+ tag)
        offset &+= tag &+ 8
        return value
    }

    /// A number of at most eight bytes.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func varint(_ field: UInt32) -> UInt64? {
        guard let tag = width(of: field, 0),
            let (value, width) = Self.varint(word(offset &+ tag))
        else { return nil }
        offset &+= tag &+ width
        return value
    }

    /// Where the content lies that a length precedes.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func content(_ field: UInt32) -> Range<Int>? {
        guard let tag = width(of: field, 2),
            let (length, width) = Self.varint(word(offset &+ tag))
        else { return nil }
        let start = offset &+ tag &+ width
        guard length <= UInt64(truncatingIfNeeded: bytes.byteCount &- start) else { return nil }
        offset = start &+ Int(truncatingIfNeeded: length)
        return unsafe Range(uncheckedBounds: (start, offset))
    }

    @inline(__always)
    private static func varint(_ word: UInt64) -> (value: UInt64, width: Int)? {
        if word & 0x80 == 0 { return (word & 0x7F, 1) }
        let ends = ~word & 0x8080_8080_8080_8080
        guard ends != 0 else { return nil }
        let value = word & (ends ^ (ends &- 1)) & 0x7F7F_7F7F_7F7F_7F7F
        let pairs = value & 0x007F_007F_007F_007F | (value & 0x7F00_7F00_7F00_7F00) &>> 1
        let fours = pairs & 0x0000_3FFF_0000_3FFF | (pairs & 0x3FFF_0000_3FFF_0000) &>> 2
        return (
            fours & 0x0FFF_FFFF | (fours & 0x0FFF_FFFF_0000_0000) &>> 4,
            (ends.trailingZeroBitCount &>> 3) &+ 1
        )
    }

    /// Goes back to where a field began that is not as it mostly is.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func goBack(to start: Int) { offset = start }

    // MARK: - Within a content

    /// A number of 64 bits of a packed list.
    /// - Precondition: eight bytes from `at` on are within the content.
    @inline(__always)
    func element64(_ at: Int) -> UInt64 { word(at) }

    /// A message of two numbers of 32 bits and one in zigzag form, its fields being 1 to 3; nil if
    /// it has others, or the row ends too soon behind it to be read by words.
    @inline(__always)
    func triple(_ content: Range<Int>) -> (UInt32, UInt32, Int64)? {
        let at = content.lowerBound
        guard at <= last &- 9 else { return nil }
        let first = word(at)
        let second = word(at &+ 5)
        guard first & 0xFF == 1 << 3 | 5, second & 0xFF == 2 << 3 | 5 else { return nil }
        var rank: Int64 = 0
        if content.count > 10 {
            let third = word(at &+ 10)
            guard third & 0xFF == 3 << 3, let (value, width) = Self.varint(third &>> 8),
                width == content.count &- 11
            else { return nil }
            rank = Self.unzigzag(value)
        }
        guard content.count >= 10 else { return nil }
        return (
            UInt32(truncatingIfNeeded: first &>> 8), UInt32(truncatingIfNeeded: second &>> 8), rank
        )
    }

    /// A message of a number of 32 bits, one of one byte, and bytes to its end, its fields being 1
    /// to 3; nil if it is another.
    @inline(__always)
    func numberedContent(_ content: Range<Int>) -> (UInt32, UInt32, Range<Int>)? {
        let at = content.lowerBound
        guard content.count >= 16 else { return nil }
        let first = word(at)
        let second = word(at &+ 7)
        guard first & 0xFF == 1 << 3 | 5, first &>> 40 & 0xFF == 2 << 3,
            first &>> 48 & 0x80 == 0, second & 0xFF == 3 << 3 | 2,
            let (length, width) = Self.varint(second &>> 8),
            case let start = at &+ 8 &+ width,
            length == UInt64(truncatingIfNeeded: content.upperBound &- start)
        else { return nil }
        return (
            UInt32(truncatingIfNeeded: first &>> 8),
            UInt32(truncatingIfNeeded: first &>> 48 & 0x7F),
            unsafe Range(uncheckedBounds: (start, content.upperBound))
        )
    }

    /// What a number in zigzag form stands for.
    @inline(__always)
    static func unzigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: (value &>> 1) ^ (0 &- (value & 1)))
    }
}
