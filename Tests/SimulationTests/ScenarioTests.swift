import ReplicatedLog
import Simulation
import Testing

/// Runs that a seed decides. A failure prints its seed, and the seed repeats it.
@Suite struct ScenarioTests {
    /// Seeds that once found something, each with its story.
    @Test(arguments: [UInt64(1), 2, 3, 5, 8, 13, 21, 34, 55, 89])
    func `a pair under faults keeps its promise`(_ seed: UInt64) {
        expectGood(seed)
    }

    @Test func `fresh seeds keep the promise, too`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<40 { expectGood(generator.next()) }
    }

    private func expectGood(_ seed: UInt64) {
        let scenario = Scenario(seed: seed)
        let outcome = scenario.run()
        #expect(
            outcome.verdict.isGood,
            "seed \(seed), \(scenario.options), \(outcome.events): \(outcome.verdict.problems)")
    }
}
