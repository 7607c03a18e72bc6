import ArgumentParser
import Checking
import Glibc
import ReplicatedLog
import Simulation

/// `simulate`: runs scenarios by seed, for as long as one likes.
@main
struct Main: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run seeded scenarios of a pair under load and faults.",
        discussion: """
            A failure prints its seed; the seed repeats it on the same commit. Exit code 81 when a \
            promise was broken.

            EXAMPLES
              simulate --count 2000
              simulate --minutes 60
              simulate --seed 7 --log
              simulate --break no-start-barrier --count 500     must find something
            """)

    @Option(help: "Run this seed alone.") var seed: UInt64?
    @Option(help: "How many fresh seeds to run.") var count: Int?
    @Option(help: "Run fresh seeds for so many minutes.") var minutes: Double?
    @Option(name: .customLong("break"), help: "Break a rule on purpose: \(Planted.names).")
    var planted: Planted?
    @Flag(help: "Say what happened in each run.") var log = false

    enum Planted: String, ExpressibleByArgument, CaseIterable {
        case ackBeforeFollower = "ack-before-follower"
        case noStartBarrier = "no-start-barrier"
        case replyBeforeCommit = "reply-before-commit"

        static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

        var faults: ReplicaFaults {
            switch self {
            case .ackBeforeFollower: .ackBeforeFollower
            case .noStartBarrier: .noStartBarrier
            case .replyBeforeCommit: .replyBeforeCommit
            }
        }
    }

    func run() throws {
        if let seed {
            guard examine(seed) else { throw ExitCode(81) }
            return
        }
        var generator = SystemRandomNumberGenerator()
        let clock = ContinuousClock()
        let start = clock.now
        let limit = minutes.map { start.advanced(by: .seconds($0 * 60)) }
        var done = 0
        var told = start
        while done < (count ?? (limit == nil ? 1_000 : .max)) {
            if let limit, clock.now >= limit { break }
            guard examine(generator.next()) else { throw ExitCode(planted == nil ? 81 : 0) }
            done += 1
            if clock.now - told > .seconds(10) {
                told = clock.now
                tell("\(done) seeds in \(clock.now - start)")
            }
        }
        print("\(done) seeds in \(clock.now - start), no violation")
        if planted != nil { throw ExitCode(1) }
    }

    /// Runs one seed. - Returns: whether the promise was kept.
    private func examine(_ seed: UInt64) -> Bool {
        let scenario = Scenario(seed: seed, faults: planted?.faults ?? [])
        let outcome = scenario.run()
        let verdict = outcome.verdict
        if log || !verdict.isGood {
            print(
                "seed \(seed): \(scenario.options)\n  \(outcome.events)\n  acknowledged "
                    + "\(verdict.acknowledged) unknown \(verdict.unknown) reads \(verdict.reads) "
                    + "lost \(verdict.lost) doubled \(verdict.doubled) stale \(verdict.stale)")
            for problem in verdict.problems { print("  \(problem)") }
        }
        return verdict.isGood
    }

    private func tell(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
