/// Protocol Buffers' variable-length integers: seven bits a byte, lowest first, the top bit set on
/// all but the last. Small numbers take one byte, and that is the path that is inlined.
extension ByteReader {
    /// A variable-length integer of at most 10 bytes; bits past the 64th are refused.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func varint() throws(Corruption) -> UInt64 {
        if offset < end {
            let first = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
            if first < 0x80 {
                offset &+= 1
                return UInt64(first)
            }
        }
        let (value, width) = try longVarint()
        offset &+= width
        return value
    }

    /// A varint of two bytes or more, and how many. Up to eight are taken from one load: the first
    /// byte without its top bit set ends it, and the groups of seven bits are pushed together. The
    /// load may reach past the part that the reader is narrowed to; the varint may not.
    ///
    /// Moves nothing: a reader whose address is never taken stays in registers.
    @usableFromInline @inline(never)
    func longVarint() throws(Corruption) -> (value: UInt64, width: Int) {
        guard bytes.byteCount &- offset >= 8 else { return try lastVarint() }
        let word = UInt64(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt64.self))
        let ends = ~word & 0x8080_8080_8080_8080
        let width = (ends.trailingZeroBitCount &>> 3) &+ 1
        guard ends != 0, width <= remaining else { return try lastVarint() }
        let value = word & (ends ^ (ends &- 1)) & 0x7F7F_7F7F_7F7F_7F7F
        let pairs = value & 0x007F_007F_007F_007F | (value & 0x7F00_7F00_7F00_7F00) &>> 1
        let fours = pairs & 0x0000_3FFF_0000_3FFF | (pairs & 0x3FFF_0000_3FFF_0000) &>> 2
        return (fours & 0x0FFF_FFFF | (fours & 0x0FFF_FFFF_0000_0000) &>> 4, width)
    }

    /// A varint that may reach past the end, or be longer than eight bytes.
    private func lastVarint() throws(Corruption) -> (value: UInt64, width: Int) {
        var rest = self
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try rest.byte()
            if shift == 63, next > 1 {
                throw rest.corruption(expected: "a varint of 64 bits", found: "more")
            }
            value |= UInt64(next & 0x7F) &<< shift
            if next < 0x80 { return (value, rest.offset &- offset) }
            shift &+= 7
        }
    }

    /// A length (a varint) that is no larger than the bytes that remain.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func length() throws(Corruption) -> Int {
        let value = try varint()
        guard value <= UInt64(truncatingIfNeeded: remaining) else { throw excess(of: value) }
        return Int(truncatingIfNeeded: value)
    }

    @usableFromInline @inline(never)
    func excess(of length: UInt64) -> Corruption {
        corruption(expected: "at most \(remaining) bytes", found: "length \(length)")
    }
}

extension ByteWriter {
    /// A base-128 variable-length integer (Protocol Buffers' `varint`), 1 to 10 bytes.
    @inlinable
    package mutating func append(varint value: UInt64) {
        reserve(10)
        store(varint: value)
    }

    /// Stores a variable-length integer in room that `reserve` made.
    @inlinable @inline(__always)
    mutating func store(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            store(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest &>>= 7
        }
        store(UInt8(truncatingIfNeeded: rest))
    }

    /// How many bytes a value takes as a variable-length integer, 1 to 10.
    @inlinable
    package static func width(ofVarint value: UInt64) -> Int {
        (70 &- (value | 1).leadingZeroBitCount) / 7
    }
}
