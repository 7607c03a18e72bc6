import ArgumentParser
import Checking
import Glibc
import ReplicatedLog
import Simulation

/// `simulate`: runs scenarios by seed, for as long as one likes, on every processor.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run seeded scenarios of a pair under load and faults.",
        discussion: """
            A failure prints the command that repeats it on the same commit. At the end it is told \
            how often each kind of thing has happened. Exit code 81 when a promise was broken.

            EXAMPLES
              tools/simulate --count 2000
              tools/simulate --minutes 60
              tools/simulate --seed 7 --log
              tools/simulate --every-disk-operation
              tools/simulate --break no-start-barrier --count 500     must find something
            """)

    @Option(help: "Run this seed alone; with --every-disk-operation, the life it decides.")
    var seed: UInt64?
    @Option(help: "How many fresh seeds to run.") var count: Int?
    @Option(help: "Run fresh seeds for so many minutes.") var minutes: Double?
    @Flag(
        help: """
            Repeat one short life of a pair with a crash of either node at every operation of its \
            disk.
            """)
    var everyDiskOperation = false
    @Option(help: "With --every-disk-operation: this crash alone, HOST:OPERATION:LOSS:REMEDY.")
    var only: CrashSweep.Point?
    @Option(name: .customLong("break"), help: "Break a rule on purpose: \(Planted.names).")
    var planted: Planted?
    @Option(help: "How many runs go on at once; the number of processors by default.")
    var jobs: Int?
    @Flag(help: "Say what happened in each run.") var log = false

    func run() async throws {
        let runs: Runs
        if everyDiskOperation {
            runs = sweep()
        } else {
            runs = scenarios()
        }
        let result = await runs.examine(atOnce: jobs ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        for line in result.coverage.lines(runs: result.done) where result.done > 1 { print(line) }
        if let failure = result.failure {
            print(failure)
            print("\(result.done) runs in \(result.elapsed): a promise was broken")
            throw ExitCode(planted == nil ? 81 : 0)
        }
        print("\(result.done) runs in \(result.elapsed), no violation")
        if planted != nil { throw ExitCode(1) }
    }

    // MARK: - Scenarios

    private func scenarios() -> Runs {
        let faults = planted?.faults ?? []
        let option = planted.map { " --break \($0.rawValue)" } ?? ""
        var left = seed == nil ? (count ?? (minutes == nil ? 1_000 : .max)) : 1
        let log = log
        let seed = seed
        return Runs(minutes: minutes) {
            guard left > 0 else { return nil }
            left -= 1
            let seed = seed ?? UInt64.random(in: 0...UInt64.max)
            return Runs.Task(number: seed) {
                let scenario = Scenario(seed: seed, faults: faults)
                let repeats = "tools/simulate --seed \(seed)\(option) --log"
                return Report(scenario.run(), "\(scenario.options)", repeats, isTold: log)
            }
        }
    }

    // MARK: - Every disk operation

    private func sweep() -> Runs {
        let life = seed ?? UInt64.random(in: 0...UInt64.max)
        let sweep = CrashSweep(seed: life)
        let points = only.map { [$0] } ?? sweep.points()
        if only == nil { print("life \(life): a crash at each of \(points.count) points") }
        var next = 0
        let log = log
        return Runs(minutes: minutes) {
            guard next < points.count else { return nil }
            let point = points[next]
            next += 1
            return Runs.Task(number: UInt64(point.operation)) {
                let repeats =
                    "tools/simulate --every-disk-operation --seed \(life) --only "
                    + "\(point.argument) --log"
                return Report(sweep.run(point), "\(point)", repeats, isTold: log)
            }
        }
    }
}

/// Rules that can be broken on purpose.
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

extension CrashSweep.Point: ExpressibleByArgument {
    /// HOST:OPERATION:LOSS:REMEDY.
    public init?(argument: String) {
        let words = argument.split(separator: ":").map(String.init)
        guard words.count == 4, let host = Int(words[0]), (0...1).contains(host),
            let operation = Int(words[1]), operation > 0,
            let loss = CrashSweep.Loss(rawValue: words[2]),
            let remedy = CrashSweep.Remedy(rawValue: words[3])
        else { return nil }
        self.init(host: host, operation: operation, loss: loss, remedy: remedy)
    }

    var argument: String { "\(host):\(operation):\(loss.rawValue):\(remedy.rawValue)" }
}
