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

    /// The value of a row for changing in place; `standard` where there is none.
    subscript(row: UInt32, default standard: @autoclosure () -> Value) -> Value {
        get { values[row] ?? standard() }
        _modify {
            // Taken out while it is changed, so that it is not copied.
            var value = values[row].take() ?? standard()
            defer { values[row] = value }
            yield &value
        }
    }

    /// Asks the processor for a row's value ahead of its use.
    func prefetch(_ row: UInt32) { values.prefetch(row) }

    mutating func removeValue(forKey row: UInt32) { self[row] = nil }
}
