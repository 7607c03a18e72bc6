import ArgumentParser

/// Drills, load, and offline files.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holdfast-tools",
        abstract: "Drills, load, and files of a Holdfast store.",
        discussion: """
            EXAMPLES
              holdfast-tools generate --tasks 5000 --seed 1 > organization.jsonl
              holdfast-tools log verify DIR
              holdfast-tools restore --from ARCHIVE --to DIR
              holdfast-tools drill failover --runs 10
              holdfast-tools load run --connections 64 --depth 16
            """,
        version: "holdfast-tools 0.1.0",
        subcommands: [
            Generate.self, LogCommand.self, SnapshotCommand.self, RestoreCommand.self,
            DrillCommand.self, LoadCommand.self,
        ])
}
