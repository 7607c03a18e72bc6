import Environment
import Simulation
import StoreNode
import Testing

/// Named scenarios: what disks do to a pair.
@Suite struct DiskScenarioTests {
    @Test func `a follower with a slow disk slows writes down and loses none`() throws {
        let cluster = SimulatedCluster.working()
        let (_, follower) = try cluster.pair()
        follower.slow(flush: .milliseconds(150))
        cluster.run(for: .seconds(3))
        cluster.expectWrites()
        cluster.expectGood()
    }

    @Test func `a follower with a full disk makes writes wait, and they go on with room`() throws {
        let cluster = SimulatedCluster.working { $0.segmentBytes = 64 << 10 }
        let (_, follower) = try cluster.pair()
        follower.disk.capacity = follower.disk.usedBytes
        let isFull = cluster.run(
            until: { follower.alarms.contains { $0.contains("disk is full") } },
            limit: .seconds(20))
        #expect(isFull, "seed \(cluster.seed): \(follower.alarms)")
        cluster.run(for: .seconds(3))
        follower.disk.capacity = nil
        cluster.expectWrites()
        cluster.expectGood()
    }

    @Test func `a primary with a full disk refuses writes, reads on, and resumes by itself`() throws
    {
        let cluster = SimulatedCluster.working { $0.segmentBytes = 64 << 10 }
        let (primary, _) = try cluster.pair()
        primary.disk.capacity = primary.disk.usedBytes
        let isFull = cluster.run(
            until: { primary.alarms.contains { $0.contains("disk is full") } },
            limit: .seconds(20))
        #expect(isFull, "seed \(cluster.seed): \(primary.alarms)")
        cluster.run(for: .milliseconds(500))
        let (writes, reads) = (cluster.acknowledged, cluster.answeredReads)
        cluster.run(for: .seconds(12))
        #expect(cluster.acknowledged == writes)
        #expect(cluster.answeredReads > reads)
        #expect(primary.ends.isEmpty)
        primary.disk.capacity = nil
        cluster.expectWrites()
        cluster.expectGood()
    }

    /// What a failed flush left readable is not on the disk, though a restart finds it in memory.
    @Test(arguments: [0, 1])
    func `a node whose flush failed ends, and power loss after its restart loses nothing`(
        _ index: Int
    ) throws {
        for number in 1...6 {
            let cluster = SimulatedCluster.working()
            let host = cluster.hosts[index]
            host.disk.faults.failFlush = host.disk.flushes + number
            let ended = cluster.run(until: { !host.isRunning }, limit: .seconds(5))
            #expect(ended, "seed \(cluster.seed)")
            #expect(host.ends.map(\.exitCode) == [74])
            cluster.run(until: { host.isRunning }, limit: .seconds(3))
            cluster.expectWrites()
            host.kill(.nothing)
            cluster.run(for: .milliseconds(300))
            host.start()
            cluster.expectGood()
        }
    }

    /// The restart finds the promise in memory. It must not go by what power loss takes away.
    @Test func `a promise whose flush failed is kept over a restart and power loss`() throws {
        let cluster = SimulatedCluster.working()
        let (primary, follower) = try cluster.pair()
        primary.kill(.everything)
        follower.disk.faults.path = "node.meta"
        follower.disk.faults.failFlush = follower.disk.flushes + 1
        primary.start()
        let ended = cluster.run(until: { !follower.isRunning }, limit: .seconds(5))
        #expect(ended, "seed \(cluster.seed): no promise was made")
        cluster.expectWrites()
        let promised = try #require(follower.node).standing.epoch
        follower.kill(.nothing)
        follower.start()
        cluster.run(for: .milliseconds(1))
        #expect(try #require(follower.node).standing.epoch >= promised)
        cluster.expectGood()
    }

    @Test(arguments: [UInt64(1_500), 5_000])
    func `a primary whose disk is stuck loses nothing, and looks dead after three seconds`(
        milliseconds: UInt64
    ) throws {
        let cluster = SimulatedCluster.working()
        let (primary, follower) = try cluster.pair()
        let stuck = Interval.milliseconds(milliseconds)
        let usual = primary.disk.appendDelay
        primary.disk.appendDelay = (stuck, stuck)
        cluster.run(for: .milliseconds(4_200))
        primary.disk.appendDelay = usual
        if milliseconds > 3_000 {
            // Its heartbeats come from the log's own loop: the follower may be promoted.
            cluster.promote(follower, down: primary)
            cluster.run(for: .seconds(3))
        }
        cluster.run(for: stuck)
        cluster.expectWrites()
        cluster.expectGood()
    }

    @Test func `a primary whose disk is gone ends and does not serve from memory`() throws {
        let cluster = SimulatedCluster.working()
        let (primary, follower) = try cluster.pair()
        primary.isSupervised = false
        primary.disk.faults.isGone = true
        let ended = cluster.run(until: { !primary.isRunning }, limit: .seconds(5))
        #expect(ended, "seed \(cluster.seed)")
        cluster.failOver(to: follower, from: primary)
        cluster.expectWrites()
        primary.retire()
        cluster.addFollower()
        cluster.expectGood()
    }

    @Test func `power loss tears the last writes of both nodes at once`() throws {
        for number in 1...12 {
            let cluster = SimulatedCluster.working(clients: 5)
            for host in cluster.hosts { host.kill(.some(cluster.seed &+ UInt64(number))) }
            cluster.run(for: .milliseconds(100))
            for host in cluster.hosts { host.start() }
            cluster.expectGood()
        }
    }
}
