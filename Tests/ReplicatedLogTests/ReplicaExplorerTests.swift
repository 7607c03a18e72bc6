import Environment
import Foundation
import ReplicatedLog
import Testing

/// Two real replicas, everything around them faked and unreliable. Set
/// `HOLDFAST_REPLICA_SEED` to walk one seed and see its trace, `HOLDFAST_REPLICA_WALKS` for more
/// (from that seed on).
@Suite struct ReplicaExplorerTests {
    private static let environment = ProcessInfo.processInfo.environment

    @Test func `two observers never see two histories, whatever happens to a pair`() throws {
        let walks = Self.environment["HOLDFAST_REPLICA_WALKS"].flatMap { Int($0) }
        let first = Self.environment["HOLDFAST_REPLICA_SEED"].flatMap { UInt64($0) }
        let summary = ReplicaExplorer.explore(
            from: first ?? 1, walks: walks ?? (first == nil ? 1_000 : 1), steps: 400)
        if let failure = summary.failure {
            for line in failure.trace.suffix(120) { print(line) }
            Issue.record("seed \(failure.seed): \(failure.violation)")
        }
        let counts = summary.counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        print("\(summary.walks) walks, \(summary.steps) steps: \(counts.joined(separator: ", "))")
    }

    @Test func `fresh seeds find nothing either`() throws {
        let first = UInt64.random(in: 1_000_000...(.max / 2))
        let summary = ReplicaExplorer.explore(from: first, walks: 200, steps: 400)
        if let failure = summary.failure {
            Issue.record("seed \(failure.seed): \(failure.violation)")
        }
    }

    @Test func `the same seed walks the same walk twice`() throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            var traces: [[String]] = []
            for _ in 0...1 {
                var explorer = ReplicaExplorer(seed: seed)
                explorer.world.keepsTrace = true
                _ = try explorer.walk(300)
                traces.append(explorer.world.trace)
            }
            #expect(traces[0] == traces[1])
        }
    }

    /// Each rule switched off must be noticed: otherwise the exploration proves nothing.
    @Test(arguments: [
        ("ackBeforeLocalFlush", ReplicaFaults.ackBeforeLocalFlush, ReplicaExplorer.Theme.anything),
        ("followerAcksBeforeFlush", .followerAcksBeforeFlush, .anything),
        ("ackBeforeFollower", .ackBeforeFollower, .anything),
        ("replyBeforeCommit", .replyBeforeCommit, .anything),
        ("noStartBarrier", .noStartBarrier, .restarts),
        ("freezeBeforeLeaseEnd", .freezeBeforeLeaseEnd, .leases),
        ("soloBeforeRegister", .soloBeforeRegister, .anything),
        ("registerBeforeLocalSet", .registerBeforeLocalSet, .joins),
        ("joinWithoutCatchUp", .joinWithoutCatchUp, .joins),
        ("promoteNonMember", .promoteNonMember, .joins),
        ("promoteWithoutPromise", .promoteWithoutPromise, .anything),
        ("restartSameEpoch", .restartSameEpoch, .restarts),
        ("forgetLeasesAtStart", .forgetLeasesAtStart, .leases),
    ])
    func `a broken rule is found`(
        _ name: String, _ fault: ReplicaFaults, _ theme: ReplicaExplorer.Theme
    ) throws {
        let summary = ReplicaExplorer.explore(
            from: 1, walks: 4_000, steps: 400, theme: theme, faults: fault)
        let failure = try #require(
            summary.failure, "\(name) was not found in \(summary.walks) walks")
        print("\(name): seed \(failure.seed), after \(summary.walks) walks: \(failure.violation)")
    }
}
