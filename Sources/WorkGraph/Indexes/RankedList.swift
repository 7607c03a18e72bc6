/// Rows in the order of their ranks; rows of one rank by their number.
///
/// There is one for nearly every task, so short lists are one array. Long ones are kept in blocks
/// of at most 512, so that an insertion moves little: O(√n) insertion and removal in the worst
/// case, O(log n) to find a place, O(1) a step.
struct RankedList: Equatable {
    struct Entry: Equatable, Comparable, BitwiseCopyable {
        var rank: Int64
        var row: UInt32

        static func < (left: Entry, right: Entry) -> Bool {
            left.rank != right.rank ? left.rank < right.rank : left.row < right.row
        }
    }

    private static let blockLimit = 512
    /// All entries, while there are no blocks.
    private var few: [Entry] = []
    private var many: Blocks?

    /// The blocks of a long list, none of them empty. Shared by copies until one is written to.
    private final class Blocks {
        var blocks: [[Entry]]
        var count: Int

        init(_ blocks: [[Entry]], count: Int) {
            self.blocks = blocks
            self.count = count
        }
    }

    var count: Int { many?.count ?? few.count }
    var isEmpty: Bool { count == 0 }
    var first: Entry? { many.map { $0.blocks.first?.first } ?? few.first }
    var last: Entry? { many.map { $0.blocks.last?.last } ?? few.last }

    private var blockCount: Int { many?.blocks.count ?? 1 }
    private func block(_ index: Int) -> [Entry] { many?.blocks[index] ?? few }

    /// The index of the block that holds, or would hold, `entry`.
    private func blockIndex(_ entry: Entry) -> Int {
        guard let many else { return 0 }
        var low = 0
        var high = many.blocks.count
        while low < high {
            let middle = (low + high) / 2
            if let last = many.blocks[middle].last, last < entry {
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
        // Appending is the common case.
        if let last = block.last, last < entry { return high }
        while low < high {
            let middle = (low + high) / 2
            if block[middle] < entry { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func insert(_ entry: Entry) {
        guard let many = ownBlocks() else {
            few.insert(entry, at: Self.place(entry, in: few))
            if few.count > Self.blockLimit {
                let blocks = Blocks([few], count: few.count)
                few = []
                Self.split(0, of: blocks)
                self.many = blocks
            }
            return
        }
        many.count += 1
        let index = min(blockIndex(entry), many.blocks.count - 1)
        many.blocks[index].insert(entry, at: Self.place(entry, in: many.blocks[index]))
        if many.blocks[index].count > Self.blockLimit { Self.split(index, of: many) }
    }

    private static func split(_ index: Int, of many: Blocks) {
        // A full last block stays full: what comes next is mostly appended.
        let keep = index == many.blocks.count - 1 ? blockLimit : blockLimit / 2
        let tail = Array(many.blocks[index][keep...])
        many.blocks[index].removeSubrange(keep...)
        many.blocks.insert(tail, at: index + 1)
    }

    /// The blocks for writing, if there are some: this list's own.
    private mutating func ownBlocks() -> Blocks? {
        guard many != nil else { return nil }
        if !isKnownUniquelyReferenced(&many) {
            many = many.map { Blocks($0.blocks, count: $0.count) }
        }
        return many
    }

    /// Removes the entry; returns whether it was there.
    @discardableResult
    mutating func remove(_ entry: Entry) -> Bool {
        guard contains(entry) else { return false }
        guard let many = ownBlocks() else {
            few.remove(at: Self.place(entry, in: few))
            return true
        }
        let index = blockIndex(entry)
        many.blocks[index].remove(at: Self.place(entry, in: many.blocks[index]))
        many.count -= 1
        if many.blocks[index].isEmpty { many.blocks.remove(at: index) }
        if many.count == 0 { self.many = nil }
        return true
    }

    func contains(_ entry: Entry) -> Bool {
        let index = blockIndex(entry)
        guard index < blockCount else { return false }
        let block = block(index)
        let place = Self.place(entry, in: block)
        return place < block.count && block[place] == entry
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
            guard index < blockCount else { return }
            let block = block(index)
            place = Self.place(entry, in: block)
            if place < block.count, block[place] == entry { place += 1 }
        }
        while index < blockCount {
            let block = block(index)
            while place < block.count {
                if try !body(block[place]) { return }
                place += 1
            }
            index += 1
            place = 0
        }
    }

    /// Equal if they hold the same entries, however they came to lie in blocks. O(n).
    static func == (left: RankedList, right: RankedList) -> Bool {
        guard left.count == right.count else { return false }
        var other: [Entry] = []
        other.reserveCapacity(right.count)
        right.forEach { entry in
            other.append(entry)
            return true
        }
        var index = 0
        left.forEach { entry in
            guard other[index] == entry else { return false }
            index += 1
            return true
        }
        return index == other.count
    }

    /// The entries next to `entry`, which need not be in the list.
    func neighbours(of entry: Entry) -> (before: Entry?, after: Entry?) {
        let index = blockIndex(entry)
        guard index < blockCount else { return (last, nil) }
        let block = block(index)
        let place = Self.place(entry, in: block)
        let before =
            place > 0 ? block[place - 1] : index > 0 ? self.block(index - 1).last : nil
        var next = place
        if next < block.count, block[next] == entry { next += 1 }
        if next < block.count { return (before, block[next]) }
        return (before, index + 1 < blockCount ? self.block(index + 1).first : nil)
    }
}
