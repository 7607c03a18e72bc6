internal import ByteCoding

/// Values by row number, in blocks of memory that copies of the table share until one of them
/// writes.
///
/// Reading counts no references and looks into no block but for the value, and neither does writing
/// where there was no copy: beside the blocks stands where each begins, and whether another table
/// may have it. A copy is O(1), the first write after it O(blocks), and the first write to each
/// block copies that block.
@safe
struct BlockTable<Value> {
    /// Blocks of 4 to 8 KiB for values of up to 16 bytes, and of 16 for larger ones.
    static var blockSize: Int {
        let stride = MemoryLayout<Value>.stride
        return stride > 16 ? (16 << 10) / stride : stride > 8 ? 256 : 1024
    }
    /// So many blocks a table has before others are in large pages of memory.
    private static var smallBlocks: Int { 64 }

    @safe
    private final class Block {
        let base: UnsafeMutablePointer<Value>
        /// Whether its memory is a block of `LargePages`.
        private let isLarge: Bool

        /// - Parameter isLarge: it is one of many.
        private init(isLarge: Bool) {
            let bytes = BlockTable.blockSize * MemoryLayout<Value>.stride
            if isLarge, let block = unsafe LargePages.allocate(bytes) {
                unsafe base = block.bindMemory(to: Value.self, capacity: BlockTable.blockSize)
                self.isLarge = true
            } else {
                unsafe base = .allocate(capacity: BlockTable.blockSize)
                self.isLarge = false
            }
        }

        convenience init(repeating value: Value, isLarge: Bool) {
            self.init(isLarge: isLarge)
            unsafe base.initialize(repeating: value, count: BlockTable.blockSize)
        }

        convenience init(copying other: Block, isLarge: Bool) {
            self.init(isLarge: isLarge)
            unsafe base.initialize(from: other.base, count: BlockTable.blockSize)
        }

        deinit {
            unsafe base.deinitialize(count: BlockTable.blockSize)
            if isLarge { unsafe LargePages.deallocate(base) } else { unsafe base.deallocate() }
        }
    }

    /// Where a block begins; nil where nothing was written yet.
    @safe
    private struct Base {
        var address: UnsafeMutablePointer<Value>?
    }

    /// What all copies of a table have in common until one of them is written to.
    private final class Commons {
        /// One of the copies was written to: to the others, too, all blocks are shared.
        #if !DEBUG
            @safe @exclusivity(unchecked)
        #endif
        var isSplit = false
    }

    private var blocks: [Block?] = []
    /// Where each of `blocks` begins.
    private var bases: [Base] = []
    /// Whether each of `blocks` may be that of a copy, too.
    private var isShared: [Bool] = []
    private var commons = Commons()
    /// What a row has that was never written.
    private let empty: Value

    init(empty: Value) { self.empty = empty }

    /// How many rows there is room for.
    var capacity: Int { blocks.count * Self.blockSize }

    /// Bytes of memory taken by the blocks.
    var allocatedBytes: Int {
        blocks.count { $0 != nil } * Self.blockSize * MemoryLayout<Value>.stride
    }

    /// Where a row's value is, if anything was written near it.
    @inline(__always)
    private func address(_ row: UInt32) -> UnsafeMutablePointer<Value>? {
        let block = Int(row) / Self.blockSize
        guard block < bases.count, let base = unsafe bases[block].address else { return nil }
        return unsafe base + Int(row) % Self.blockSize
    }

    /// The value of a row. O(1).
    subscript(row: UInt32) -> Value {
        @inline(__always) get {
            guard let address = unsafe address(row) else { return empty }
            return unsafe address.pointee
        }
        @inline(__always) _modify {
            yield unsafe &own(row).pointee
        }
    }

    /// Calls `body` with the value of a row, which is not copied for it. O(1).
    @inline(__always)
    func withValue<Result>(_ row: UInt32, _ body: (borrowing Value) -> Result) -> Result {
        guard let address = unsafe address(row) else { return body(empty) }
        return unsafe body(address.pointee)
    }

    /// Whether anything was written near a row: if not, its value is the empty one.
    @inline(__always)
    func hasBlock(for row: UInt32) -> Bool { unsafe address(row) != nil }

    /// Asks the processor for a row's value ahead of its use.
    @inline(__always)
    func prefetch(_ row: UInt32) {
        if let address = unsafe address(row) { unsafe Prefetch.line(address) }
    }

    /// Where a row's value is, in a block that is ours alone.
    @inline(__always)
    private mutating func own(_ row: UInt32) -> UnsafeMutablePointer<Value> {
        let block = Int(row) / Self.blockSize
        if !isKnownUniquelyReferenced(&commons) || commons.isSplit { split() }
        if block >= blocks.count || isShared[block] { makeOwn(block) }
        guard let base = unsafe bases[block].address else {
            preconditionFailure("a block that is nowhere")
        }
        return unsafe base + Int(row) % Self.blockSize
    }

    /// Notes that there is a copy, or was one.
    private mutating func split() {
        commons.isSplit = true
        commons = Commons()
        for block in isShared.indices { isShared[block] = true }
    }

    private mutating func makeOwn(_ block: Int) {
        while blocks.count <= block {
            blocks.append(nil)
            unsafe bases.append(Base(address: nil))
            isShared.append(true)
        }
        isShared[block] = false
        if blocks[block] != nil, isKnownUniquelyReferenced(&blocks[block]) { return }
        let isLarge = blocks.count > Self.smallBlocks
        let made =
            blocks[block].map { Block(copying: $0, isLarge: isLarge) }
            ?? Block(repeating: empty, isLarge: isLarge)
        blocks[block] = made
        unsafe bases[block].address = made.base
    }
}

extension BlockTable: Equatable where Value: Equatable {
    /// Equal if all rows have the same values, whatever room there is. O(rows).
    static func == (left: BlockTable, right: BlockTable) -> Bool {
        for row in 0..<UInt32(max(left.capacity, right.capacity)) where left[row] != right[row] {
            return false
        }
        return true
    }
}
