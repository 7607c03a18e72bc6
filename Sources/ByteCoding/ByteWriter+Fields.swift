/// The fields of Protocol Buffers messages: what the generated encoders write.
///
/// Each makes room once for everything it writes of bounded size: a tag has at most 5 bytes, a
/// varint 10.
extension ByteWriter {
    /// A field's tag: its number shifted by three, and its wire type.
    @inlinable @inline(__always)
    package mutating func append(tag: UInt32) {
        reserve(5)
        store(tag: tag)
    }

    /// Stores a tag in room that `reserve` made. Tags are constants, so that one branch is left.
    @inlinable @inline(__always)
    mutating func store(tag: UInt32) {
        if tag < 0x80 {
            store(UInt8(truncatingIfNeeded: tag))
        } else if tag < 0x4000 {
            store(UInt16(truncatingIfNeeded: (tag & 0x7F) | 0x80 | (tag &>> 7) &<< 8))
        } else {
            store(varint: UInt64(tag))
        }
    }

    /// A tag and a variable-length integer.
    @inlinable @inline(__always)
    package mutating func append(tag: UInt32, varint value: UInt64) {
        reserve(15)
        store(tag: tag)
        if value < 0x80 {
            store(UInt8(truncatingIfNeeded: value))
        } else {
            storeLong(varint: value)
        }
    }

    /// Stores a varint of two bytes or more, in room for ten. Up to eight bytes are one store: the
    /// bits are pulled apart into groups of seven, and all but the last get their top bit.
    @usableFromInline @inline(never)
    mutating func storeLong(varint value: UInt64) {
        guard value < 1 &<< 56 else { return store(varint: value) }
        let fours = value & 0x0FFF_FFFF | (value & 0x00FF_FFFF_F000_0000) &<< 4
        let pairs = fours & 0x0000_3FFF_0000_3FFF | (fours & 0x0FFF_C000_0FFF_C000) &<< 2
        let groups = pairs & 0x007F_007F_007F_007F | (pairs & 0x3F80_3F80_3F80_3F80) &<< 1
        let width = Self.width(ofVarint: value)
        let tops =
            0x8080_8080_8080_8080 & ((1 &<< UInt64(truncatingIfNeeded: width &* 8 &- 8)) &- 1)
        let start = count
        store(groups | tops)
        count = start &+ width
    }

    /// A tag and a signed integer as a varint; a negative one takes ten bytes.
    @inlinable @inline(__always)
    package mutating func append(tag: UInt32, int32 value: Int32) {
        append(tag: tag, varint: UInt64(bitPattern: Int64(value)))
    }

    /// A tag and a signed integer as a varint; a negative one takes ten bytes.
    @inlinable @inline(__always)
    package mutating func append(tag: UInt32, int64 value: Int64) {
        append(tag: tag, varint: UInt64(bitPattern: value))
    }

    /// A tag and a fixed-width little-endian integer.
    @inlinable @inline(__always)
    package mutating func append<Integer: FixedWidthInteger & BitwiseCopyable>(
        tag: UInt32, fixed value: Integer
    ) {
        reserve(13)
        store(tag: tag)
        store(value)
    }

    /// A tag, a length and UTF-8 bytes.
    @inlinable @inline(__always)
    package mutating func append(tag: UInt32, text: String) {
        var text = text
        text.withUTF8 { characters in
            reserve(15 &+ characters.count)
            store(tag: tag)
            store(varint: UInt64(truncatingIfNeeded: characters.count))
            unsafe store(UnsafeRawBufferPointer(characters))
        }
    }

    /// A tag, a length and bytes.
    @inlinable @inline(__always)
    package mutating func append(tag: UInt32, blob: [UInt8]) {
        append(tag: tag, span: unsafe blob.span.bytes)
    }

    /// A tag, a length and bytes.
    @inlinable
    package mutating func append(tag: UInt32, span: RawSpan) {
        reserve(15 &+ span.byteCount)
        store(tag: tag)
        store(varint: UInt64(truncatingIfNeeded: span.byteCount))
        unsafe span.withUnsafeBytes { unsafe store($0) }
    }

    /// The zigzag form of a signed integer: small magnitudes become small numbers.
    @inlinable @inline(__always)
    package static func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
    }
}
