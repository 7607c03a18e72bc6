import Checking
import Simulation
import Testing

@Suite struct PairTests {
    @Test func `a new store and an invited node come to two copies`() {
        let cluster = SimulatedCluster(seed: 1)
        cluster.start()
        #expect(cluster.isPaired)
    }

    @Test func `clients work and every answer is right`() {
        let cluster = SimulatedCluster(seed: 2)
        cluster.start()
        for _ in 0..<4 { cluster.addClient() }
        cluster.run(for: .seconds(3))
        let verdict = cluster.verdict()
        #expect(verdict.isGood, "\(verdict.problems)")
        #expect(verdict.acknowledged > 50)
        #expect(verdict.reads > 50)
    }

    @Test func `an acknowledged write survives losing the primary`() throws {
        let cluster = SimulatedCluster(seed: 3)
        cluster.start()
        for _ in 0..<4 { cluster.addClient() }
        cluster.run(for: .seconds(1))
        let primary = try #require(cluster.primary)
        let follower = try #require(cluster.hosts.first { $0 !== primary })
        primary.kill()
        cluster.promote(follower, down: primary)
        #expect(cluster.run(until: { cluster.primary === follower }, limit: .seconds(10)))
        cluster.run(for: .seconds(2))
        let verdict = cluster.verdict()
        #expect(verdict.isGood, "\(verdict.problems)")
        #expect(verdict.acknowledged > 50)
    }
}
