/// Finds the places of sessions by their keys: a table with open addressing that holds nothing but
/// hashes and places, what is at them being somebody else's.
///
/// Clients choose their sessions, so keys are hashed with a secret of this process. Never iterated,
/// so that no order of it shows.
struct SessionPlaces {
    private struct Found: BitwiseCopyable {
        var hash: UInt64 = 0
        /// One more than the place; 0: nothing is here.
        var place: Int32 = 0
    }

    /// A power of two, at most half of it taken.
    private var table = [Found](repeating: Found(), count: 64)
    private var count = 0
    private let secret: UInt64

    init() {
        var hasher = Hasher()
        hasher.combine(0)
        secret = UInt64(truncatingIfNeeded: hasher.finalize())
    }

    @inline(__always)
    private func hash(_ key: RequestSession.Key) -> UInt64 {
        let known = RequestHistory.mixed(RequestHistory.mixed(secret, key.principal), key.high)
        return RequestHistory.mixed(known, key.low)
    }

    @inline(__always)
    private func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (table.count - 1) }

    /// The place of the session with a key, among `sessions`. O(1).
    @inline(__always)
    func find(
        _ key: RequestSession.Key, in sessions: borrowing BlockTable<RequestSession>
    ) -> Int32? {
        let hash = hash(key)
        var index = home(hash)
        while table[index].place != 0 {
            let place = table[index].place - 1
            if table[index].hash == hash, sessions[UInt32(place)].key == key { return place }
            index = (index + 1) & (table.count - 1)
        }
        return nil
    }

    /// Puts in a place that is not in the table. O(1) amortised.
    mutating func insert(_ place: Int32, _ key: RequestSession.Key) {
        if count * 2 >= table.count {
            let old = table
            table = [Found](repeating: Found(), count: old.count * 2)
            for found in old where found.place != 0 { put(found) }
        }
        count += 1
        put(Found(hash: hash(key), place: place + 1))
    }

    private mutating func put(_ found: Found) {
        var index = home(found.hash)
        while table[index].place != 0 { index = (index + 1) & (table.count - 1) }
        table[index] = found
    }

    /// Takes out a place that is in the table.
    mutating func remove(_ place: Int32, _ key: RequestSession.Key) {
        var hole = home(hash(key))
        while table[hole].place != place + 1 { hole = (hole + 1) & (table.count - 1) }
        count -= 1
        // What follows moves up, so that no search ends too early.
        var next = hole
        while true {
            next = (next + 1) & (table.count - 1)
            guard table[next].place != 0 else { break }
            let distance = (next - home(table[next].hash)) & (table.count - 1)
            guard distance >= (next - hole) & (table.count - 1) else { continue }
            table[hole] = table[next]
            hole = next
        }
        table[hole] = Found()
    }
}
