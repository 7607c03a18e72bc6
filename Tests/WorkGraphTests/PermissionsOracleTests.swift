import Checking
import Foundation
import Testing
import WorkProtocol

@testable import WorkGraph

/// Nobody sees what they must not, and everybody sees what they may: random sequences of what
/// people do, and after each every read path of everybody against the oracle. Equality, counts
/// among it, not only "no more than".
struct PermissionsOracleTests {
    /// How often the random test is run; HOLDFAST_RUNS for longer.
    private static let runs =
        ProcessInfo.processInfo.environment["HOLDFAST_RUNS"].flatMap(Int.init) ?? 4

    @Test func `every read path shows what the oracle says, no more and no less`() throws {
        let first = Seeds.fresh()
        print("permissions: HOLDFAST_SEED=\(first), \(Self.runs) runs")
        for run in 0..<Self.runs {
            try compare(seed: first &+ UInt64(run))
        }
    }

    private func compare(seed: UInt64) throws {
        let worlds = try PermissionWorlds(seed: seed)
        for step in 0..<160 {
            try worlds.step()
            guard step % 4 == 3 || step > 150 else { continue }
            for ordinal in PermissionWorlds.ordinals {
                guard let difference = worlds.difference(in: ordinal) else { continue }
                Issue.record(
                    """
                    seed \(seed), after step \(step): \(difference)
                    \(worlds.history.suffix(12).joined(separator: "\n"))
                    """)
                return
            }
        }
        for ordinal in PermissionWorlds.ordinals {
            #expect(worlds.shard.workspace(ordinal)?.checkInvariants() == [], "seed \(seed)")
        }
        try expectWalls(between: worlds, seed)
    }

    /// Whoever asks one workspace for what is in another is told there is no such thing.
    private func expectWalls(between worlds: PermissionWorlds, _ seed: UInt64) throws {
        for ordinal in PermissionWorlds.ordinals {
            for other in PermissionWorlds.ordinals where other != ordinal {
                for gid in worlds.made[other]?.all ?? [] {
                    for principal in worlds.principals {
                        let seen = [
                            worlds.bytes(
                                .getTask(.with { $0.task = gid }), in: ordinal, as: principal),
                            worlds.bytes(
                                .getProject(.with { $0.project = "\(gid)" }), in: ordinal,
                                as: principal),
                            worlds.bytes(
                                .getTeam(.with { $0.team = gid }), in: ordinal, as: principal),
                        ]
                        #expect(seen.allSatisfy { $0 == nil }, "seed \(seed)")
                    }
                }
            }
        }
    }

    @Test func `leaving out any rule of the oracle shows`() throws {
        // Always the same ones: this asks whether the test would notice, not whether the store is
        // right.
        let seed: UInt64 = 20
        var missed = Set(ReferenceModel.Rule.allCases)
        for run in 0..<16 where !missed.isEmpty {
            let worlds = try PermissionWorlds(seed: seed &+ UInt64(run))
            for step in 0..<240 where !missed.isEmpty {
                try worlds.step()
                guard step % 24 == 23 else { continue }
                for ordinal in PermissionWorlds.ordinals {
                    for rule in missed.sorted(by: { "\($0)" < "\($1)" })
                    where worlds.difference(in: ordinal, without: rule) != nil {
                        missed.remove(rule)
                    }
                }
            }
        }
        #expect(missed.isEmpty, "seed \(seed): nobody would miss \(missed)")
    }
}
