import ArgumentParser
import Environment
import ReplicatedLog
import SystemEnvironment

/// `snapshot`: looks at a node's snapshots.
struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Look at snapshots.",
        subcommands: [List.self, Verify.self])

    /// Hashes need no secret.
    static var cryptography: SystemCryptography {
        SystemCryptography(blockKey: [UInt8](repeating: 0, count: 32))
    }

    /// A node's folder, which must be there: looking makes none.
    static func disk(_ folder: String) throws -> SystemDisk {
        guard FileText.exists(folder) else {
            throw Failure(66, "\(folder): there is no such folder")
        }
        return try SystemDisk(root: folder)
    }

    static func print(_ snapshots: [SnapshotInspection.Summary]) throws(Failure) {
        Console.say("point\tbytes\traw bytes\tworkspaces\tstate")
        var bad: [String] = []
        for snapshot in snapshots {
            let workspaces = snapshot.manifest?.workspaces.count ?? 0
            let raw = snapshot.manifest?.chunks.reduce(0) { $0 + $1.rawBytes } ?? 0
            Console.say(
                "\(snapshot.point)\t\(snapshot.bytes)\t\(raw)\t\(workspaces)\t"
                    + (snapshot.problem ?? "good"))
            if let problem = snapshot.problem { bad.append(problem) }
        }
        if let first = bad.first { throw Failure(80, first) }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the snapshots by their manifests.",
            discussion: "EXAMPLES\n  holdfast-tools snapshot list DIR")
        @Argument(help: "A node's folder.") var folder: String

        func run() async throws {
            try await reporting {
                try SnapshotCommand.print(
                    SnapshotInspection(
                        disk: try SnapshotCommand.disk(folder),
                        cryptography: SnapshotCommand.cryptography
                    )
                    .list())
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check every hash, and expand every chunk.",
            discussion: "Exit code 80 if anything is wrong.\n\nEXAMPLES\n  "
                + "holdfast-tools snapshot verify DIR")
        @Argument(help: "A node's folder.") var folder: String

        func run() async throws {
            try await reporting {
                try SnapshotCommand.print(
                    SnapshotInspection(
                        disk: try SnapshotCommand.disk(folder),
                        cryptography: SnapshotCommand.cryptography
                    )
                    .verify())
            }
        }
    }
}
