internal import Environment

/// The stream of numbers that a run's seed decides: SplitMix64.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
package struct Seed: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(_ seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number below `bound`. - Precondition: `bound` is above 0.
    package mutating func number(below bound: Int) -> Int {
        precondition(bound > 0, "no number is below \(bound)")
        return Int(next() % UInt64(bound))
    }

    /// True `count` times in `total`, on average.
    package mutating func chance(_ count: Int, in total: Int) -> Bool {
        number(below: total) < count
    }

    /// Another stream, so that a new draw in one part of a run does not shift those of the others.
    package mutating func split() -> Seed { Seed(next()) }
}

/// `Randomness` from a seed. Used from the simulation's one loop only.
package final class SeededRandomness: Randomness, @unchecked Sendable {
    private var seed: Seed

    package init(_ seed: Seed) { self.seed = seed }

    package func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: seed.next()) }
    }

    package func number() -> UInt64 { seed.next() }
}
