/// Values by numbers that this store gave out itself: a table with open addressing, without what
/// `Dictionary` does for keys that somebody may have chosen.
///
/// O(1) amortised. Never iterated where order could show.
struct NumberMap<Value> {
    /// A power of two, at most half of them taken.
    private var keys: [UInt64] = []
    /// The values of `keys`; nil where no key is.
    private var values: [Value?] = []
    private(set) var count = 0

    /// The value of a key.
    subscript(key: UInt64) -> Value? {
        get {
            guard let place = place(of: key) else { return nil }
            return values[place]
        }
        set {
            guard let newValue else { return removeValue(forKey: key) }
            let place = makePlace(for: key)
            if values[place] == nil { count += 1 }
            values[place] = newValue
        }
    }

    /// Whether there is a key and value that `isWanted`. O(table), in any order.
    func contains(where isWanted: (UInt64, Value) -> Bool) -> Bool {
        for (key, value) in zip(keys, values) {
            if let value, isWanted(key, value) { return true }
        }
        return false
    }

    /// Calls `body` with all keys and values, in any order.
    func forEachInAnyOrder(_ body: (UInt64, Value) -> Void) {
        for (key, value) in zip(keys, values) {
            if let value { body(key, value) }
        }
    }

    /// Whether there is a value for a key.
    func has(_ key: UInt64) -> Bool { place(of: key) != nil }

    /// Calls `body` with the value of a key, not copied, if there is one.
    @inline(__always)
    func withValue(_ key: UInt64, _ body: (borrowing Value) -> Void) {
        guard let place = place(of: key) else { return }
        unsafe values.withUnsafeBufferPointer { values in
            if let value = unsafe values[place] { body(value) }
        }
    }

    mutating func removeValue(forKey key: UInt64) {
        guard var hole = place(of: key) else { return }
        count -= 1
        // What follows moves up, so that no search ends too early.
        var next = hole
        while true {
            next = (next + 1) & (keys.count - 1)
            guard values[next] != nil else { break }
            let home = home(of: keys[next])
            let distance = (next - home) & (keys.count - 1)
            guard distance >= (next - hole) & (keys.count - 1) else { continue }
            keys[hole] = keys[next]
            values[hole] = values[next].take()
            hole = next
        }
        values[hole] = nil
    }

    // MARK: - Places

    /// Fibonacci hashing.
    private func home(of key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & (keys.count - 1)
    }

    /// Where a key is, or would be.
    @inline(__always)
    private func search(_ key: UInt64) -> Int {
        var place = home(of: key)
        while keys[place] != key, values[place] != nil { place = (place + 1) & (keys.count - 1) }
        return place
    }

    private func place(of key: UInt64) -> Int? {
        guard !keys.isEmpty else { return nil }
        let place = search(key)
        return values[place] == nil ? nil : place
    }

    /// The place of a key; if it was not there, its value is to be set at once.
    private mutating func makePlace(for key: UInt64) -> Int {
        if count * 2 >= keys.count { grow() }
        let place = search(key)
        keys[place] = key
        return place
    }

    private mutating func grow() {
        let old = (keys: keys, values: values)
        let size = max(8, old.keys.count * 2)
        keys = [UInt64](repeating: 0, count: size)
        values = [Value?](repeating: nil, count: size)
        for (key, value) in zip(old.keys, old.values) where value != nil {
            let place = search(key)
            keys[place] = key
            values[place] = value
        }
    }
}

/// Lists of accounts, changed where they lie.
extension NumberMap<RankedList> {
    /// Puts an entry into the list of a key, or takes it out.
    mutating func set(_ key: UInt64, _ entry: RankedList.Entry, _ present: Bool) {
        if present {
            values[ownPlace(of: key)]?.insert(entry)
        } else if let place = place(of: key) {
            values[place]?.remove(entry)
            if values[place]?.isEmpty == true { removeValue(forKey: key) }
        }
    }

    /// Inserts entries that are in order into the list of a key.
    mutating func insert(_ key: UInt64, sorted entries: [RankedList.Entry]) {
        values[ownPlace(of: key)]?.insert(sorted: entries)
    }

    /// A place in the list of a key (`RankedList.opening`), which is not copied for it.
    func opening(_ key: UInt64, at spot: Spot, for mover: UInt32?) -> Opening {
        var opening: Opening?
        withValue(key) { opening = $0.opening(at: spot, for: mover) }
        return opening ?? Opening(rank: 0)
    }

    /// The place of a key, at which there is a list.
    private mutating func ownPlace(of key: UInt64) -> Int {
        let place = makePlace(for: key)
        if values[place] == nil {
            count += 1
            values[place] = RankedList()
        }
        return place
    }
}

extension NumberMap: Equatable where Value: Equatable {
    /// Equal if they have the same values, wherever these lie. O(table).
    static func == (left: NumberMap, right: NumberMap) -> Bool {
        left.count == right.count && !left.contains { right[$0] != $1 }
    }
}
