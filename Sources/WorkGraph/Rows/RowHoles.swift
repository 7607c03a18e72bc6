/// Where rows were that lie elsewhere now: room for others.
///
/// Rows that grow leave a hole each; without this, pages would be up to half empty before what
/// lives in them is moved out. Of the holes that are large enough the smallest are taken, and of
/// those that which was left last, being in the cache.
struct RowHoles {
    struct Hole: BitwiseCopyable {
        var page: UInt32
        var offset: UInt32
        /// That of the page when the hole was left; it is gone when the page has another.
        var generation: UInt32
    }

    /// Larger ones are left to be moved together.
    private static let roomMax = 4096 - 8
    /// Holes of one size, at most; of those beyond, too, pages are cleared in the end.
    private static let holesMax = 8192
    /// By their room in units of 8 bytes.
    private var holes: [[Hole]] = []
    /// A bit for each of `holes` that has one.
    private var sizes = [UInt64](repeating: 0, count: (Self.roomMax + 8) / 8 / 64)

    /// Notes a hole.
    mutating func leave(_ hole: Hole, room: Int) {
        guard room > 0, room <= Self.roomMax else { return }
        let size = room / 8
        while holes.count <= size { holes.append([]) }
        guard holes[size].count < Self.holesMax else { return }
        holes[size].append(hole)
        sizes[size / 64] |= 1 << UInt64(size % 64)
    }

    /// Notes all holes that another knows of. O(holes).
    mutating func add(_ others: borrowing RowHoles) {
        for size in others.holes.indices {
            for hole in others.holes[size] { leave(hole, room: size * 8) }
        }
    }

    /// A hole with at least `room`, if it is there still; it is forgotten. O(1).
    mutating func take(room: Int) -> Hole? {
        guard let size = smallestSize(from: room / 8), let hole = holes[size].popLast() else {
            return nil
        }
        if holes[size].isEmpty { sizes[size / 64] &= ~(1 << UInt64(size % 64)) }
        return hole
    }

    private func smallestSize(from size: Int) -> Int? {
        var word = size / 64
        guard word < sizes.count else { return nil }
        var bits = sizes[word] & (.max << UInt64(size % 64))
        while bits == 0 {
            word += 1
            guard word < sizes.count else { return nil }
            bits = sizes[word]
        }
        return word * 64 + bits.trailingZeroBitCount
    }
}
