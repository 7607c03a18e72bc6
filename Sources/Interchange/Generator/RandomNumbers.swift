/// A stream of numbers that looks random and is the same for the same seed: SplitMix64 (Steele,
/// Lea, Flood, 2014).
struct RandomNumbers: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    /// The stream for one thing among many, independent of those for others.
    init(_ seed: UInt64, _ kind: UInt64, _ number: UInt64) {
        var mixer = RandomNumbers(seed &+ kind &* 0xD6E8_FEB8_6659_FD93)
        var second = RandomNumbers(mixer.next() ^ number &* 0xA076_1D64_78BD_642F)
        state = second.next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `count - 1`. Precondition: `count > 0`.
    mutating func below(_ count: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    /// A number in a range.
    mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// True so many times in a hundred.
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// A number from 0 to `count - 1`, small ones much more often.
    mutating func skewed(_ count: Int) -> Int {
        let first = below(count)
        return below(first + 1)
    }

    /// One of the values. Precondition: there is one.
    mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
}
