import ArgumentParser
import Environment
import ReplicatedLog
import SystemEnvironment

/// `restore`: a node's folder out of an archive.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make a node's folder out of an archive.",
        discussion: """
            Verifies every hash and the chain on the way, into an empty folder only. The result \
            has a history of its own, so that it never writes into the old archive. Certificates \
            and tokens are not in an archive: copy `tls/`, `admin.token` and `holdfast.toml` from \
            a node, or from where they are kept.

            EXAMPLES
              holdfast-tools restore --from ARCHIVE --to DIR
              holdfast-tools restore --from ARCHIVE --to DIR --lsn 5017
            """)

    @Option(help: "The archive's folder.") var from: String
    @Option(help: "The folder to make; empty or not there.") var to: String
    @Option(help: "To this record, and no further.") var lsn: UInt64?
    @Option(help: "To this moment, milliseconds since 1970.") var at: Int64?
    @Option(help: "The history, where the archive has several.") var history: String?
    @Flag(help: "Say what would be restored, and change nothing.") var dryRun = false
    @Option(name: .shortAndLong, help: "text or json.") var output: Output = .text

    func run() async throws {
        try await reporting {
            do throws(ArchiveFailure) { try restore() } catch {
                switch error {
                case .disk(let disk): throw Failure(disk)
                case .corrupt: throw Failure(80, "\(error)")
                case .notRestorable: throw Failure(65, "\(error)")
                case .notEmpty: throw Failure(73, "\(error)")
                }
            }
        }
    }

    private func restore() throws(ArchiveFailure) {
        let archive: DirectoryArchive
        let disk: SystemDisk
        do throws(DiskError) {
            guard FileText.exists(from) else {
                throw DiskError(.missing, path: from, reason: "there is no such folder")
            }
            archive = try DirectoryArchive(path: from)
            try FileText.createFolder(to)
            disk = try SystemDisk(root: to)
        } catch { throw .disk(error) }
        let random = SystemRandomness()
        let clock = SystemScheduler()
        defer { clock.shutdown() }
        let target: RestoreTarget = lsn.map { .lsn(LSN($0)) } ?? at.map { .time($0) } ?? .latest
        let restore = Restore(
            check: try ArchiveCheck(
                archive: archive, cryptography: SnapshotCommand.cryptography,
                prefix: try prefix(archive)),
            disk: disk, randomness: random, target: target,
            history: Identity(high: random.number(), low: random.number()),
            node: Identity(high: random.number(), low: random.number()), time: clock.wallTime)
        let plan = try restore.plan()
        if dryRun {
            return Console.say(
                "from the snapshot at LSN \(plan.manifest.point), through LSN "
                    + "\(plan.through ?? .zero)")
        }
        tell(try restore.run())
    }

    private func prefix(_ archive: DirectoryArchive) throws(ArchiveFailure) -> ArchivePrefix {
        let found = try ArchiveCheck.histories(in: archive).filter {
            history == nil || $0.history.description == history
        }
        guard let only = found.first else {
            throw .notRestorable("\(from) holds no store")
        }
        guard found.count == 1 else {
            throw .notRestorable(
                "\(from) holds several histories; name one with --history: "
                    + found.map(\.history.description).joined(separator: ", "))
        }
        return only
    }

    private func tell(_ outcome: Restore.Outcome) {
        for refused in outcome.refused {
            Console.tell("holdfast-tools: a newer snapshot is bad and was not used: \(refused)")
        }
        switch output {
        case .json, .jsonl:
            Console.say(
                "{\"lsn\":\(outcome.head.last),\"epoch\":\"\(outcome.head.epoch)\","
                    + "\"snapshot\":\(outcome.manifest.point),\"time\":\(outcome.time),"
                    + "\"history\":\"\(outcome.meta.history)\",\"node\":\"\(outcome.meta.node)\"}")
        case .text:
            Console.say(
                "restored to LSN \(outcome.head.last), snapshot \(outcome.manifest.point), new "
                    + "history \(outcome.meta.history)")
        }
    }
}
