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

    @usableFromInline @inline(never)
    mutating func storeLong(varint value: UInt64) { store(varint: value) }

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
        append(tag: tag, span: unsafe text.utf8Span.span.bytes)
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
