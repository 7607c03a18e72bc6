import Environment
import Simulation
import StoreNode
import Testing

/// Named scenarios: who joins, by what, while what else goes on.
@Suite struct MembershipScenarioTests {
    @Test func `a follower that is lost is replaced by a fresh one`() throws {
        let (cluster, primary) = try SimulatedCluster.lonely()
        cluster.addFollower()
        let isPaired = cluster.run(until: { cluster.isPaired }, limit: .seconds(10))
        #expect(isPaired, "seed \(cluster.seed): \(cluster.summary)")
        #expect(cluster.primary === primary)
        cluster.expectGood()
    }

    /// A primary that starts waits for the member it had, not for whoever else is there: found by a
    /// seed whose operator waited as well, for ever.
    @Test func `a primary whose member is gone goes on though a fresh follower runs beside it`()
        throws
    {
        let cluster = SimulatedCluster(seed: .random(in: 0...UInt64.max), policy: .block)
        cluster.start()
        for _ in 0..<3 { cluster.addClient() }
        cluster.run(for: .milliseconds(300))
        let (primary, follower) = try cluster.pair()
        follower.retire()
        cluster.addFollower()
        cluster.run(for: .milliseconds(500))
        primary.kill()
        primary.start()
        cluster.run(for: .seconds(3))
        #expect(primary.node?.isOpen == false, "seed \(cluster.seed): \(cluster.summary)")
        cluster.expectGood()
    }

    @Test func `a fresh follower takes a snapshot while writes go on, then leads`() throws {
        let (cluster, primary) = try SimulatedCluster.lonely {
            $0.segmentBytes = 64 << 10
            $0.snapshotBytes = 64 << 10
        }
        // Long enough for the beginning of the log to be shipped and given up.
        cluster.run(for: .seconds(70))
        let fresh = cluster.addFollower()
        let before = cluster.acknowledged
        let began = cluster.scheduler.now
        let isPaired = cluster.run(until: { cluster.isPaired }, limit: .seconds(20))
        let took = cluster.scheduler.now.since(began)
        #expect(isPaired, "seed \(cluster.seed): \(cluster.summary)")
        #expect(fresh.coverage[.snapshotReceived] > 0, "seed \(cluster.seed)")
        // Some seeds join in the time of a single write.
        #expect(
            cluster.acknowledged > before || took < .milliseconds(30),
            "seed \(cluster.seed): writes stood still for \(took)")
        primary.kill()
        cluster.failOver(to: fresh, from: primary)
        cluster.expectWrites()
        cluster.expectGood()
    }

    @Test func `a follower that crashes while it takes a snapshot takes it again`() throws {
        let (cluster, _) = try SimulatedCluster.lonely {
            $0.segmentBytes = 64 << 10
            $0.snapshotBytes = 64 << 10
        }
        cluster.run(for: .seconds(70))
        let fresh = cluster.addFollower()
        for round in 0..<8 {
            cluster.run(for: .milliseconds(UInt64(3 + round * 7)))
            fresh.kill(.some(UInt64(round)))
            cluster.run(for: .milliseconds(100))
            fresh.start()
        }
        cluster.expectGood()
        #expect(fresh.coverage[.snapshotReceived] > 0, "seed \(cluster.seed)")
        #expect(!fresh.isRetired, "it had to be replaced")
    }

    @Test func `a primary that dies while a follower joins it comes back and lets it join`() throws
    {
        for milliseconds in [UInt64(20), 120, 260, 400] {
            let (cluster, primary) = try SimulatedCluster.lonely()
            cluster.addFollower()
            cluster.run(for: .milliseconds(milliseconds))
            primary.kill()
            cluster.run(for: .milliseconds(200))
            primary.start()
            cluster.expectGood()
            #expect(cluster.machines.contains { $0 === primary })
        }
    }

    @Test func `a follower far behind comes level under load`() throws {
        let cluster = SimulatedCluster.working(clients: 8)
        let (primary, follower) = try cluster.pair()
        // A paired primary waits for it; one that went on alone is far ahead.
        follower.kill()
        cluster.run(for: .milliseconds(1_500))
        cluster.degrade(primary)
        cluster.run(for: .seconds(20))
        follower.start()
        cluster.run(for: .milliseconds(500))
        cluster.join(follower, to: primary)
        let isPaired = cluster.run(until: { cluster.isPaired }, limit: .seconds(10))
        #expect(isPaired, "seed \(cluster.seed): \(cluster.summary)")
        cluster.expectGood()
    }

    @Test func `while the archive is away writes go on, and it gets everything afterwards`() throws
    {
        let cluster = SimulatedCluster.working {
            $0.segmentBytes = 64 << 10
            $0.snapshotBytes = 48 << 10
        }
        let (primary, _) = try cluster.pair()
        cluster.archive.isAway = true
        cluster.run(for: .seconds(5))
        cluster.expectWrites()
        #expect(primary.alarms.contains { $0.contains("archive") })
        cluster.archive.isAway = false
        let before = cluster.archive.contents.count
        let isShipped = cluster.run(
            until: { cluster.archive.contents.count > before + 2 }, limit: .seconds(120))
        #expect(isShipped, "seed \(cluster.seed)")
        cluster.expectGood()
    }

    @Test func `two primaries ship into one archive, one after the other`() throws {
        let cluster = SimulatedCluster.working {
            $0.segmentBytes = 64 << 10
            $0.snapshotBytes = 48 << 10
        }
        for _ in 0..<4 {
            let (primary, follower) = try cluster.pair()
            cluster.run(for: .seconds(2))
            primary.kill()
            cluster.failOver(to: follower, from: primary)
            cluster.run(for: .seconds(2))
            #expect(cluster.makeWhole() == nil, "seed \(cluster.seed)")
        }
        #expect(!cluster.archive.contents.isEmpty)
        cluster.expectGood()
    }

    @Test func `wall clocks that jump change neither order nor leases`() throws {
        let cluster = SimulatedCluster.working()
        let hour = Int64(3_600_000)
        for jump in [hour, -hour, 24 * hour, -48 * hour, 87_600 * hour, -87_600 * hour] {
            for host in cluster.machines {
                host.pace.jump(jump)
                cluster.expectWrites()
            }
        }
        let (primary, follower) = try cluster.pair()
        follower.pace.jump(-hour)
        primary.kill()
        cluster.failOver(to: follower, from: primary)
        cluster.expectWrites()
        cluster.expectGood()
    }

    @Test(arguments: [[100, -100], [-100, 100], [150, 150]])
    func `clocks that drift apart by a fifth make no read stale`(_ drifts: [Int64]) throws {
        let cluster = SimulatedCluster(seed: .random(in: 0...UInt64.max))
        cluster.makePair()
        for (host, drift) in zip(cluster.hosts, drifts) { host.pace.drift(perThousand: drift) }
        cluster.start()
        for _ in 0..<5 { cluster.addClient() }
        for _ in 0..<3 {
            cluster.run(for: .milliseconds(500))
            let (primary, follower) = try cluster.pair()
            cluster.wire.cutBothWays(primary.name, follower.name)
            cluster.promote(follower, down: primary)
            cluster.run(for: .seconds(3))
            cluster.wire.heal()
            #expect(cluster.makeWhole() == nil, "seed \(cluster.seed): \(cluster.summary)")
        }
        cluster.expectGood()
    }

    @Test func `a network that delays, cuts frames and breaks connections only slows down`() throws
    {
        let cluster = SimulatedCluster.working {
            $0.wire.delay = (.milliseconds(1), .milliseconds(60))
        }
        cluster.wire.breaksPerThousand = 15
        cluster.run(for: .seconds(10))
        cluster.wire.breaksPerThousand = 0
        cluster.expectWrites()
        cluster.expectGood()
    }
}
