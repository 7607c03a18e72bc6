/// Rows in the order of their ranks; rows of one rank by their number.
///
/// There is one for nearly every task, so a list of one entry is that entry, and a short one is an
/// array. Of long ones the end is an array, where most insertions go, and what comes before is kept
/// in blocks of at most 512 (`LongList`), so that an insertion moves little: O(√n) insertion and
/// removal in the worst case, amortised O(1) at both ends, O(log n) to find a place, O(1) a step.
struct RankedList: Equatable {
    struct Entry: Equatable, Comparable, BitwiseCopyable {
        var rank: Int64
        var row: UInt32

        static func < (left: Entry, right: Entry) -> Bool {
            left.rank != right.rank ? left.rank < right.rank : left.row < right.row
        }
    }

    private var content = Content.none

    private enum Content {
        case none
        case one(Entry)
        /// In order, at least one.
        case some([Entry])
        /// At least one.
        case long(LongList)
    }

    init() {}

    var count: Int {
        switch content {
        case .none: 0
        case .one: 1
        case .some(let entries): entries.count
        case .long(let list): list.count
        }
    }

    var isEmpty: Bool { if case .none = content { true } else { false } }

    var first: Entry? {
        switch content {
        case .none: nil
        case .one(let entry): entry
        case .some(let entries): entries[0]
        case .long(let list): list.first
        }
    }

    var last: Entry? {
        switch content {
        case .none: nil
        case .one(let entry): entry
        case .some(let entries): entries[entries.count - 1]
        case .long(let list): list.last
        }
    }

    /// Where an entry is, or would be, among others that are in order from `start` on.
    static func place(_ entry: Entry, in entries: [Entry], from start: Int = 0) -> Int {
        var low = start
        var high = entries.count
        // Appending is the common case, and going before all the next.
        if low == high || entries[high - 1] < entry { return high }
        if entry < entries[low] { return low }
        while low < high {
            let middle = (low + high) / 2
            if entries[middle] < entry { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func contains(_ entry: Entry) -> Bool {
        switch content {
        case .none: return false
        case .one(let other): return entry == other
        case .some(let entries):
            let place = Self.place(entry, in: entries)
            return place < entries.count && entries[place] == entry
        case .long(let list): return list.contains(entry)
        }
    }

    // MARK: - Changes

    mutating func insert(_ entry: Entry) {
        // Taken out while it is changed, so that it is not copied.
        var taken = Content.none
        swap(&taken, &content)
        switch consume taken {
        case .none: content = .one(entry)
        case .one(let other): content = .some(entry < other ? [entry, other] : [other, entry])
        case .some(var entries):
            let place = Self.place(entry, in: entries)
            guard entries.count < (place == 0 ? LongList.openFrom : LongList.blockLimit) else {
                let list = LongList(entries)
                list.insert(entry)
                return content = .long(list)
            }
            if place == entries.count {
                entries.append(entry)
            } else {
                entries.insert(entry, at: place)
            }
            content = .some(entries)
        case .long(var list):
            if !isKnownUniquelyReferenced(&list) { list = list.copy() }
            list.insert(entry)
            content = .long(list)
        }
    }

    /// Inserts entries that are in order. O(entries) where they all go to one end.
    mutating func insert(sorted entries: [Entry]) {
        guard let least = entries.first, let most = entries.last else { return }
        if last.map({ $0 < least }) != false {
            append(sorted: entries)
        } else if let first, most < first {
            for entry in entries.reversed() { insert(entry) }
        } else {
            for entry in entries { insert(entry) }
        }
    }

    /// Appends entries that are in order and come after all others. Leaves no room to spare.
    private mutating func append(sorted entries: [Entry]) {
        switch content {
        case .none:
            content =
                entries.count == 1
                ? .one(entries[0])
                : entries.count > LongList.blockLimit
                    ? .long(LongList(entries)) : .some(entries)
        case .one(let entry): replace(by: [entry] + entries)
        case .some(let old): replace(by: old + entries)
        case .long(let list):
            let own = list.copy()
            own.append(sorted: entries)
            content = .long(own)
        }
    }

    private mutating func replace(by entries: [Entry]) {
        content = entries.count > LongList.blockLimit ? .long(LongList(entries)) : .some(entries)
    }

    /// Removes the entry; returns whether it was there.
    @discardableResult
    mutating func remove(_ entry: Entry) -> Bool {
        guard contains(entry) else { return false }
        var taken = Content.none
        swap(&taken, &content)
        switch consume taken {
        case .none, .one: break
        case .some(var entries):
            entries.remove(at: Self.place(entry, in: entries))
            content = entries.count == 1 ? .one(entries[0]) : .some(entries)
        case .long(var list):
            if !isKnownUniquelyReferenced(&list) { list = list.copy() }
            _ = list.remove(entry)
            if !list.isEmpty { content = .long(list) }
        }
        return true
    }

    // MARK: - Reading

    /// Calls `body` with every entry after `entry` (from the first if nil), in order, until it
    /// returns false.
    func forEach<Failure: Error>(
        after entry: Entry? = nil, _ body: (Entry) throws(Failure) -> Bool
    ) throws(Failure) {
        switch content {
        case .none: break
        case .one(let only): if entry.map({ $0 < only }) != false { _ = try body(only) }
        case .some(let entries):
            var place = 0
            if let entry {
                place = Self.place(entry, in: entries)
                if place < entries.count, entries[place] == entry { place += 1 }
            }
            while place < entries.count, try body(entries[place]) { place += 1 }
        case .long(let list): try list.forEach(after: entry, body)
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
        return left.entries(after: nil, atMost: .max) == right.entries(after: nil, atMost: .max)
    }

    /// The entries next to `entry`, which need not be in the list.
    func neighbours(of entry: Entry) -> (before: Entry?, after: Entry?) {
        switch content {
        case .none: return (nil, nil)
        case .one(let other):
            return (other < entry ? other : nil, entry < other ? other : nil)
        case .some(let entries):
            let place = Self.place(entry, in: entries)
            var next = place
            if next < entries.count, entries[next] == entry { next += 1 }
            return (
                place > 0 ? entries[place - 1] : nil, next < entries.count ? entries[next] : nil
            )
        case .long(let list): return list.neighbours(of: entry)
        }
    }
}
