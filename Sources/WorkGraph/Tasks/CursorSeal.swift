internal import ByteCoding

/// Makes the bytes of a cursor tell nothing: the rank of a task in somebody else's list says how
/// many lie between it and another, hidden ones among them.
///
/// A Feistel network of four rounds over two halves of 14 bytes, keyed by a secret of the workspace
/// (`GidPermutation`): the same place is the same bytes, and everything else looks random. Who
/// changes the bytes gets some other place of a list that it may read anyway.
struct CursorSeal {
    /// How long a sealed cursor is.
    static let byteCount = 28
    private static let half = byteCount / 2
    private let key: UInt64

    init(key: UInt64) { self.key = key }

    /// - Precondition: `bytes` are 28.
    func sealed(_ bytes: [UInt8]) -> [UInt8] { rounds(bytes, [1, 2, 3, 4]) }

    /// What was sealed; nil for bytes of another length.
    func opened(_ bytes: [UInt8]) -> [UInt8]? {
        bytes.count == Self.byteCount ? rounds(bytes, [4, 3, 2, 1]) : nil
    }

    /// The halves are swapped after every round but the last, so that the rounds in reverse undo
    /// them.
    private func rounds(_ bytes: [UInt8], _ numbers: [UInt64]) -> [UInt8] {
        precondition(bytes.count == Self.byteCount, "a cursor of \(bytes.count) bytes")
        var left = Array(bytes[..<Self.half])
        var right = Array(bytes[Self.half...])
        for number in numbers {
            let mask = mask(right, number)
            for index in left.indices { left[index] ^= mask[index] }
            swap(&left, &right)
        }
        return right + left
    }

    /// 14 bytes that depend on a half, the key and the round.
    private func mask(_ half: [UInt8], _ number: UInt64) -> [UInt8] {
        let seed = key &+ number &* 0x9E37_79B9_7F4A_7C15
        var writer = ByteWriter(capacity: 16)
        writer.append(fixed: XXH3.hash(half, seed: seed))
        writer.append(fixed: XXH3.hash(half, seed: ~seed))
        return writer.bytes
    }
}
