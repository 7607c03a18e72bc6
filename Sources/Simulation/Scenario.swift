package import Checking
internal import Environment
package import ReplicatedLog
internal import StoreNode

/// A run that a seed decides: a pair under load, one misfortune after the other, healing, and a
/// judgement.
///
/// Two phases: first faults, with safety looked at all the time; then no faults any more, and the
/// pair must come to two copies and take writes within simulated seconds.
package struct Scenario: Sendable {
    package var seed: UInt64
    package var faults: ReplicaFaults
    /// What may happen in this run, drawn from the seed, printed with a failure.
    package private(set) var options: Options

    package struct Options: Sendable {
        package var policy: Policy
        package var clients: Int
        package var rounds: Int
        /// How long a piece is under way on the network at most, in microseconds.
        package var delay: UInt64
        package var breaksPerThousand: Int
        /// How many of ten crashes lose power; the others only end the process.
        package var powerLossesOfTen: Int
        /// Whether power loss keeps some of what was not flushed.
        package var tears: Bool
        package var segmentBytes: Int
        package var snapshotBytes: Int
        /// The longest flush of each host's disk, in microseconds.
        package var slowFlushes: [UInt64]
        /// What the hosts' monotonic clocks gain, in thousandths.
        package var drifts: [Int]
        /// How many of ten times the operator makes the pair whole between two misfortunes.
        package var mendsOfTen: Int
    }

    package init(seed: UInt64, faults: ReplicaFaults = []) {
        self.seed = seed
        self.faults = faults
        var draw = Seed(seed ^ 0x5CE4_A210)
        let drifts = draw.chance(1, in: 3) ? (0..<2).map { _ in draw.number(below: 300) - 150 } : []
        options = Options(
            policy: draw.chance(1, in: 4) ? .block : .solo,
            clients: 1 + draw.number(below: 5), rounds: 1 + draw.number(below: 5),
            delay: UInt64(50 + draw.number(below: 3_000)),
            breaksPerThousand: draw.chance(1, in: 3) ? 1 + draw.number(below: 10) : 0,
            powerLossesOfTen: draw.number(below: 11), tears: draw.chance(1, in: 2),
            segmentBytes: draw.chance(1, in: 3) ? 64 << 10 : 256 << 10,
            snapshotBytes: draw.chance(1, in: 2) ? (16 + draw.number(below: 80)) << 10 : 1 << 30,
            slowFlushes: (0..<2).map { _ in
                draw.chance(1, in: 3) ? UInt64(1_000 + draw.number(below: 40_000)) : 400
            },
            drifts: drifts, mendsOfTen: draw.number(below: 11))
    }

    /// What a run comes to.
    package struct Outcome: Sendable {
        package var verdict: Verdict
        /// What happened, in order.
        package var events: [String]
        package var coverage: Coverage
    }

    package func run() -> Outcome {
        let cluster = SimulatedCluster(seed: seed, policy: options.policy, faults: faults)
        var course = Course(cluster, options)
        course.begin()
        for _ in 0..<options.rounds {
            cluster.run(for: .milliseconds(UInt64(50 + cluster.random.number(below: 1_000))))
            course.misfortune()
            if cluster.random.chance(options.mendsOfTen, in: 10) { course.mend() }
        }
        course.heal()
        var verdict = cluster.verdict()
        verdict.problems += course.problems
        defer { cluster.end() }
        return Outcome(verdict: verdict, events: course.events, coverage: cluster.coverage)
    }
}

/// A scenario under way.
struct Course {
    let cluster: SimulatedCluster
    let options: Scenario.Options
    private(set) var events: [String] = []
    private(set) var problems: [String] = []

    init(_ cluster: SimulatedCluster, _ options: Scenario.Options) {
        self.cluster = cluster
        self.options = options
    }

    func begin() {
        cluster.snapshotBytes = options.snapshotBytes
        cluster.segmentBytes = options.segmentBytes
        cluster.wire.delay = (.microseconds(20), .microseconds(options.delay))
        cluster.makePair()
        for (host, drift) in zip(cluster.hosts, options.drifts) {
            host.pace.drift(perThousand: Int64(drift))
            cluster.coverage[.drift] += 1
        }
        cluster.start()
        cluster.wire.breaksPerThousand = options.breaksPerThousand
        for (host, most) in zip(cluster.hosts, options.slowFlushes) {
            host.slow(flush: .microseconds(most))
            if most > 400 { cluster.coverage[.slowDisk] += 1 }
        }
        for _ in 0..<options.clients { cluster.addClient() }
    }

    /// One thing that goes wrong, and what the operator does about it.
    mutating func misfortune() {
        guard let primary = cluster.primary,
            let other = cluster.machines.first(where: { $0 !== primary && $0.isRunning })
        else {
            for host in cluster.machines { host.start() }
            cluster.run(for: .seconds(2))
            return note("everybody started")
        }
        let kinds = Misfortune.allCases
        let kind = kinds[cluster.random.number(below: kinds.count)]
        note(befall(kind, primary, other))
    }

    /// The operator makes the pair whole while faults may go on; it need not work out.
    mutating func mend() {
        lift()
        let failure = cluster.makeWhole()
        note(failure.map { "not mended: \($0)" } ?? "mended")
    }

    /// No faults any more: the pair must become whole, and work.
    mutating func heal() {
        cluster.wire.breaksPerThousand = 0
        lift()
        if let failure = cluster.makeWhole() { problems.append("liveness: \(failure)") }
        let commit = cluster.primary?.node?.standing.commit
        let goesOn = cluster.run(
            until: { (cluster.primary?.node?.standing.commit ?? .zero) > commit ?? .zero },
            limit: .seconds(20))
        if !goesOn { problems.append("liveness: nothing is written any more\n\(cluster.summary)") }
    }

    /// Ends what a misfortune has left behind.
    func lift() {
        cluster.wire.heal()
        cluster.archive.isAway = false
        for host in cluster.hosts {
            host.callOffCrash()
            host.disk.capacity = nil
        }
    }

    mutating func note(_ event: String) { events.append(event) }
}
