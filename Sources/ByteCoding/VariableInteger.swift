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
        return try longVarint()
    }

    @_lifetime(self: copy self)
    @usableFromInline @inline(never)
    mutating func longVarint() throws(Corruption) -> UInt64 {
        // Ten bytes are there: no need to ask again before each.
        guard remaining >= 10 else { return try lastVarint() }
        var value: UInt64 = 0
        var position = offset
        for shift: UInt64 in stride(from: 0, to: 63, by: 7) {
            let next = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: position, as: UInt8.self)
            position &+= 1
            value |= UInt64(truncatingIfNeeded: next & 0x7F) &<< shift
            if next < 0x80 {
                offset = position
                return value
            }
        }
        return try lastVarint()
    }

    /// A varint that may reach past the end, or have more than 63 bits.
    @_lifetime(self: copy self)
    private mutating func lastVarint() throws(Corruption) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            if shift == 63, next > 1 {
                throw corruption(expected: "a varint of 64 bits", found: "more")
            }
            value |= UInt64(next & 0x7F) &<< shift
            if next < 0x80 { return value }
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
