internal import Checking
internal import Environment
internal import ReplicatedLog
internal import StoreNode

/// A short life of a pair, repeated with a crash of one node at each operation of its disk.
///
/// The life is the same every time up to the crash: the pair forms, clients work, the follower is
/// restarted and catches up, snapshots are taken, the log changes segments and is shipped, and the
/// nodes change roles. After the crash the machine is started again, or, where it was the primary,
/// the follower is promoted first; after a crash of the process alone power is lost, too, soon
/// after the restart. Then everything must be there, once, and on two copies.
package struct CrashSweep: Sendable {
    package let seed: UInt64

    package init(seed: UInt64) { self.seed = seed }

    /// What is left of what was not flushed.
    package enum Loss: String, CaseIterable, Sendable { case process, power, torn }

    /// What is done about a crash.
    package enum Remedy: String, CaseIterable, Sendable { case restart, promotion }

    /// One crash.
    package struct Point: Hashable, Sendable, CustomStringConvertible {
        /// Which of the two machines.
        package var host: Int
        /// At which operation of its disk, from 1.
        package var operation: Int
        package var loss: Loss
        package var remedy: Remedy

        package init(host: Int, operation: Int, loss: Loss, remedy: Remedy) {
            self.host = host
            self.operation = operation
            self.loss = loss
            self.remedy = remedy
        }

        package var description: String {
            "host\(host) at operation \(operation), \(loss.rawValue) lost, \(remedy.rawValue)"
        }
    }

    /// Every point there is: both hosts, each operation of their lives, every loss, and, where the
    /// host may be the primary with a follower, a promotion after one loss or another.
    package func points() -> [Point] {
        let cluster = makeCluster()
        var marks = [cluster.hosts.map(\.diskOperations)]
        live(
            cluster, isOver: { false }, mark: { marks.append(cluster.hosts.map(\.diskOperations)) })
        // The marks: before anything, paired, before each further step, at the end.
        let reigns = [
            marks[1][0]...marks[marks.count - 2][0], marks[3][1]...marks[marks.count - 1][1],
        ]
        cluster.end()
        var points: [Point] = []
        for host in 0..<2 {
            for operation in (marks[0][host] + 1)...marks[marks.count - 1][host] {
                for (turn, loss) in Loss.allCases.enumerated() {
                    points.append(
                        Point(host: host, operation: operation, loss: loss, remedy: .restart))
                    guard reigns[host].contains(operation), operation % 3 == turn else { continue }
                    points.append(
                        Point(host: host, operation: operation, loss: loss, remedy: .promotion))
                }
            }
        }
        return points
    }

    /// Lives, crashes there, mends and judges.
    package func run(_ point: Point) -> Scenario.Outcome {
        let cluster = makeCluster()
        let victim = cluster.hosts[point.host]
        let other = cluster.hosts[1 - point.host]
        let remainder: CrashRemainder =
            switch point.loss {
            case .process: .everything
            case .power: .nothing
            case .torn: .some(seed &+ UInt64(point.operation))
            }
        victim.crash(atOperation: point.operation, remainder)
        live(cluster, isOver: { !victim.awaitsCrash }, mark: {})
        var problems: [String] = []
        if victim.awaitsCrash { problems.append("the crash did not come") }
        cluster.run(for: .milliseconds(100))
        if point.remedy == .promotion {
            cluster.promote(other, down: victim)
            cluster.run(until: { other.node?.isOpen ?? false }, limit: .seconds(4))
        }
        victim.start()
        if point.loss == .process {
            // What only the process lost may never have reached the disk: it must before it counts.
            cluster.run(for: .milliseconds(UInt64(point.operation % 400)))
            victim.kill(.nothing)
            victim.start()
        }
        if let failure = cluster.makeWhole() { problems.append(failure) }
        cluster.run(for: .milliseconds(100))
        var verdict = cluster.verdict()
        verdict.problems += problems
        defer { cluster.end() }
        return Scenario.Outcome(
            verdict: verdict, events: ["\(point)"], coverage: cluster.coverage)
    }

    private func makeCluster() -> SimulatedCluster {
        let cluster = SimulatedCluster(seed: seed)
        cluster.segmentBytes = 64 << 10
        cluster.snapshotBytes = 24 << 10
        cluster.makePair()
        return cluster
    }

    /// The life, until it is over; `mark` is told when the pair has formed, and after each step.
    private func live(
        _ cluster: SimulatedCluster, isOver: @escaping () -> Bool, mark: () -> Void
    ) {
        let (first, second) = (cluster.hosts[0], cluster.hosts[1])
        for host in [first, second] { host.start() }
        cluster.run(until: { isOver() || cluster.isPaired }, limit: .seconds(10))
        for _ in 0..<2 { cluster.addClient() }
        let steps: [() -> Void] = [
            {},
            {
                second.kill(.nothing)
                cluster.run(until: isOver, limit: .milliseconds(100))
                second.start()
            },
            { cluster.switchOver(first) },
            {},
        ]
        mark()
        for step in steps where !isOver() {
            step()
            cluster.run(until: isOver, limit: .milliseconds(150))
            mark()
        }
    }
}
