internal import WorkProtocol

/// What people may do in projects, as it was found out before: every read asks for it, and it
/// changes seldom.
///
/// Each account and project has one place in a table, which the next pair of the same place takes
/// over; the table grows while that happens often. Whatever could change the answer (a project, a
/// team, a membership) empties it.
final class AccessCache {
    /// 16 bytes, so that none lies in two cache lines.
    private struct Found {
        /// Accounts lie in the directory, whose gids have no more than 32 bits.
        var account: UInt32 = 0
        var project: UInt32 = 0
        var epoch: UInt32 = 0
        var level = AccessLevel.none
    }

    private static let smallest = 64
    /// 512 KiB, in a workspace where so many pairs are asked for; there may be thousands that are
    /// small.
    private static let largest = 1 << 15
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var table: [Found] = []
    /// Only what was found in this epoch counts; 0 is none.
    private var epoch: UInt32 = 1
    private var misses = 0

    /// The level that was found before, or that `find` finds. O(1) and what `find` costs.
    func level(
        of account: UInt64, in project: UInt32, _ find: () -> AccessLevel
    ) -> AccessLevel {
        guard let account = UInt32(exactly: account) else { return find() }
        if !table.isEmpty {
            let found = table[place(account, project)]
            if found.epoch == epoch, found.account == account, found.project == project {
                return found.level
            }
        }
        let level = find()
        keep(Found(account: account, project: project, epoch: epoch, level: level))
        return level
    }

    func forget() {
        epoch &+= 1
        if epoch == 0 {
            epoch = 1
            table = []
        }
    }

    private func keep(_ found: Found) {
        misses += 1
        if table.isEmpty || (misses > table.count * 4 && table.count < Self.largest) {
            table = [Found](
                repeating: Found(), count: max(Self.smallest, min(table.count * 4, Self.largest)))
            misses = 0
        }
        table[place(found.account, found.project)] = found
    }

    private func place(_ account: UInt32, _ project: UInt32) -> Int {
        // Fibonacci hashing; the table's size is a power of two.
        let mixed =
            (UInt64(account) &* 0x9E37_79B9_7F4A_7C15) ^ (UInt64(project) &* 0xC2B2_AE3D_27D4_EB4F)
        return Int(truncatingIfNeeded: (mixed &* 0x9E37_79B9_7F4A_7C15) >> 40) & (table.count - 1)
    }
}
