import ReplicatedLog
import Simulation
import Testing

/// The harness must be able to find what it is there for: rules broken on purpose.
@Suite struct PlantedBugTests {
    @Test(arguments: [
        (ReplicaFaults.ackBeforeFollower, "acknowledging before the follower has flushed"),
        (.noStartBarrier, "showing what is not committed again after a start"),
        (.replyBeforeCommit, "replying before the commit"),
    ])
    func `a broken rule is found`(_ faults: ReplicaFaults, _ rule: String) {
        for seed in UInt64(1)...400 {
            if !Scenario(seed: seed, faults: faults).run().verdict.isGood { return }
        }
        Issue.record("400 seeds did not find \(rule)")
    }
}
