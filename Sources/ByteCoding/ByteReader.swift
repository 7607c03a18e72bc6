/// Reads values from bytes somebody else wrote, and never past their end.
///
/// Nothing here traps: every length is checked before it is believed, and what does not fit throws
/// a `Corruption` whose offset counts from the beginning of the span the reader was made with.
/// A reader cannot outlive its bytes (the compiler sees to it).
///
/// A reader can be narrowed to a part that is preceded by its length (`enter`, `leave`), which is
/// how messages within messages are read without losing the offset.
///
/// The small reads are inlinable: they are the inner loop of every decoder in other modules.
@frozen @usableFromInline
package struct ByteReader: ~Escapable {
    @usableFromInline let bytes: RawSpan
    /// How many bytes have been read. Invariant: `offset <= end`.
    @usableFromInline package var offset: Int
    /// Where reading stops. Invariant: `end <= bytes.byteCount`.
    @usableFromInline var end: Int

    /// A reader of all of `bytes`.
    @inlinable
    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) {
        self.bytes = bytes
        self.offset = 0
        self.end = bytes.byteCount
    }

    /// A reader of what comes after the first `offset` bytes; its offsets count these too.
    /// - Precondition: `bytes` has so many.
    @inlinable
    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan, at offset: Int) {
        precondition(offset >= 0 && offset <= bytes.byteCount)
        self.bytes = bytes
        self.offset = offset
        self.end = bytes.byteCount
    }

    /// How many bytes are left to read, within the narrowed part if there is one.
    @inlinable package var remaining: Int { end &- offset }

    /// Whether nothing is left to read.
    @inlinable package var isAtEnd: Bool { offset >= end }

    /// A corruption at the present offset.
    package func corruption(expected: String, found: String) -> Corruption {
        Corruption(offset: offset, expected: expected, found: found)
    }

    /// The corruption of a value that would reach past the end. Apart, so that the checks stay
    /// small where they are inlined.
    @usableFromInline @inline(never)
    func shortage(of count: Int, _ what: StaticString) -> Corruption {
        corruption(expected: "\(count) bytes of \(what)", found: "\(remaining) bytes")
    }

    @inlinable @inline(__always)
    func require(_ count: Int, _ what: StaticString) throws(Corruption) {
        guard count >= 0, count <= remaining else { throw shortage(of: count, what) }
    }

    /// One byte.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func byte() throws(Corruption) -> UInt8 {
        guard offset < end else { throw shortage(of: 1, "a byte") }
        let value = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
        offset &+= 1
        return value
    }

    /// A fixed-width little-endian integer.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func fixed<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type = Integer.self
    ) throws(Corruption) -> Integer {
        try require(MemoryLayout<Integer>.size, "an integer")
        let value = unsafe bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: offset, as: Integer.self)
        offset &+= MemoryLayout<Integer>.size
        return Integer(littleEndian: value)
    }

    /// The next `count` bytes, not copied.
    @inlinable
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    package mutating func span(_ count: Int) throws(Corruption) -> RawSpan {
        try require(count, "raw bytes")
        let slice = bytes.extracting(offset..<(offset &+ count))
        offset &+= count
        return slice
    }

    /// The next `count` bytes, copied.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func array(_ count: Int) throws(Corruption) -> [UInt8] {
        let slice = try span(count)
        return unsafe slice.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// The next `count` bytes as text; bytes that are not UTF-8 are refused.
    @usableFromInline
    @_lifetime(self: copy self)
    package mutating func string(_ count: Int) throws(Corruption) -> String {
        try require(count, "text")
        let slice = bytes.extracting(offset..<(offset &+ count))
        let characters = Span<UInt8>(_bytes: slice)
        guard let text = try? UTF8Span(validating: characters) else {
            throw corruption(expected: "UTF-8 text", found: "other bytes")
        }
        offset &+= count
        return String(copying: text)
    }

    /// Passes over `count` bytes.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func skip(_ count: Int) throws(Corruption) {
        try require(count, "bytes to skip")
        offset &+= count
    }

    /// The bytes from an earlier offset up to the present one, copied.
    /// - Precondition: `start` is an offset this reader was at.
    package func array(from start: Int) -> [UInt8] {
        precondition(start >= 0 && start <= offset)
        let slice = bytes.extracting(start..<offset)
        return unsafe slice.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// Narrows the reader to the part whose length (a varint) comes next; answers what `leave`
    /// needs to widen it again.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func enter() throws(Corruption) -> Int {
        let count = try length()
        let outer = end
        end = offset &+ count
        return outer
    }

    /// Widens the reader to what it was before `enter`, at the end of the narrowed part.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func leave(_ outer: Int) {
        precondition(outer >= end)
        offset = end
        end = outer
    }
}
