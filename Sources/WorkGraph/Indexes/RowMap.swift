internal import ByteCoding

/// Values by row number, for numbers that are dense: blocks of slots instead of a hash table.
///
/// A copy is O(blocks) and shares everything; a write after it copies one block. So a copy of the
/// indexes for an export costs the writers nothing they would notice.
struct RowMap<Value: Equatable>: Equatable {
    private static var blockSize: Int { 256 }
    /// Blocks that hold nothing are empty arrays.
    private var blocks: [[Value?]] = []

    /// The value of a row. O(1).
    subscript(row: UInt32) -> Value? {
        get {
            let block = Int(row) / Self.blockSize
            guard block < blocks.count, !blocks[block].isEmpty else { return nil }
            return blocks[block][Int(row) % Self.blockSize]
        }
        set {
            let block = Int(row) / Self.blockSize
            guard newValue != nil || (block < blocks.count && !blocks[block].isEmpty) else {
                return
            }
            makeRoom(block)
            blocks[block][Int(row) % Self.blockSize] = newValue
        }
    }

    /// The value of a row for changing in place; `standard` where there is none.
    subscript(row: UInt32, default standard: @autoclosure () -> Value) -> Value {
        get { self[row] ?? standard() }
        _modify {
            let block = Int(row) / Self.blockSize
            let place = Int(row) % Self.blockSize
            makeRoom(block)
            // Taken out while it is changed, so that it is not copied.
            var value = blocks[block][place].take() ?? standard()
            defer { blocks[block][place] = value }
            yield &value
        }
    }

    /// Asks the processor for a row's value ahead of its use.
    func prefetch(_ row: UInt32) {
        let block = Int(row) / Self.blockSize
        guard block < blocks.count else { return }
        unsafe blocks[block].withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            unsafe Prefetch.line(base + Int(row) % Self.blockSize)
            // Where the block's length stands, before the values.
            unsafe Prefetch.line(UnsafeRawPointer(base) - 16)
        }
    }

    /// Calls `body` with the value of a row, not copied, if there is one.
    @inline(__always)
    func withValue(_ row: UInt32, _ body: (borrowing Value) -> Void) {
        let block = Int(row) / Self.blockSize
        guard block < blocks.count, !blocks[block].isEmpty else { return }
        unsafe blocks[block].withUnsafeBufferPointer { values in
            if let value = unsafe values[Int(row) % Self.blockSize] { body(value) }
        }
    }

    private mutating func makeRoom(_ block: Int) {
        while blocks.count <= block { blocks.append([]) }
        if blocks[block].isEmpty {
            blocks[block] = [Value?](repeating: nil, count: Self.blockSize)
        }
    }

    mutating func removeValue(forKey row: UInt32) { self[row] = nil }

    /// Equal if they have the same values, whatever blocks they have had. O(n).
    static func == (left: RowMap, right: RowMap) -> Bool {
        for block in 0..<max(left.blocks.count, right.blocks.count) {
            let one = block < left.blocks.count ? left.blocks[block] : []
            let other = block < right.blocks.count ? right.blocks[block] : []
            for place in 0..<blockSize {
                let value = place < one.count ? one[place] : nil
                guard value == (place < other.count ? other[place] : nil) else { return false }
            }
        }
        return true
    }
}
