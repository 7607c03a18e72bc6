/// The entries of a long `RankedList`: the last ones in an array, what comes before in blocks.
///
/// Shared by copies of the list until one of them is written to, which then takes a `copy`.
final class LongList {
    typealias Entry = RankedList.Entry

    static let blockLimit = 512
    /// From so many entries on, an insertion before them all moves none of them.
    static let openFrom = 64

    /// The last entries. Invariant: only an empty list has none here.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var tail: [Entry]
    /// What comes before `tail`; none of them is empty.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var blocks: [Block] = []
    /// How many entries are in `blocks`.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var blocksCount = 0
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var ends: Ends

    /// What most insertions ask for, kept here: each array they would look into for it lies in
    /// memory of its own, which is in no cache mostly.
    private struct Ends {
        var first: Entry
        var tailFirst: Entry
        var last: Entry
        var hasBlocks: Bool
    }

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
        var first: Entry { entries[start] }
        var last: Entry { entries[entries.count - 1] }
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

    /// - Parameter entries: in order, at least one.
    init(_ entries: [Entry]) {
        tail = []
        ends = Ends(
            first: entries[0], tailFirst: entries[0], last: entries[0], hasBlocks: false)
        append(sorted: entries)
    }

    private init(copying other: LongList) {
        tail = other.tail
        blocks = other.blocks
        blocksCount = other.blocksCount
        ends = other.ends
    }

    /// Looks into the arrays for the ends.
    private func findEnds() {
        guard let tailFirst = tail.first, let last = tail.last else { return }
        ends = Ends(
            first: blocks.first?.first ?? tailFirst, tailFirst: tailFirst, last: last,
            hasBlocks: !blocks.isEmpty)
    }

    /// The same entries, to be written to. O(blocks).
    func copy() -> LongList { LongList(copying: self) }

    var count: Int { tail.count + blocksCount }
    var isEmpty: Bool { tail.isEmpty }
    /// - Precondition: not empty.
    var first: Entry { ends.first }
    /// - Precondition: not empty.
    var last: Entry { ends.last }

    // MARK: - Places

    // The tail counts as the last block.
    private var blockCount: Int { blocks.count + 1 }
    private func block(_ index: Int) -> Block {
        index < blocks.count ? blocks[index] : Block(tail)
    }

    /// Whether `entry` is, or would be, among the last ones.
    private func isInTail(_ entry: Entry) -> Bool {
        !ends.hasBlocks || !(entry < ends.tailFirst)
    }

    /// The index of the block that holds, or would hold, `entry`.
    private func blockIndex(_ entry: Entry) -> Int {
        if isInTail(entry) { return blocks.count }
        if entry < ends.first { return 0 }
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].last < entry { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func place(_ entry: Entry, in block: Block) -> Int {
        RankedList.place(entry, in: block.entries, from: block.start)
    }

    func contains(_ entry: Entry) -> Bool {
        let block = block(blockIndex(entry))
        let place = Self.place(entry, in: block)
        return place < block.entries.count && block.entries[place] == entry
    }

    // MARK: - Changes

    func insert(_ entry: Entry) {
        if isInTail(entry) {
            insert(inTail: entry)
        } else {
            insert(beforeTail: entry)
        }
    }

    private func insert(inTail entry: Entry) {
        let place =
            tail.isEmpty || entry < ends.tailFirst
            ? 0 : ends.last < entry ? tail.count : RankedList.place(entry, in: tail)
        if place == 0, blocks.isEmpty, tail.count >= Self.openFrom {
            blocks = [Block(entry, room: min(tail.count, Self.blockLimit))]
            blocksCount = 1
            ends.first = entry
            ends.hasBlocks = true
            return
        }
        if tail.count >= Self.blockLimit {
            // What comes next is mostly appended, too.
            blocks.append(Block(tail))
            blocksCount += tail.count
            tail = [entry]
            if place < blocks[blocks.count - 1].count { moveBack(entry, to: place) }
            return findEnds()
        }
        if place == tail.count {
            tail.append(entry)
        } else {
            tail.insert(entry, at: place)
        }
        if entry < ends.first { ends.first = entry }
        if entry < ends.tailFirst { ends.tailFirst = entry }
        if ends.last < entry { ends.last = entry }
    }

    /// Puts the only entry of the tail into the last block, whose last becomes the tail.
    private func moveBack(_ entry: Entry, to place: Int) {
        let index = blocks.count - 1
        tail = [blocks[index].entries.removeLast()]
        blocks[index].insert(entry, at: place)
    }

    private func insert(beforeTail entry: Entry) {
        // What goes between the last block and the tail goes to the block.
        let target = min(blockIndex(entry), blocks.count - 1)
        blocksCount += 1
        let isFirst = entry < ends.first
        if isFirst { ends.first = entry }
        let place = isFirst ? blocks[0].start : Self.place(entry, in: blocks[target])
        if target == 0, place == blocks[0].start, blocks[0].start == 0,
            blocks[0].count >= Self.openFrom
        {
            return blocks.insert(Block(entry, room: Self.blockLimit), at: 0)
        }
        blocks[target].insert(entry, at: place)
        if blocks[target].count > Self.blockLimit {
            let rest = blocks[target].split()
            blocks.insert(rest, at: target + 1)
        }
    }

    /// Appends entries that are in order and come after all others. Leaves no room to spare.
    func append(sorted entries: [Entry]) {
        defer { findEnds() }
        tail = tail.isEmpty ? entries : tail + entries
        guard tail.count > Self.blockLimit else { return }
        // The last block is the tail, and has at least one.
        let end = (tail.count - 1) / Self.blockLimit * Self.blockLimit
        let starts = stride(from: 0, to: end, by: Self.blockLimit)
        blocks += starts.map { Block(Array(tail[$0..<($0 + Self.blockLimit)])) }
        blocksCount += end
        tail = Array(tail[end...])
    }

    /// Removes the entry; returns whether it was there.
    func remove(_ entry: Entry) -> Bool {
        guard contains(entry) else { return false }
        defer {
            if entry == ends.first || entry == ends.tailFirst || entry == ends.last { findEnds() }
        }
        if isInTail(entry) {
            tail.remove(at: RankedList.place(entry, in: tail))
            if tail.isEmpty { refillTail() }
            return true
        }
        let index = blockIndex(entry)
        let place = Self.place(entry, in: blocks[index])
        blocks[index].entries.remove(at: place)
        blocksCount -= 1
        if blocks[index].isEmpty { blocks.remove(at: index) }
        return true
    }

    /// Makes the last block the tail.
    private func refillTail() {
        guard let block = blocks.popLast() else { return }
        tail = Array(block.entries[block.start...])
        blocksCount -= block.count
    }

    // MARK: - Reading

    /// Calls `body` with every entry after `entry` (from the first if nil), in order, until it
    /// returns false.
    func forEach<Failure: Error>(
        after entry: Entry?, _ body: (Entry) throws(Failure) -> Bool
    ) throws(Failure) {
        var index = 0
        var start: Int?
        if let entry {
            index = blockIndex(entry)
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

    /// The entries next to `entry`, which need not be in the list.
    func neighbours(of entry: Entry) -> (before: Entry?, after: Entry?) {
        let index = blockIndex(entry)
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
