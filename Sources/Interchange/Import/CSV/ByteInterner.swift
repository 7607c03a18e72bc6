internal import ByteCoding

/// Different texts with their numbers, in the order in which they came, found by their bytes: what
/// columns repeat from row to row is looked at once.
struct ByteInterner {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    private var hashes: [UInt64] = []
    /// Numbers plus one by their hash, open addressing; 0: free. The count is a power of two.
    private var slots: [Int32] = []
    /// Columns repeat themselves from one row to the next.
    private var last = -1

    var count: Int { ends.count }

    private func place(_ number: Int) -> Range<Int> {
        (number == 0 ? 0 : ends[number - 1])..<ends[number]
    }

    /// The text that has a number.
    func text(_ number: Int) -> String { String(decoding: bytes[place(number)], as: UTF8.self) }

    /// The number of a text, if it has one. O(bytes).
    mutating func find(_ text: RawSpan) -> Int? {
        if last >= 0, isSame(last, text) { return last }
        guard !slots.isEmpty, let found = number(in: slot(text, XXH3.hash(text))) else {
            return nil
        }
        last = found
        return found
    }

    /// The number of a text, which gets the next one if it has none. Amortised O(bytes).
    mutating func number(_ text: RawSpan) -> Int {
        if last >= 0, isSame(last, text) { return last }
        if (ends.count + 1) * 2 > slots.count { grow() }
        let hash = XXH3.hash(text)
        let slot = slot(text, hash)
        if let found = number(in: slot) {
            last = found
            return found
        }
        unsafe text.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        ends.append(bytes.count)
        hashes.append(hash)
        slots[slot] = Int32(ends.count)
        last = ends.count - 1
        return last
    }

    private func number(in slot: Int) -> Int? {
        slots[slot] == 0 ? nil : Int(slots[slot]) - 1
    }

    /// The slot of a text, or the free one where it would be.
    private func slot(_ text: RawSpan, _ hash: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if hashes[number] == hash, isSame(number, text) { return slot }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private func isSame(_ number: Int, _ text: RawSpan) -> Bool {
        let place = place(number)
        guard place.count == text.byteCount else { return false }
        return unsafe bytes.span.bytes.extracting(place).isSame(as: text)
    }

    private mutating func grow() {
        slots = [Int32](repeating: 0, count: max(64, slots.count * 2))
        let mask = slots.count - 1
        for number in ends.indices {
            var slot = Int(truncatingIfNeeded: hashes[number]) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(number + 1)
        }
    }
}

/// Which rows have a 64-bit hash, for as many rows as a file has: 8 bytes a row.
struct RowsByHash {
    /// The newest row of each hash plus one, open addressing; 0: free.
    private var slots: [Int32]
    /// The next row with the same hash, or -1.
    private var followers: [Int32]

    /// Takes those of the rows whose hash is not 0. O(rows).
    init(_ hashes: some RandomAccessCollection<UInt64>) {
        var size = 64
        while size < hashes.count * 2 { size *= 2 }
        slots = [Int32](repeating: 0, count: size)
        followers = [Int32](repeating: -1, count: hashes.count)
        self.hashes = Array(hashes)
        // Backwards, so that each list ascends.
        for (index, hash) in self.hashes.enumerated().reversed() where hash != 0 {
            let slot = slot(hash)
            followers[index] = slots[slot] - 1
            slots[slot] = Int32(index + 1)
        }
    }

    private let hashes: [UInt64]

    private func slot(_ hash: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0, hashes[Int(slots[slot]) - 1] != hash { slot = (slot + 1) & mask }
        return slot
    }

    /// The first row that has it.
    func first(_ hash: UInt64) -> Int32? {
        let found = slots[slot(hash)]
        return hash == 0 || found == 0 ? nil : found - 1
    }

    /// The next row with the same hash as `row`; -1 if it is the last.
    func follower(of row: Int32) -> Int32 { followers[Int(row)] }

    /// The rows that have it, ascending. O(rows that have it).
    func rows(_ hash: UInt64) -> [Int32] {
        var rows: [Int32] = []
        var next = first(hash) ?? -1
        while next >= 0 {
            rows.append(next)
            next = followers[Int(next)]
        }
        return rows
    }
}
