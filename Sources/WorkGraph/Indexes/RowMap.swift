/// Values by row number, for numbers that are dense: blocks of slots instead of a hash table.
///
/// A copy is O(blocks) and shares everything; a write after it copies one block. So a copy of the
/// indexes for an export costs the writers nothing they would notice.
struct RowMap<Value: Equatable>: Equatable {
    private var values = BlockTable<Value?>(empty: nil)

    /// The value of a row. O(1).
    subscript(row: UInt32) -> Value? {
        get { values[row] }
        set {
            guard newValue != nil || values.hasBlock(for: row) else { return }
            values[row] = newValue
        }
    }
}
