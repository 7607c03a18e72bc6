import Foundation
import Testing
import WorkProtocol

@testable import WorkGraph

/// Nobody learns from any answer that something happened which they must not see: not from bytes,
/// counts, cursors, versions, nor from what they are refused and why.
@Suite struct TwinWorldsTests {
    /// How often the random test is run; HOLDFAST_RUNS for longer.
    private static let runs =
        ProcessInfo.processInfo.environment["HOLDFAST_RUNS"].flatMap(Int.init) ?? 3

    @Test func `a member learns nothing of what is hidden from it`() throws {
        try compare(\.cat, "member")
    }

    @Test func `a guest learns nothing of what is hidden from it`() throws {
        try compare(\.gus, "guest")
    }

    private func compare(_ reader: KeyPath<World, Principal>, _ name: String) throws {
        let first = Seeds.fresh()
        print("twin worlds, \(name): HOLDFAST_SEED=\(first), \(Self.runs) runs")
        for run in 0..<Self.runs {
            let seed = first &+ UInt64(run)
            let worlds = try TwinWorlds(seed: seed, reader: reader)
            for step in 0..<120 {
                worlds.step()
                guard step % 3 == 2 else { continue }
                guard let difference = worlds.difference() else { continue }
                Issue.record("seed \(seed), after step \(step): \(difference)")
                return
            }
            #expect(worlds.quiet.graph.checkInvariants() == [], "seed \(seed)")
            #expect(worlds.busy.graph.checkInvariants() == [], "seed \(seed)")
            #expect(worlds.quiet.graph.digest != worlds.busy.graph.digest)
        }
    }
}
