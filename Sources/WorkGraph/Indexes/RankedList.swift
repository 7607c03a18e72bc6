/// Rows in the order of their ranks; rows of one rank by their number.
///
/// There is one for nearly every task, so short lists are one array. Of long ones the end is that
/// array, where most insertions go, and what comes before is kept in blocks of at most 512, so that
/// an insertion moves little: O(√n) insertion and removal in the worst case, amortised O(1) at both
/// ends, O(log n) to find a place, O(1) a step.
struct RankedList: Equatable {
    struct Entry: Equatable, Comparable, BitwiseCopyable {
        var rank: Int64
        var row: UInt32

        static func < (left: Entry, right: Entry) -> Bool {
            left.rank != right.rank ? left.rank < right.rank : left.row < right.row
        }
    }

    private static let blockLimit = 512
    /// From so many entries on, an insertion before them all moves none of them.
    private static let openFrom = 64
    /// The last entries. Invariant: only an empty list has none here.
    private var tail: [Entry] = []
    /// What comes before `tail`, if there is more than fits there.
    private var body: Blocks?

    /// Some entries, behind places that are kept free for insertions before them.
    private struct Block {
        /// What is before `start` means nothing.
        var entries: [Entry]
        private(set) var start = 0

        init(_ entries: [Entry]) { self.entries = entries }

        /// One entry, and room for so many in all.
        init(_ entry: Entry, room: Int) {
            entries = [Entry](repeating: entry, count: room)
            start = room - 1
        }

        var count: Int { entries.count - start }
        var first: Entry? { isEmpty ? nil : entries[start] }
        var last: Entry? { isEmpty ? nil : entries[entries.count - 1] }
        var isEmpty: Bool { start == entries.count }

        mutating func insert(_ entry: Entry, at place: Int) {
            if place == start, start > 0 {
                start -= 1
                entries[start] = entry
            } else {
                entries.insert(entry, at: place)
            }
        }

        /// Takes the second half away.
        mutating func split() -> Block {
            let middle = start + count / 2
            let rest = Array(entries[middle...])
            self = Block(Array(entries[start..<middle]))
            return Block(rest)
        }
    }

    /// The blocks of a long list, none of them empty. Shared by copies until one is written to.
    private final class Blocks {
        var blocks: [Block]
        var count: Int

        init(_ blocks: [Block], count: Int) {
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
    private func block(_ index: Int) -> Block {
        guard let body, index < body.blocks.count else { return Block(tail) }
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
        if let first = body.blocks.first?.first, entry < first { return 0 }
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

    private static func place(_ entry: Entry, in block: Block) -> Int {
        place(entry, in: block.entries, from: block.start)
    }

    private static func place(_ entry: Entry, in block: [Entry], from start: Int = 0) -> Int {
        var low = start
        var high = block.count
        // Appending is the common case, and going before all the next.
        if let last = block.last, last < entry { return high }
        if low < high, entry < block[low] { return low }
        while low < high {
            let middle = (low + high) / 2
            if block[middle] < entry { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func insert(_ entry: Entry) {
        guard !isInTail(entry) else {
            let place = Self.place(entry, in: tail)
            if place == tail.count {
                tail.append(entry)
            } else if place == 0, body == nil, tail.count >= Self.openFrom {
                body = Blocks([Block(entry, room: min(tail.count, Self.blockLimit))], count: 1)
            } else {
                tail.insert(entry, at: place)
            }
            if tail.count > Self.blockLimit { shortenTail() }
            return
        }
        let index = blockIndex(entry)
        guard let body = ownBody() else { return }
        // Between the last block and the tail.
        let target = min(index, body.blocks.count - 1)
        body.count += 1
        let place = Self.place(entry, in: body.blocks[target])
        if target == 0, place == 0, body.blocks[0].count >= Self.openFrom {
            return body.blocks.insert(Block(entry, room: Self.blockLimit), at: 0)
        }
        body.blocks[target].insert(entry, at: place)
        if body.blocks[target].count > Self.blockLimit {
            let rest = body.blocks[target].split()
            body.blocks.insert(rest, at: target + 1)
        }
    }

    /// Inserts entries that are in order. O(entries) where they all go to one end.
    mutating func insert(sorted entries: [Entry]) {
        guard let least = entries.first, let most = entries.last else { return }
        if isEmpty || last.map({ $0 < least }) == true {
            append(sorted: entries)
        } else if let first, most < first {
            for entry in entries.reversed() { insert(entry) }
        } else {
            for entry in entries { insert(entry) }
        }
    }

    /// Appends entries that are in order and come after all others. Leaves no room to spare.
    private mutating func append(sorted entries: [Entry]) {
        tail = tail.isEmpty ? entries : tail + entries
        guard tail.count > Self.blockLimit else { return }
        // The last block is the tail, and has at least one.
        let bodyEnd = (tail.count - 1) / Self.blockLimit * Self.blockLimit
        let starts = stride(from: 0, to: bodyEnd, by: Self.blockLimit)
        let blocks = starts.map { Block(Array(tail[$0..<($0 + Self.blockLimit)])) }
        tail = Array(tail[bodyEnd...])
        if let body = ownBody() {
            body.blocks += blocks
            body.count += bodyEnd
        } else {
            body = Blocks(blocks, count: bodyEnd)
        }
    }

    /// Makes a block of all of a long tail but its last entry: what comes next is mostly appended.
    private mutating func shortenTail() {
        let block = Block(Array(tail.dropLast()))
        tail = Array(tail.suffix(1))
        if let body = ownBody() {
            body.blocks.append(block)
            body.count += block.count
        } else {
            body = Blocks([block], count: block.count)
        }
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
        let place = Self.place(entry, in: body.blocks[index])
        body.blocks[index].entries.remove(at: place)
        body.count -= 1
        if body.blocks[index].isEmpty { body.blocks.remove(at: index) }
        if body.count == 0 { self.body = nil }
        return true
    }

    /// Makes the last block the tail.
    private mutating func refillTail() {
        guard let body = ownBody(), let block = body.blocks.popLast() else { return }
        tail = Array(block.entries[block.start...])
        body.count -= block.count
        if body.count == 0 { self.body = nil }
    }

    func contains(_ entry: Entry) -> Bool {
        let index = blockIndex(entry)
        guard index < blockCount else { return false }
        let block = block(index)
        let place = Self.place(entry, in: block)
        return place < block.entries.count && block.entries[place] == entry
    }

    /// Calls `body` with every entry after `entry` (from the first if nil), in order, until it
    /// returns false.
    func forEach<Failure: Error>(
        after entry: Entry? = nil, _ body: (Entry) throws(Failure) -> Bool
    ) throws(Failure) {
        var index = 0
        var start: Int?
        if let entry {
            index = blockIndex(entry)
            guard index < blockCount else { return }
            let block = block(index)
            var place = Self.place(entry, in: block)
            if place < block.entries.count, block.entries[place] == entry { place += 1 }
            start = place
        }
        while index < blockCount {
            let block = block(index)
            var place = start ?? block.start
            while place < block.entries.count {
                if try !body(block.entries[place]) { return }
                place += 1
            }
            index += 1
            start = nil
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
            place > block.start
            ? block.entries[place - 1] : index > 0 ? self.block(index - 1).last : nil
        var next = place
        if next < block.entries.count, block.entries[next] == entry { next += 1 }
        if next < block.entries.count { return (before, block.entries[next]) }
        return (before, index + 1 < blockCount ? self.block(index + 1).first : nil)
    }
}
