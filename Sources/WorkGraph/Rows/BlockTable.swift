internal import ByteCoding

/// Plain values by row number, in blocks of memory that copies of the table share until one of
/// them writes.
///
/// Reading counts no references: beside the blocks stands where each begins. A copy is O(blocks),
/// and the first write to a block after it copies that block.
@safe
struct BlockTable<Value: BitwiseCopyable> {
    static var blockSize: Int { 1024 }
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

        convenience init(repeating value: Value) {
            self.init(isLarge: false)
            unsafe base.initialize(repeating: value, count: BlockTable.blockSize)
        }

        convenience init(copying other: Block, isLarge: Bool) {
            self.init(isLarge: isLarge)
            unsafe base.initialize(from: other.base, count: BlockTable.blockSize)
        }

        deinit {
            if isLarge { unsafe LargePages.deallocate(base) } else { unsafe base.deallocate() }
        }
    }

    /// Where a block begins.
    @safe
    private struct Base {
        let address: UnsafeMutablePointer<Value>

        init(_ block: Block) { unsafe address = block.base }
    }

    private var blocks: [Block] = []
    /// Where each of `blocks` begins.
    private var bases: [Base] = []
    /// What a row has that was never written.
    private let empty: Value
    /// Stands wherever nothing was written yet; being shared, it is never written itself.
    private var blank: Block?

    init(empty: Value) { self.empty = empty }

    /// How many rows there is room for.
    var capacity: Int { blocks.count * Self.blockSize }

    /// Bytes of memory taken by the blocks.
    var allocatedBytes: Int { capacity * MemoryLayout<Value>.stride }

    /// The value of a row. O(1).
    subscript(row: UInt32) -> Value {
        @inline(__always) get {
            let block = Int(row) / Self.blockSize
            guard block < bases.count else { return empty }
            return unsafe bases[block].address[Int(row) % Self.blockSize]
        }
        set {
            let block = Int(row) / Self.blockSize
            own(block)
            unsafe bases[block].address[Int(row) % Self.blockSize] = newValue
        }
    }

    /// Asks the processor for a row's value ahead of its use.
    @inline(__always)
    func prefetch(_ row: UInt32) {
        let block = Int(row) / Self.blockSize
        guard block < bases.count else { return }
        unsafe Prefetch.line(bases[block].address + Int(row) % Self.blockSize)
    }

    /// Makes a block ours alone before it is written.
    private mutating func own(_ block: Int) {
        while blocks.count <= block {
            let blank = self.blank ?? Block(repeating: empty)
            self.blank = blank
            blocks.append(blank)
            bases.append(Base(blank))
        }
        guard !isKnownUniquelyReferenced(&blocks[block]) else { return }
        blocks[block] = Block(
            copying: blocks[block], isLarge: blocks.count > Self.smallBlocks)
        bases[block] = Base(blocks[block])
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
