import ArgumentParser

/// The node's program.
@main
struct Main: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holdfastd",
        abstract: "A node of a Holdfast store.",
        discussion: """
            EXAMPLES
              holdfastd init --data /var/lib/holdfast --when-follower-lost solo
              holdfastd run --data /var/lib/holdfast
              holdfastd invite --data /var/lib/holdfast --output follower.invitation
              holdfastd init --data /srv/copy --role follower --invitation follower.invitation
            """,
        version: text,
        subcommands: [Init.self, Invite.self, Run.self, Check.self, Version.self])

    /// The program's version, told to clients and kept in snapshots.
    static let version = "0.1.0"

    /// What `--version` and `version` print.
    static var text: String { "holdfastd \(version)" }
}

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the version.")

    func run() { print(Main.text) }
}
