/// Rows in the order of their ranks; rows of one rank by their number.
///
/// Kept in blocks of at most 512, so that an insertion moves little. O(√n) insertion and removal in
/// the worst case, O(log n) to find a place, O(1) a step.
struct RankedList: Equatable {
    struct Entry: Equatable, Comparable {
        var rank: Int64
        var row: UInt32

        static func < (left: Entry, right: Entry) -> Bool {
            (left.rank, left.row) < (right.rank, right.row)
        }
    }

    private static let blockLimit = 512
    private var blocks: [[Entry]] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var first: Entry? { blocks.first?.first }
    var last: Entry? { blocks.last?.last }

    /// The index of the block that holds, or would hold, `entry`.
    private func blockIndex(_ entry: Entry) -> Int {
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if let last = blocks[middle].last, last < entry {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private static func place(_ entry: Entry, in block: [Entry]) -> Int {
        var low = 0
        var high = block.count
        while low < high {
            let middle = (low + high) / 2
            if block[middle] < entry { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func insert(_ entry: Entry) {
        count += 1
        guard !blocks.isEmpty else {
            blocks = [[entry]]
            return
        }
        let index = min(blockIndex(entry), blocks.count - 1)
        blocks[index].insert(entry, at: Self.place(entry, in: blocks[index]))
        if blocks[index].count > Self.blockLimit { split(index) }
    }

    private mutating func split(_ index: Int) {
        // Appending is the common case: a full last block stays full.
        let keep = index == blocks.count - 1 ? Self.blockLimit : Self.blockLimit / 2
        let tail = Array(blocks[index][keep...])
        blocks[index].removeSubrange(keep...)
        blocks.insert(tail, at: index + 1)
    }

    /// Removes the entry; returns whether it was there.
    @discardableResult
    mutating func remove(_ entry: Entry) -> Bool {
        let index = blockIndex(entry)
        guard index < blocks.count else { return false }
        let place = Self.place(entry, in: blocks[index])
        guard place < blocks[index].count, blocks[index][place] == entry else { return false }
        blocks[index].remove(at: place)
        if blocks[index].isEmpty { blocks.remove(at: index) }
        count -= 1
        return true
    }

    func contains(_ entry: Entry) -> Bool {
        let index = blockIndex(entry)
        guard index < blocks.count else { return false }
        let place = Self.place(entry, in: blocks[index])
        return place < blocks[index].count && blocks[index][place] == entry
    }

    /// Calls `body` with every entry after `entry` (from the first if nil), in order, until it
    /// returns false.
    func forEach<Failure: Error>(
        after entry: Entry? = nil, _ body: (Entry) throws(Failure) -> Bool
    ) throws(Failure) {
        var index = 0
        var place = 0
        if let entry {
            index = blockIndex(entry)
            guard index < blocks.count else { return }
            place = Self.place(entry, in: blocks[index])
            if place < blocks[index].count, blocks[index][place] == entry { place += 1 }
        }
        while index < blocks.count {
            while place < blocks[index].count {
                if try !body(blocks[index][place]) { return }
                place += 1
            }
            index += 1
            place = 0
        }
    }

    /// Equal if they hold the same entries, however they came to lie in blocks. O(n).
    static func == (left: RankedList, right: RankedList) -> Bool {
        left.count == right.count && left.blocks.joined().elementsEqual(right.blocks.joined())
    }

    /// The entries next to `entry`, which need not be in the list.
    func neighbours(of entry: Entry) -> (before: Entry?, after: Entry?) {
        let index = blockIndex(entry)
        guard index < blocks.count else { return (last, nil) }
        let place = Self.place(entry, in: blocks[index])
        let before = place > 0 ? blocks[index][place - 1] : index > 0 ? blocks[index - 1].last : nil
        var next = (index, place)
        if place < blocks[index].count, blocks[index][place] == entry { next.1 += 1 }
        if next.1 == blocks[next.0].count { next = (next.0 + 1, 0) }
        return (before, next.0 < blocks.count ? blocks[next.0][next.1] : nil)
    }
}
