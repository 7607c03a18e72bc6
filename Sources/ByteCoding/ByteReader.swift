/// Reads values from bytes somebody else wrote, and never past their end.
///
/// Nothing here traps: every length is checked before it is believed, and what does not fit throws
/// a `Corruption` whose offset counts from the beginning of the span the reader was made with.
/// A reader cannot outlive its bytes (the compiler sees to it).
@frozen
package struct ByteReader: ~Escapable {
    @usableFromInline let bytes: RawSpan
    /// How many bytes have been read.
    package private(set) var offset: Int

    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) {
        self.bytes = bytes
        self.offset = 0
    }

    package var remaining: Int { bytes.byteCount &- offset }
    package var isAtEnd: Bool { offset >= bytes.byteCount }

    /// A corruption at the present offset.
    package func corruption(expected: String, found: String) -> Corruption {
        Corruption(offset: offset, expected: expected, found: found)
    }

    private func require(_ count: Int, _ what: StaticString) throws(Corruption) {
        guard count >= 0, count <= remaining else {
            throw Corruption(
                offset: offset, expected: "\(count) bytes of \(what)", found: "\(remaining) bytes")
        }
    }

    @_lifetime(self: copy self)
    package mutating func byte() throws(Corruption) -> UInt8 {
        try require(1, "a byte")
        let value = unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
        offset &+= 1
        return value
    }

    /// A fixed-width little-endian integer.
    @_lifetime(self: copy self)
    package mutating func fixed<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type = Integer.self
    ) throws(Corruption) -> Integer {
        try require(MemoryLayout<Integer>.size, "an integer")
        let value = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Integer.self)
        offset &+= MemoryLayout<Integer>.size
        return Integer(littleEndian: value)
    }

    /// A base-128 variable-length integer of at most 10 bytes; bits past the 64th are refused.
    @_lifetime(self: copy self)
    package mutating func varint() throws(Corruption) -> UInt64 {
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
    @_lifetime(self: copy self)
    package mutating func length() throws(Corruption) -> Int {
        let value = try varint()
        guard value <= UInt64(remaining) else {
            throw corruption(expected: "at most \(remaining) bytes", found: "length \(value)")
        }
        return Int(value)
    }

    /// The next `count` bytes, not copied.
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    package mutating func span(_ count: Int) throws(Corruption) -> RawSpan {
        try require(count, "raw bytes")
        let slice = bytes.extracting(offset..<(offset &+ count))
        offset &+= count
        return slice
    }

    /// The next `count` bytes, copied.
    @_lifetime(self: copy self)
    package mutating func array(_ count: Int) throws(Corruption) -> [UInt8] {
        try require(count, "raw bytes")
        let slice = bytes.extracting(offset..<(offset &+ count))
        offset &+= count
        return unsafe slice.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// The next `count` bytes as text; bytes that are not UTF-8 are refused.
    @_lifetime(self: copy self)
    package mutating func string(_ count: Int) throws(Corruption) -> String {
        try require(count, "text")
        let slice = bytes.extracting(offset..<(offset &+ count))
        let text = unsafe slice.withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
        guard let text else { throw corruption(expected: "UTF-8 text", found: "other bytes") }
        offset &+= count
        return text
    }

    @_lifetime(self: copy self)
    package mutating func skip(_ count: Int) throws(Corruption) {
        try require(count, "bytes to skip")
        offset &+= count
    }
}
