internal import WorkProtocol

/// Turns a workspace's counter into the low 32 bits of a gid and back: a permutation keyed by a
/// secret of the workspace, so that two gids do not tell how much was made between them.
///
/// A Feistel network of four rounds over two halves of 16 bits; not for keeping secrets from
/// somebody who can ask for many ids, but the counter itself is never shown.
struct GidPermutation {
    let workspace: UInt32
    private let keys: (UInt64, UInt64, UInt64, UInt64)

    init(workspace: UInt32, key: UInt64) {
        self.workspace = workspace
        func mix(_ number: UInt64) -> UInt64 {
            var value = key &+ number &* 0x9E37_79B9_7F4A_7C15
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
        keys = (mix(1), mix(2), mix(3), mix(4))
    }

    private static func round(_ half: UInt32, _ key: UInt64) -> UInt32 {
        let product = (UInt64(half) &+ key) &* (key | 1)
        return UInt32(truncatingIfNeeded: (product ^ (product >> 29)) >> 16) & 0xFFFF
    }

    /// The gid of a row.
    func gid(_ row: UInt32) -> Gid {
        // Two rounds at a time, so that the halves need not change places.
        var left = row >> 16
        var right = row & 0xFFFF
        left ^= Self.round(right, keys.0)
        right ^= Self.round(left, keys.1)
        left ^= Self.round(right, keys.2)
        right ^= Self.round(left, keys.3)
        return Gid(workspace: workspace, low: left << 16 | right)
    }

    /// The row that a gid of this workspace names, whether there is one or not.
    func row(_ gid: Gid) -> UInt32 {
        var left = gid.low >> 16
        var right = gid.low & 0xFFFF
        right ^= Self.round(left, keys.3)
        left ^= Self.round(right, keys.2)
        right ^= Self.round(left, keys.1)
        left ^= Self.round(right, keys.0)
        return left << 16 | right
    }
}
