/// Appends values to growing memory, little-endian, in the forms this project uses: fixed-width
/// integers, Protocol Buffers' variable-length integers, strings and raw bytes.
///
/// A writer owns its memory alone, which is why it cannot be copied: an append is a comparison and
/// a store, with no test of who else may be looking. Keep one and `removeAll` it to write again
/// without allocating.
///
/// `@usableFromInline` on the type is what lets other modules inline its members: without it
/// `@inlinable package` has no effect (measured: ten times slower encoders).
///
/// Complexity: every `append` is amortised O(bytes appended).
@frozen @usableFromInline @safe
package struct ByteWriter: ~Copyable {
    /// The memory; its first `count` bytes are written. Invariant: `count <= capacity`.
    @usableFromInline var base: UnsafeMutableRawPointer
    @usableFromInline package private(set) var capacity: Int
    /// How many bytes have been written.
    @usableFromInline package var count: Int

    /// An empty writer with room for `capacity` bytes before it has to grow.
    @inlinable
    package init(capacity: Int = 0) {
        precondition(capacity >= 0)
        let room = Swift.max(capacity, 16)
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: 16)
        self.capacity = room
        count = 0
    }

    @inlinable
    deinit { unsafe base.deallocate() }

    /// What has been written, copied. Complexity: O(count).
    @inlinable
    package var bytes: [UInt8] {
        unsafe [UInt8](UnsafeRawBufferPointer(start: base, count: count))
    }

    /// What has been written, not copied.
    @inlinable
    package var span: RawSpan {
        @_lifetime(borrow self) borrowing get {
            let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Forgets what has been written and keeps the memory.
    @inlinable
    package mutating func removeAll() { count = 0 }

    /// Forgets what has been written after the first `count` bytes.
    /// - Precondition: no more than what has been written.
    @inlinable
    package mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count)
        self.count = count
    }

    /// Makes room for `extra` more bytes.
    @inlinable @inline(__always)
    package mutating func reserve(_ extra: Int) {
        if capacity &- count < extra { grow(by: extra) }
    }

    @usableFromInline @inline(never)
    mutating func grow(by extra: Int) {
        let wanted = Swift.max(capacity * 2, count + extra, 64)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
        unsafe larger.copyMemory(from: base, byteCount: count)
        unsafe base.deallocate()
        unsafe base = larger
        capacity = wanted
    }

    /// Stores an integer in room that `reserve` made.
    @inlinable @inline(__always)
    mutating func store<Integer: FixedWidthInteger & BitwiseCopyable>(_ value: Integer) {
        unsafe base.storeBytes(of: value.littleEndian, toByteOffset: count, as: Integer.self)
        count &+= MemoryLayout<Integer>.size
    }

    /// Stores bytes in room that `reserve` made.
    @inlinable @inline(__always)
    mutating func store(_ source: UnsafeRawBufferPointer) {
        if let start = source.baseAddress {
            unsafe (base + count).copyMemory(from: start, byteCount: source.count)
        }
        count &+= source.count
    }

    @inlinable
    package mutating func append(_ value: UInt8) {
        reserve(1)
        store(value)
    }

    /// A fixed-width little-endian integer.
    @inlinable
    package mutating func append<Integer: FixedWidthInteger & BitwiseCopyable>(
        fixed value: Integer
    ) {
        reserve(MemoryLayout<Integer>.size)
        store(value)
    }

    @inlinable
    package mutating func append(_ value: [UInt8]) {
        reserve(value.count)
        unsafe value.withUnsafeBytes { unsafe store($0) }
    }

    @inlinable
    package mutating func append(_ value: ArraySlice<UInt8>) {
        reserve(value.count)
        unsafe value.withUnsafeBytes { unsafe store($0) }
    }

    @inlinable
    package mutating func append(_ value: RawSpan) {
        reserve(value.byteCount)
        unsafe value.withUnsafeBytes { unsafe store($0) }
    }

    /// The UTF-8 bytes of `value`, without a length.
    ///
    /// Not by `utf8Span`: of a short string, which lies in registers, the optimizer (Swift 6.3.1)
    /// lets the span outlive the copy in memory that it points to.
    @inlinable
    package mutating func append(utf8 value: String) {
        var value = value
        value.withUTF8 { characters in
            reserve(characters.count)
            unsafe store(UnsafeRawBufferPointer(characters))
        }
    }

    /// `count` zero bytes.
    /// - Precondition: `count` is not negative.
    @inlinable
    package mutating func append(zeroes count: Int) {
        precondition(count >= 0)
        reserve(count)
        unsafe (base + self.count).initializeMemory(as: UInt8.self, repeating: 0, count: count)
        self.count &+= count
    }

    /// Overwrites bytes written before, at `offset`, with a fixed-width little-endian integer.
    /// - Precondition: the integer lies within what has been written.
    @inlinable
    package mutating func overwrite<Integer: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, fixed value: Integer
    ) {
        precondition(offset >= 0 && offset + MemoryLayout<Integer>.size <= count)
        unsafe base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Integer.self)
    }

    /// Appends what `body` writes, preceded by its length as a varint.
    ///
    /// One byte is kept for the length; a longer length moves the content, which is rare.
    @inlinable
    package mutating func appendLengthDelimited(_ body: (inout ByteWriter) -> Void) {
        append(0)
        let start = count
        body(&self)
        finishLength(from: start)
    }

    /// Writes the length of what came after `start` into the byte before it, or moves it to make
    /// room for a longer length.
    @inlinable @inline(__always)
    mutating func finishLength(from start: Int) {
        let length = count &- start
        if length < 0x80 {
            unsafe base.storeBytes(
                of: UInt8(truncatingIfNeeded: length), toByteOffset: start &- 1, as: UInt8.self)
        } else {
            finishLongLength(from: start)
        }
    }

    @usableFromInline @inline(never)
    mutating func finishLongLength(from start: Int) {
        precondition(start > 0 && start <= count)
        let length = count - start
        let width = Self.width(ofVarint: UInt64(length))
        reserve(width)
        let content = unsafe base + start
        unsafe (content + (width - 1)).copyMemory(from: content, byteCount: length)
        count = start - 1
        store(varint: UInt64(length))
        count += length
    }
}

// It alone owns its memory, and it cannot be copied, so it may move between threads.
extension ByteWriter: @unchecked Sendable {}
