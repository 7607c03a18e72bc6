/// The fields of Protocol Buffers messages: what the generated encoders write.
extension ByteWriter {
    /// A field's tag: its number shifted by three, and its wire type.
    @inlinable @inline(__always)
    package mutating func append(tag: UInt32) {
        if tag < 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: tag))
        } else {
            append(varint: UInt64(tag))
        }
    }

    @inlinable
    package mutating func append(tag: UInt32, varint value: UInt64) {
        append(tag: tag)
        append(varint: value)
    }

    @inlinable
    package mutating func append(tag: UInt32, int32 value: Int32) {
        append(tag: tag, varint: UInt64(bitPattern: Int64(value)))
    }

    @inlinable
    package mutating func append(tag: UInt32, int64 value: Int64) {
        append(tag: tag, varint: UInt64(bitPattern: value))
    }

    /// A tag and a fixed-width little-endian integer.
    @inlinable
    package mutating func append<Integer: FixedWidthInteger>(tag: UInt32, fixed value: Integer) {
        append(tag: tag)
        append(fixed: value)
    }

    /// A tag, a length and UTF-8 bytes.
    @inlinable
    package mutating func append(tag: UInt32, text: String) {
        append(tag: tag)
        append(varint: UInt64(truncatingIfNeeded: text.utf8.count))
        append(utf8: text)
    }

    /// A tag, a length and bytes.
    @inlinable
    package mutating func append(tag: UInt32, blob: [UInt8]) {
        append(tag: tag)
        append(varint: UInt64(truncatingIfNeeded: blob.count))
        append(blob)
    }

    /// The zigzag form of a signed integer: small magnitudes become small numbers.
    @inlinable
    package static func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
    }
}
