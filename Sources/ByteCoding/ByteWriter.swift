/// Appends values to a growing array of bytes, little-endian, in the forms this project uses:
/// fixed-width integers, Protocol Buffers' variable-length integers, strings and raw bytes.
///
/// Complexity: every `append` is amortised O(bytes appended).
@frozen
package struct ByteWriter: Sendable {
    /// What has been written.
    package var bytes: [UInt8]

    /// An empty writer with room for `capacity` bytes before it has to grow.
    @inlinable
    package init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    @inlinable package var count: Int { bytes.count }

    @inlinable
    package mutating func removeAll(keepingCapacity: Bool = true) {
        bytes.removeAll(keepingCapacity: keepingCapacity)
    }

    @inlinable
    package mutating func append(_ value: UInt8) { bytes.append(value) }

    /// A fixed-width little-endian integer.
    @inlinable
    package mutating func append<Integer: FixedWidthInteger>(fixed value: Integer) {
        var little = value.littleEndian
        unsafe withUnsafeBytes(of: &little) { unsafe bytes.append(contentsOf: $0) }
    }

    @inlinable
    package mutating func append(_ value: [UInt8]) { bytes.append(contentsOf: value) }

    @inlinable
    package mutating func append(_ value: ArraySlice<UInt8>) { bytes.append(contentsOf: value) }

    @inlinable
    package mutating func append(_ value: RawSpan) {
        unsafe value.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// The UTF-8 bytes of `value`, without a length.
    @inlinable
    package mutating func append(utf8 value: String) { bytes.append(contentsOf: value.utf8) }

    /// `count` zero bytes.
    @inlinable
    package mutating func append(zeroes count: Int) {
        bytes.append(contentsOf: repeatElement(0, count: count))
    }

    /// Overwrites bytes written before, at `offset`, with a fixed-width little-endian integer.
    /// - Precondition: the integer lies within what has been written.
    @inlinable
    package mutating func overwrite<Integer: FixedWidthInteger>(
        at offset: Int, fixed value: Integer
    ) {
        precondition(offset >= 0 && offset + MemoryLayout<Integer>.size <= bytes.count)
        var little = value.littleEndian
        unsafe withUnsafeBytes(of: &little) { source in
            for index in source.indices { unsafe bytes[offset + index] = source[index] }
        }
    }

    /// Appends what `body` writes, preceded by its length as a varint.
    ///
    /// One byte is kept for the length; a longer length moves the content, which is rare.
    @inlinable
    package mutating func appendLengthDelimited(_ body: (inout ByteWriter) -> Void) {
        let start = bytes.count
        bytes.append(0)
        body(&self)
        let length = bytes.count - start - 1
        if length < 0x80 {
            bytes[start] = UInt8(truncatingIfNeeded: length)
        } else {
            var prefix = ByteWriter()
            prefix.append(varint: UInt64(length))
            bytes.replaceSubrange(start...start, with: prefix.bytes)
        }
    }
}
