/// Lists by the number of the row that has them, for numbers that are dense: a `BlockTable` of
/// lists, of which an empty one is none.
struct ListMap: Equatable {
    private var lists = BlockTable(empty: RankedList())

    /// The list of a row; nil if it is empty. O(1).
    subscript(row: UInt32) -> RankedList? {
        let list = lists[row]
        return list.isEmpty ? nil : list
    }

    /// Puts an entry into a row's list, or takes it out.
    mutating func set(_ row: UInt32, _ entry: RankedList.Entry, _ present: Bool) {
        if present {
            lists[row].insert(entry)
        } else if lists.hasBlock(for: row) {
            lists[row].remove(entry)
        }
    }

    /// Inserts entries that are in order into a row's list.
    mutating func insert(_ row: UInt32, sorted entries: [RankedList.Entry]) {
        lists[row].insert(sorted: entries)
    }

    /// A place in the row's list (`RankedList.opening`), which is not copied for it.
    func opening(_ row: UInt32, at spot: Spot, for mover: UInt32?) -> Opening {
        lists.withValue(row) { $0.opening(at: spot, for: mover) }
    }

    /// Asks the processor for a row's value ahead of its use.
    func prefetch(_ row: UInt32) { lists.prefetch(row) }
}
