package import Checking
internal import Environment
package import ReplicatedLog
internal import StoreNode

/// A run that a seed decides: a pair under load, faults, healing, and a judgement.
package struct Scenario: Sendable {
    package var seed: UInt64
    package var faults: ReplicaFaults
    /// What may happen in this run, drawn from the seed, printed with a failure.
    package private(set) var options: Options

    package struct Options: Sendable {
        package var clients: Int
        package var rounds: Int
        package var delay: UInt64
        package var breaksPerThousand: Int
        package var keepsSome: Bool
        package var snapshotBytes: Int
        /// The longest flush of the second host's disk, in microseconds.
        package var slowFlush: UInt64
    }

    package init(seed: UInt64, faults: ReplicaFaults = []) {
        self.seed = seed
        self.faults = faults
        var draw = Seed(seed ^ 0x5CE4_A210)
        options = Options(
            clients: 1 + draw.number(below: 6), rounds: 1 + draw.number(below: 4),
            delay: UInt64(50 + draw.number(below: 3_000)),
            breaksPerThousand: draw.chance(1, in: 3) ? 1 + draw.number(below: 10) : 0,
            keepsSome: draw.chance(1, in: 2),
            snapshotBytes: draw.chance(1, in: 3) ? 64 << 10 : 1 << 30,
            slowFlush: draw.chance(1, in: 3) ? UInt64(1_000 + draw.number(below: 60_000)) : 400)
    }

    /// What a run comes to.
    package struct Outcome: Sendable {
        package var verdict: Verdict
        package var events: [String]
    }

    package func run() -> Outcome {
        let cluster = SimulatedCluster(seed: seed, faults: faults)
        cluster.snapshotBytes = options.snapshotBytes
        cluster.wire.delay = (.microseconds(20), .microseconds(options.delay))
        cluster.start()
        cluster.wire.breaksPerThousand = options.breaksPerThousand
        cluster.hosts[1].slow(flush: .microseconds(options.slowFlush))
        for _ in 0..<options.clients { cluster.addClient() }
        var events: [String] = []
        for _ in 0..<options.rounds {
            cluster.run(for: .milliseconds(UInt64(50 + cluster.random.number(below: 1_500))))
            events.append(misfortune(cluster))
        }
        cluster.wire.breaksPerThousand = 0
        cluster.wire.heal()
        recover(cluster, &events)
        return Outcome(verdict: cluster.verdict(), events: events)
    }

    private func remainder(_ cluster: SimulatedCluster) -> CrashRemainder {
        options.keepsSome ? .some(cluster.random.next()) : .nothing
    }

    /// One thing that goes wrong, and what the operator does about it.
    private func misfortune(_ cluster: SimulatedCluster) -> String {
        guard let primary = cluster.primary,
            let other = cluster.hosts.first(where: { $0 !== primary && $0.node != nil })
        else { return revive(cluster) }
        switch cluster.random.number(below: 8) {
        case 0, 1: return failOver(cluster, primary, other)
        case 2:
            primary.kill(remainder(cluster))
            pause(cluster, 2_000)
            primary.start()
            return "\(primary.name) killed and started again"
        case 3:
            other.kill(remainder(cluster))
            pause(cluster, 3_000)
            other.start()
            return "follower \(other.name) killed and started again"
        case 4:
            primary.kill(remainder(cluster))
            other.kill(remainder(cluster))
            pause(cluster, 1_000)
            let first = cluster.random.chance(1, in: 2)
            (first ? primary : other).start()
            pause(cluster, 1_000)
            (first ? other : primary).start()
            return "both killed and started again"
        case 5:
            cluster.wire.cutBothWays(primary.name, other.name)
            pause(cluster, 3_000)
            cluster.wire.heal()
            return "cut between the nodes"
        case 6:
            return failTwice(cluster, primary, other)
        default:
            let from = cluster.random.chance(1, in: 2)
            cluster.wire.cut(
                from: from ? primary.name : other.name, to: from ? other.name : primary.name)
            pause(cluster, 3_000)
            cluster.wire.heal()
            return "cut one way"
        }
    }

    private func pause(_ cluster: SimulatedCluster, _ most: Int) {
        cluster.run(for: .milliseconds(UInt64(1 + cluster.random.number(below: most))))
    }

    private func failOver(
        _ cluster: SimulatedCluster, _ primary: SimulatedHost, _ other: SimulatedHost
    ) -> String {
        let wasPaired = cluster.isPaired
        primary.kill(remainder(cluster))
        pause(cluster, 500)
        cluster.promote(other, down: primary)
        cluster.run(until: { other.node?.isOpen ?? false }, limit: .seconds(10))
        pause(cluster, 500)
        // The old primary comes back as what it may be: a follower, or nothing.
        if cluster.random.chance(1, in: 2) { primary.start() }
        return "\(primary.name) killed, \(other.name) promoted (paired: \(wasPaired))"
    }

    /// The primary dies, comes back with all it had written, and dies again as soon as it serves.
    private func failTwice(
        _ cluster: SimulatedCluster, _ primary: SimulatedHost, _ other: SimulatedHost
    ) -> String {
        primary.kill(.everything)
        pause(cluster, 50)
        primary.start()
        cluster.run(until: { primary.node?.isOpen ?? false }, limit: .seconds(3))
        pause(cluster, 40)
        return failOver(cluster, primary, other) + " just after a restart"
    }

    /// Starts whatever is down.
    private func revive(_ cluster: SimulatedCluster) -> String {
        for host in cluster.hosts where host.node == nil { host.start() }
        cluster.run(for: .seconds(2))
        return "everybody started"
    }

    /// After the faults a store must be serving, or the operator must be able to make it serve.
    private func recover(_ cluster: SimulatedCluster, _ events: inout [String]) {
        for host in cluster.hosts where host.node == nil { host.start() }
        if cluster.run(until: { cluster.primary != nil }, limit: .seconds(20)) { return }
        for host in cluster.hosts {
            guard let other = cluster.hosts.first(where: { $0 !== host }) else { continue }
            cluster.promote(host, down: other)
            cluster.run(for: .seconds(5))
            if cluster.primary != nil {
                events.append("\(host.name) promoted in the end")
                return
            }
        }
    }
}
