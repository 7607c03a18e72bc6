import Environment
import Simulation
import StoreNode
import Testing
import WorkProtocol

extension SimulatedCluster {
    /// A pair of two copies with clients that work.
    static func working(
        seed: UInt64 = .random(in: 0...UInt64.max), clients: Int = 3,
        _ configure: (SimulatedCluster) -> Void = { _ in }
    ) -> SimulatedCluster {
        let cluster = SimulatedCluster(seed: seed)
        configure(cluster)
        cluster.start()
        for _ in 0..<clients { cluster.addClient() }
        cluster.run(for: .milliseconds(300))
        return cluster
    }

    /// A primary that is alone, because its follower has gone for good.
    static func lonely(
        _ configure: (SimulatedCluster) -> Void = { _ in }
    ) throws -> (cluster: SimulatedCluster, primary: SimulatedHost) {
        let cluster = SimulatedCluster.working(configure)
        let (primary, follower) = try cluster.pair()
        follower.retire()
        cluster.run(for: .milliseconds(1_500))
        cluster.degrade(primary)
        cluster.run(until: { primary.node?.standing.members.count == 1 }, limit: .seconds(5))
        cluster.expectWrites()
        return (cluster, primary)
    }

    /// The machine that serves, and the other one.
    func pair() throws -> (primary: SimulatedHost, follower: SimulatedHost) {
        let primary = try #require(primary, "seed \(seed): \(summary)")
        let follower = try #require(machines.first { $0 !== primary })
        return (primary, follower)
    }

    /// Writes that clients have been told are done.
    var acknowledged: Int {
        clients.flatMap(\.operations).count { operation in
            guard case .write = operation.kind, case .answered = operation.ending else {
                return false
            }
            return true
        }
    }

    /// Reads that were answered.
    var answeredReads: Int {
        clients.flatMap(\.operations).count { operation in
            guard case .read = operation.kind, case .answered = operation.ending else {
                return false
            }
            return true
        }
    }

    /// Expects that writes are acknowledged within so many simulated seconds.
    func expectWrites(
        within seconds: UInt64 = 10, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let before = acknowledged
        let goOn = run(until: { self.acknowledged > before + 5 }, limit: .seconds(seconds))
        #expect(goOn, "seed \(seed): no writes: \(summary)", sourceLocation: sourceLocation)
    }

    /// Makes the pair whole and expects that nothing was lost, doubled or shown too early.
    func expectGood(sourceLocation: SourceLocation = #_sourceLocation) {
        let failure = makeWhole()
        #expect(failure == nil, "seed \(seed)", sourceLocation: sourceLocation)
        run(for: .milliseconds(300))
        let verdict = verdict()
        #expect(
            verdict.isGood, "seed \(seed): \(verdict.problems)", sourceLocation: sourceLocation)
        #expect(
            verdict.acknowledged > 10, "seed \(seed): hardly anything was written",
            sourceLocation: sourceLocation)
    }

    /// Promotes the other machine's node and waits until it serves.
    func failOver(to next: SimulatedHost, from old: SimulatedHost) {
        promote(next, down: old)
        let serves = run(until: { next.node?.isOpen ?? false }, limit: .seconds(10))
        #expect(serves, "seed \(seed): \(summary)")
    }
}
