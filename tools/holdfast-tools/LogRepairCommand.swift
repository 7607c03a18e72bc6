import ArgumentParser
import Environment
import Glibc
import ReplicatedLog
import SystemEnvironment

/// `log repair`: gives up, by somebody's word, what a damaged log has lost.
struct LogRepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Give up what a damaged log has lost.",
        discussion: """
            Says what is wrong. With --accept-loss the log ends before the first record that \
            cannot be read; everything behind it is kept in quarantine/, nothing is deleted. \
            Acknowledged writes are lost by this: it is for a node that is alone and has no \
            archive. A node of a pair joins anew, and `holdfast-tools restore` loses less. The \
            node must not be running. Exit code 80 while the log is damaged.

            EXAMPLES
              holdfast-tools log repair DIR
              holdfast-tools log repair DIR --accept-loss
            """)

    @Argument(help: "A node's folder.") var folder: String
    @Flag(help: "End the log before the first record that cannot be read.") var acceptLoss = false
    @Flag(help: "Do not ask.") var yes = false

    func run() async throws {
        try await reporting {
            guard FileText.exists(folder) else {
                throw Failure(66, "\(folder): there is no such folder")
            }
            let disk = try SystemDisk(root: folder)
            do throws(DiskError) { try disk.lock() } catch {
                throw error.kind == .inUse
                    ? Failure(75, "\(folder) is in use: stop the node first") : Failure(error)
            }
            try repair(try loss(disk), on: disk)
        }
    }

    /// What is needed of the log, and whose it must be.
    private func loss(_ disk: SystemDisk) throws -> LogLoss {
        let meta: NodeMeta
        switch try NodeMetaStore(disk: disk).load() {
        case .found(let found): meta = found
        case .fresh: throw Failure(66, "\(folder) is no node's folder: it has no node.meta")
        case .damaged(let corruption): throw Failure(80, "\(corruption)")
        case .foreign(let file): throw Failure(78, "\(file)")
        }
        guard meta.actingRole == .primary, meta.register.members == [meta.node] else {
            throw Failure(
                77,
                "this is a node of a pair, and the other one has its records: promote that one "
                    + "if need be, make this one anew with `holdfastd init --role follower`, and "
                    + "let it join")
        }
        let identity = LogIdentity(cluster: meta.cluster, history: meta.history)
        let snapshots = SnapshotStore(disk: disk, cryptography: SnapshotCommand.cryptography)
        let found = try snapshots.newestGood(of: identity)
        if found.manifest == nil, let refused = found.refused.first {
            throw Failure(80, "no snapshot is good: \(refused); use `holdfast-tools restore`")
        }
        return LogLoss(
            disk: disk, identity: identity, randomness: SystemRandomness(),
            needed: found.manifest?.start.last ?? .zero)
    }

    private func repair(_ loss: LogLoss, on disk: SystemDisk) throws {
        let (verdict, last) = try loss.look()
        switch verdict {
        case .cleanEnd: return Console.say("verdict\twhole")
        case .crashInRotation(let file):
            return Console.say("verdict\twhole; the next start removes \(file)")
        case .tornTail(let tail), .undecided(let tail):
            return Console.say("verdict\ta torn end, which the next start cuts: \(tail.corruption)")
        case .foreign(let foreign): throw Failure(78, "\(foreign)")
        case .damage(let damage):
            guard acceptLoss else { throw Failure(80, "\(damage)") }
            Console.tell("\(damage.corruption): \(damage.evidence)")
            try confirm(last)
            try accept(loss, damage, on: disk)
        }
    }

    private func confirm(_ last: LSN) throws {
        if yes { return }
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure(64, "every record after LSN \(last) is given up: say --yes")
        }
        Console.tell(
            "Give up every record after LSN \(last), though it was acknowledged? Type yes:")
        guard readLine() == "yes" else { throw Failure(130, "nothing was changed") }
    }

    private func accept(_ loss: LogLoss, _ damage: LogDamage, on disk: SystemDisk) throws {
        let outcome: LogLoss.Outcome
        do throws(LogFailure) { outcome = try loss.accept() } catch {
            switch error {
            case .disk(let failure): throw failure
            case .foreign: throw Failure(78, "\(error)")
            case .damage, .undecided, .gone: throw Failure(80, "\(error)")
            }
        }
        try note(outcome, damage, on: disk)
        Console.say("last\t\(outcome.head.last)")
        for path in outcome.quarantined { Console.say("quarantined\t\(path)") }
    }

    /// Leaves a word beside what was given up.
    private func note(_ outcome: LogLoss.Outcome, _ damage: LogDamage, on disk: SystemDisk) throws {
        let clock = SystemScheduler()
        defer { clock.shutdown() }
        let path = "quarantine/accepted-loss-\(clock.wallTime).txt"
        let text = """
            Given up by `holdfast-tools log repair --accept-loss`: every record after LSN \
            \(outcome.head.last).
            \(damage.corruption): \(damage.evidence)
            \(outcome.quarantined.joined(separator: "\n"))

            """
        try disk.createFolder("quarantine")
        let file = try disk.open(path, .create)
        defer { file.close() }
        try file.write(Array(text.utf8), at: 0)
        try file.flush()
        try disk.flushDirectory("quarantine")
    }
}
