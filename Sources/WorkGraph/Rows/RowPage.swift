internal import ByteCoding

/// A block of memory that rows lie in, one after the other.
///
/// Shared between the living state and the snapshots being taken of it: whoever writes must be the
/// only owner (`RowStore` sees to it, and knows what lies in it).
@safe
final class RowPage {
    /// Bytes of a page; a row that is larger gets a page of its own.
    static let standardCapacity = 1 << 16

    private let capacity: Int
    private let base: UnsafeMutableRawPointer
    /// Whether its memory is a block of `LargePages`.
    private let isLarge: Bool

    /// - Parameter isLarge: it is one of many, of which most will be full.
    init(capacity: Int, isLarge: Bool = false) {
        self.capacity = capacity
        if isLarge, let block = unsafe LargePages.allocate(capacity) {
            unsafe base = block
            self.isLarge = true
        } else {
            unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
            self.isLarge = false
        }
    }

    deinit {
        if isLarge { unsafe LargePages.deallocate(base) } else { unsafe base.deallocate() }
    }

    /// The same first bytes in a page of its own.
    func copy(of used: Int) -> RowPage {
        precondition(used <= capacity, "more than a page has")
        let page = RowPage(capacity: capacity, isLarge: isLarge)
        unsafe page.base.copyMemory(from: base, byteCount: used)
        return page
    }

    /// What precedes each row: its number, length, kind, and the room it has.
    struct Header: BitwiseCopyable {
        var row: UInt32
        var length: UInt32
        /// The kind in the high byte, the room in units of 4 bytes in the others.
        var kindAndRoom: UInt32

        static let size = 12

        init(row: UInt32, length: Int, kind: UInt8, room: Int) {
            self.row = row
            self.length = UInt32(length)
            kindAndRoom = UInt32(kind) << 24 | UInt32(room / 4)
        }

        var kind: UInt8 { UInt8(truncatingIfNeeded: kindAndRoom >> 24) }
        var room: Int { Int(kindAndRoom & 0xFF_FFFF) * 4 }
    }

    /// Where the page's bytes lie.
    var memory: Memory { unsafe Memory(base: base, capacity: capacity) }

    /// A page's bytes, to be read without counting references to the page. Whoever keeps one keeps
    /// the page too, for as long (`RowStore.pages`).
    @safe
    struct Memory {
        fileprivate let base: UnsafeMutableRawPointer
        let capacity: Int

        fileprivate init(base: UnsafeMutableRawPointer, capacity: Int) {
            unsafe self.base = base
            self.capacity = capacity
        }

        @inline(__always)
        func header(at offset: Int) -> Header {
            precondition(offset >= 0 && offset + Header.size <= capacity, "a row outside its page")
            return unsafe base.loadUnaligned(fromByteOffset: offset, as: Header.self)
        }

        /// The bytes of the row whose header is at `offset`.
        @inline(__always)
        @_lifetime(borrow self)
        func content(at offset: Int) -> RawSpan {
            let length = Int(header(at: offset).length)
            let start = offset + Header.size
            precondition(start + length <= capacity, "a row longer than its page")
            let span = unsafe RawSpan(_unsafeStart: base + start, byteCount: length)
            return unsafe _overrideLifetime(span, borrowing: self)
        }

        /// Asks the processor for the row at `offset` ahead of its use: so many bytes as most rows
        /// have. Of the page, nothing is read.
        @inline(__always)
        func prefetch(at offset: Int) {
            unsafe Prefetch.bytes(base + offset, count: min(384, capacity - offset))
        }

        /// The same for its header alone.
        @inline(__always)
        func prefetchHeader(at offset: Int) { unsafe Prefetch.line(base + offset) }

        /// Writes a row's header and bytes at `offset`, where there is room for them.
        @inline(__always)
        func write(_ header: Header, _ content: RawSpan, at offset: Int) {
            let start = offset + Header.size
            precondition(
                offset >= 0 && start + content.byteCount <= capacity, "a row outside its page")
            unsafe base.storeBytes(of: header, toByteOffset: offset, as: Header.self)
            unsafe content.withUnsafeBytes { source in
                guard let first = source.baseAddress else { return }
                unsafe (base + start).copyMemory(from: first, byteCount: source.count)
            }
        }
    }
}
