/// Rows in the order of their ranks; rows of one rank by their number.
///
/// There is one for nearly every task, so short lists are one array. Of long ones the end is that
/// array, where most insertions go, and what comes before is kept in blocks of at most 512, so that
/// an insertion moves little: O(√n) insertion and removal in the worst case, O(1) at the end,
/// O(log n) to find a place, O(1) a step.
struct RankedList: Equatable {
    struct Entry: Equatable, Comparable, BitwiseCopyable {
        var rank: Int64
        var row: UInt32

        static func < (left: Entry, right: Entry) -> Bool {
            left.rank != right.rank ? left.rank < right.rank : left.row < right.row
        }
    }

    private static let blockLimit = 512
    /// The last entries. Invariant: only an empty list has none here.
    private var tail: [Entry] = []
    /// What comes before `tail`, if there is more than fits there.
    private var body: Blocks?

    /// The blocks of a long list, none of them empty. Shared by copies until one is written to.
    private final class Blocks {
        var blocks: [[Entry]]
        var count: Int

        init(_ blocks: [[Entry]], count: Int) {
            self.blocks = blocks
            self.count = count
        }
    }

    var count: Int { tail.count + (body?.count ?? 0) }
    var isEmpty: Bool { tail.isEmpty }
    var first: Entry? { body.map { $0.blocks.first?.first } ?? tail.first }
    var last: Entry? { tail.last }

    // The tail counts as the last block.
    private var blockCount: Int { (body?.blocks.count ?? 0) + 1 }
    private func block(_ index: Int) -> [Entry] {
        guard let body, index < body.blocks.count else { return tail }
        return body.blocks[index]
    }

    /// Whether `entry` is, or would be, among the last ones.
    private func isInTail(_ entry: Entry) -> Bool {
        guard body != nil, let first = tail.first else { return true }
        return !(entry < first)
    }

    /// The index of the block that holds, or would hold, `entry`.
    private func blockIndex(_ entry: Entry) -> Int {
        guard let body, !isInTail(entry) else { return blockCount - 1 }
        var low = 0
        var high = body.blocks.count
        while low < high {
            let middle = (low + high) / 2
            if let last = body.blocks[middle].last, last < entry {
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
        guard !isInTail(entry) else {
            let place = Self.place(entry, in: tail)
            if place == tail.count { tail.append(entry) } else { tail.insert(entry, at: place) }
            if tail.count > Self.blockLimit { shortenTail() }
            return
        }
        let index = blockIndex(entry)
        guard let body = ownBody() else { return }
        // Between the last block and the tail.
        let target = min(index, body.blocks.count - 1)
        body.count += 1
        body.blocks[target].insert(entry, at: Self.place(entry, in: body.blocks[target]))
        if body.blocks[target].count > Self.blockLimit { Self.split(target, of: body) }
    }

    /// Makes a block of all of a long tail but its last entry: what comes next is mostly appended.
    private mutating func shortenTail() {
        let block = Array(tail.dropLast())
        tail = Array(tail.suffix(1))
        if let body = ownBody() {
            body.blocks.append(block)
            body.count += block.count
        } else {
            body = Blocks([block], count: block.count)
        }
    }

    private static func split(_ index: Int, of body: Blocks) {
        let rest = Array(body.blocks[index][(blockLimit / 2)...])
        body.blocks[index].removeSubrange((blockLimit / 2)...)
        body.blocks.insert(rest, at: index + 1)
    }

    /// The blocks for writing, if there are some: this list's own.
    private mutating func ownBody() -> Blocks? {
        guard body != nil else { return nil }
        if !isKnownUniquelyReferenced(&body) {
            body = body.map { Blocks($0.blocks, count: $0.count) }
        }
        return body
    }

    /// Removes the entry; returns whether it was there.
    @discardableResult
    mutating func remove(_ entry: Entry) -> Bool {
        guard contains(entry) else { return false }
        if isInTail(entry) {
            tail.remove(at: Self.place(entry, in: tail))
            if tail.isEmpty { refillTail() }
            return true
        }
        let index = blockIndex(entry)
        guard let body = ownBody() else { return false }
        body.blocks[index].remove(at: Self.place(entry, in: body.blocks[index]))
        body.count -= 1
        if body.blocks[index].isEmpty { body.blocks.remove(at: index) }
        if body.count == 0 { self.body = nil }
        return true
    }

    /// Makes the last block the tail.
    private mutating func refillTail() {
        guard let body = ownBody(), let block = body.blocks.popLast() else { return }
        tail = block
        body.count -= block.count
        if body.count == 0 { self.body = nil }
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

    /// The next entries after `entry` (from the first if nil). O(log n + entries).
    func entries(after entry: Entry?, atMost most: Int) -> [Entry] {
        var entries: [Entry] = []
        entries.reserveCapacity(min(most, count))
        forEach(after: entry) { entry in
            guard entries.count < most else { return false }
            entries.append(entry)
            return true
        }
        return entries
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
