import ArgumentParser
import Checking

/// `drill`: breaks a pair of its own on purpose and judges what came of it.
struct DrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Break a pair on purpose, and judge.",
        discussion: """
            `failover` starts a pair on this machine, loads it through the client library, kills \
            the primary at a random moment, promotes the follower, lets a fresh follower join, and \
            checks every acknowledged write and every read. Exit code 81 if anything was lost, \
            doubled or stale.

            EXAMPLES
              holdfast-tools drill failover
              holdfast-tools drill failover --runs 100 --seed 1 -o jsonl
              holdfast-tools drill list
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable { case failover, list }

    @Argument(help: "failover, or list.") var kind: Kind
    @Option(help: "How many runs.") var runs = 1
    @Option(help: "The first run's seed; the others follow it.") var seed: UInt64 = 1
    @Option(help: "How many clients work at once.") var clients = 8
    @Option(name: .customLong("for"), help: "Seconds of load before and after, at most.")
    var seconds = 2.0
    @Option(help: "block or solo.") var whenFollowerLost = "solo"
    @Option(help: "Keep the folders of every run here.") var keep: String?
    @Option(name: .shortAndLong, help: "text, json or jsonl.") var output: Output = .text

    func validate() throws {
        guard runs > 0, clients > 0, clients <= 64, seconds > 0, seconds <= 3600 else {
            throw ValidationError("--runs, --clients (1 to 64) and --for must be positive.")
        }
    }

    func run() async throws {
        try await reporting {
            if kind == .list {
                return Console.say("failover\tkill -9 the primary under load, promote, join anew")
            }
            var broken = 0
            if output == .text { Console.say(DrillReport.header) }
            for number in 0..<UInt64(runs) {
                let drill = FailoverDrill(
                    seed: seed &+ number, clients: clients, seconds: seconds,
                    policy: whenFollowerLost, keep: keep)
                let report = try await drill.run()
                Console.say(output == .text ? report.line : report.json)
                if !report.isGood {
                    broken += 1
                    for problem in report.verdict.problems { Console.tell("  \(problem)") }
                }
            }
            if broken > 0 {
                throw Failure(81, "\(broken) of \(runs) runs broke a promise")
            }
            Console.tell("\(runs) runs, no promise broken")
        }
    }
}

/// What one run came to.
struct DrillReport {
    var seed: UInt64
    var verdict: Verdict
    /// The longest time in which no write was acknowledged, and from the kill to the first one.
    var pauseMilliseconds: Double
    var firstAckMilliseconds: Double
    var epochs: String
    /// Whether both copies came to the same digests in the end.
    var copiesEqual: Bool

    var isGood: Bool { verdict.isGood && copiesEqual }
    private var word: String { isGood ? "kept" : copiesEqual ? "broken" : "copies differ" }

    static let header =
        "kind\tseed\tacknowledged\tunknown\tlost\tdoubled\tstale\tpause_ms\tfirst_ack_ms\t"
        + "epochs\tverdict"

    var line: String {
        "failover\t\(seed)\t\(verdict.acknowledged)\t\(verdict.unknown)\t\(verdict.lost)\t"
            + "\(verdict.doubled)\t\(verdict.stale)\t\(Int(pauseMilliseconds))\t"
            + "\(Int(firstAckMilliseconds))\t\(epochs)\t\(word)"
    }

    var json: String {
        "{\"kind\":\"failover\",\"seed\":\(seed),\"acknowledged\":\(verdict.acknowledged),"
            + "\"unknown\":\(verdict.unknown),\"lost\":\(verdict.lost),"
            + "\"doubled\":\(verdict.doubled),\"stale\":\(verdict.stale),"
            + "\"pause_ms\":\(Int(pauseMilliseconds)),"
            + "\"first_ack_ms\":\(Int(firstAckMilliseconds)),"
            + "\"epochs\":\"\(epochs)\",\"verdict\":\"\(word)\"}"
    }
}
