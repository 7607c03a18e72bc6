import Foundation

/// Random numbers that a seed reproduces (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// True once in `count` times.
    mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }

    mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.randomElement(using: &self)
    }

    /// Up to `most` of the elements, in any order.
    mutating func some<Element>(of elements: [Element], most: Int) -> [Element] {
        Array(elements.shuffled(using: &self).prefix(below(most + 1)))
    }
}

/// The seeds of random tests.
enum Seeds {
    /// That of the environment variable HOLDFAST_SEED, to repeat a run; or a fresh one.
    static func fresh() -> UInt64 {
        ProcessInfo.processInfo.environment["HOLDFAST_SEED"].flatMap { UInt64($0) }
            ?? UInt64.random(in: 0..<1_000_000)
    }
}
