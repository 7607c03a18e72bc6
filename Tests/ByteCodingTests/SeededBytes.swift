import ByteCoding

/// SplitMix64: the same bytes for the same seed, on every machine.
struct SeededBytes: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// `count` bytes that do not compress.
    mutating func noise(_ count: Int) -> [UInt8] {
        var writer = ByteWriter(capacity: count + 8)
        while writer.count < count { writer.append(fixed: next()) }
        writer.truncate(to: count)
        return writer.bytes
    }

    /// About `count` bytes of words, which do.
    mutating func prose(_ count: Int) -> [UInt8] {
        let words = ["order", "the", "cake", "for", "summer", "party", "before", "Friday", "\n"]
        var page: [UInt8] = []
        while page.count < min(count, 1 << 16) {
            page += Array(words[Int.random(in: 0..<words.count, using: &self)].utf8) + [0x20]
        }
        var text = page
        while text.count < count { text += page }
        return text
    }
}
