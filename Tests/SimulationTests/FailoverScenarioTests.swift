import Environment
import Simulation
import StoreNode
import Testing
import WorkProtocol

/// Named scenarios: who serves, after what.
@Suite struct FailoverScenarioTests {
    @Test func `the old primary returns after a promotion, is fenced and joins again`() throws {
        let cluster = SimulatedCluster.working()
        let (old, next) = try cluster.pair()
        old.kill(.everything)
        cluster.failOver(to: next, from: old)
        cluster.expectWrites()
        old.start()
        cluster.run(for: .seconds(4))
        #expect(cluster.primary === next)
        #expect(old.ends.contains { $0.exitCode == 75 }, "\(old.ends)")
        cluster.expectGood()
        #expect(cluster.coverage[.join] == 1)
        #expect(cluster.machines.count == 2)
    }

    @Test func `a write under way when the primary dies is answered by the next one, once`() throws
    {
        let cluster = SimulatedCluster.working(clients: 6)
        let (old, next) = try cluster.pair()
        // Nothing is answered any more: what comes in now is under way.
        cluster.wire.cut(from: next.name, to: old.name)
        cluster.run(for: .milliseconds(200))
        let killed = cluster.scheduler.now.nanoseconds
        old.kill()
        cluster.wire.heal()
        cluster.failOver(to: next, from: old)
        cluster.run(for: .seconds(6))
        let survivors = cluster.clients.flatMap(\.operations).count { operation in
            guard case .write = operation.kind, case .answered = operation.ending else {
                return false
            }
            return operation.called < killed && operation.returned > killed
        }
        #expect(survivors > 0, "seed \(cluster.seed): no write was under way")
        cluster.expectGood()
    }

    @Test func `a primary that stood still answers nothing stale when it wakes`() throws {
        for length in [UInt64(800), 2_500, 6_000] {
            let cluster = SimulatedCluster.working()
            let (old, next) = try cluster.pair()
            old.pace.pause(for: .milliseconds(length))
            cluster.run(for: .milliseconds(700))
            cluster.promote(next, down: old)
            cluster.run(for: .seconds(8))
            // Whoever serves now, it is one of them, and it has everything.
            cluster.expectGood()
        }
    }

    @Test func `a follower that stands still makes writes wait and loses none`() throws {
        let cluster = SimulatedCluster.working()
        let (_, follower) = try cluster.pair()
        follower.pace.pause(for: .seconds(3))
        cluster.run(for: .milliseconds(200))
        let before = cluster.acknowledged
        cluster.run(for: .milliseconds(2_500))
        #expect(cluster.acknowledged == before, "acknowledged with one copy")
        cluster.expectWrites()
        cluster.expectGood()
    }

    @Test func `a cut-off primary takes no writes and, after its lease, answers no reads`() throws {
        let cluster = SimulatedCluster.working()
        let (primary, follower) = try cluster.pair()
        cluster.wire.cutBothWays(primary.name, follower.name)
        cluster.run(for: .milliseconds(1_100))
        let (writes, reads) = (cluster.acknowledged, cluster.answeredReads)
        cluster.run(for: .seconds(3))
        #expect(cluster.acknowledged == writes)
        #expect(cluster.answeredReads == reads)
        // The follower is promoted: clients move, the old one is fenced when it can be reached.
        cluster.failOver(to: follower, from: primary)
        cluster.expectWrites()
        cluster.wire.heal()
        cluster.expectGood()
    }

    @Test func `a cut in either direction alone loses nothing`() throws {
        for toFollower in [true, false] {
            let cluster = SimulatedCluster.working()
            let (primary, follower) = try cluster.pair()
            let (from, to) = toFollower ? (primary, follower) : (follower, primary)
            cluster.wire.cut(from: from.name, to: to.name)
            cluster.run(for: .milliseconds(1_100))
            let before = cluster.acknowledged
            cluster.run(for: .seconds(4))
            #expect(cluster.acknowledged <= before + cluster.clients.count)
            cluster.wire.heal()
            cluster.expectWrites()
            cluster.expectGood()
        }
    }

    @Test func `a follower that catches up can be promoted and has everything`() throws {
        let cluster = SimulatedCluster.working()
        let (primary, follower) = try cluster.pair()
        follower.kill()
        cluster.run(for: .milliseconds(900))
        follower.start()
        // In the middle of catching up.
        cluster.run(for: .milliseconds(UInt64.random(in: 5...60)))
        primary.kill()
        cluster.failOver(to: follower, from: primary)
        cluster.expectWrites()
        cluster.expectGood()
    }

    @Test func `a node that is only joining is not promoted`() throws {
        let (cluster, primary) = try SimulatedCluster.lonely()
        let fresh = cluster.addFollower()
        fresh.slow(flush: .milliseconds(400))
        cluster.run(for: .milliseconds(5))
        primary.kill(.everything)
        cluster.promote(fresh, down: primary)
        cluster.run(for: .seconds(5))
        #expect(cluster.primary == nil)
        primary.start()
        cluster.expectGood()
    }

    @Test func `a primary that crashes again and again loses nothing`() throws {
        let cluster = SimulatedCluster.working()
        let (primary, _) = try cluster.pair()
        for round in 0..<20 {
            primary.kill(round % 2 == 0 ? .nothing : .some(UInt64(round)))
            cluster.run(for: .milliseconds(UInt64(20 + round * 17 % 300)))
            primary.start()
            cluster.run(for: .milliseconds(UInt64(round * 37 % 500)))
        }
        cluster.expectWrites()
        cluster.expectGood()
    }

    @Test(arguments: [[0, 1], [1, 0]]) func `both die, and come back in any order`(_ order: [Int])
        throws
    {
        for back in [order, order.reversed()] {
            let cluster = SimulatedCluster.working()
            for index in order {
                cluster.hosts[index].kill(.some(cluster.seed))
                cluster.run(for: .milliseconds(300))
            }
            cluster.run(for: .seconds(1))
            for index in back {
                cluster.hosts[index].start()
                cluster.run(for: .seconds(2))
            }
            cluster.expectWrites()
            cluster.expectGood()
        }
    }

    @Test func `an operator who promotes over an answering primary is refused`() throws {
        let cluster = SimulatedCluster.working()
        let (primary, follower) = try cluster.pair()
        cluster.promote(follower, down: primary)
        cluster.run(for: .seconds(4))
        #expect(cluster.primary === primary)
        #expect(cluster.isPaired)
        cluster.expectGood()
    }

    @Test func `a switchover under load hands over everything`() throws {
        let cluster = SimulatedCluster.working()
        for _ in 0..<4 {
            let (primary, follower) = try cluster.pair()
            cluster.switchOver(cluster.random.chance(1, in: 2) ? primary : follower)
            let isDone = cluster.run(
                until: { cluster.primary === follower && cluster.isPaired }, limit: .seconds(5))
            #expect(isDone, "seed \(cluster.seed): \(cluster.summary)")
            cluster.expectWrites()
        }
        cluster.expectGood()
    }

    @Test func `under the policy to wait, a lost follower stops writes until it is back`() throws {
        let cluster = SimulatedCluster(seed: .random(in: 0...UInt64.max), policy: .block)
        cluster.start()
        for _ in 0..<3 { cluster.addClient() }
        cluster.run(for: .milliseconds(300))
        let (primary, follower) = try cluster.pair()
        follower.kill()
        cluster.run(for: .milliseconds(1_100))
        let before = cluster.acknowledged
        cluster.run(for: .seconds(4))
        #expect(cluster.acknowledged == before)
        follower.start()
        cluster.expectWrites()
        // Promoted without the word that one copy is enough, a survivor serves reads only.
        primary.kill()
        cluster.promote(follower, down: primary, solo: false)
        cluster.run(until: { follower.node?.isOpen ?? false }, limit: .seconds(5))
        let (writes, reads) = (cluster.acknowledged, cluster.answeredReads)
        cluster.run(for: .seconds(12))
        #expect(cluster.acknowledged == writes)
        #expect(cluster.answeredReads > reads)
        primary.start()
        cluster.expectGood()
    }
}
