import ArgumentParser
import Interchange
import SystemEnvironment
import WorkProtocol

extension LoadCommand {
    /// `load organization`: a generated organization into a store, as fast as it takes it.
    struct Organization: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "organization",
            abstract: "Load a generated organization, as `generate` prints it.",
            discussion: """
                Imports it with many requests under way, in order, over the UNIX socket. With \
                --workspaces each of them gets an organization of its own, and the tasks are \
                shared out evenly.

                EXAMPLES
                  holdfast-tools load organization --data DIR --tasks 1000000
                  holdfast-tools load organization --data DIR --tasks 100000 --keys FILE
                """)

        @Option(help: "A node's folder on this machine; it must be the primary.")
        var data: String
        @Option(help: "How many tasks, in all workspaces.") var tasks = 100_000
        @Option(help: "Into how many workspaces: the first, and new ones.") var workspaces = 1
        @Option(help: "The share of the tasks that the largest project has at least.")
        var largest = 0.0
        @Option(help: "The same seed gives the same organization.") var seed: UInt64 = 1
        @Option(help: "The day everything is dated from, YYYY-MM-DD.") var today = "2026-11-23"
        @Option(help: "Write the gids to this file, for Benchmarks' peer-load.")
        var keys: String?
        @Option(help: "Write those of the largest project's lists to this one.")
        var listKeys: String?

        func validate() throws {
            guard (1...50_000_000).contains(tasks), (1...100_000).contains(workspaces),
                workspaces <= tasks, (0...1).contains(largest)
            else {
                throw ValidationError(
                    "--tasks must be 1 to 50,000,000, --workspaces 1 to 100,000 and not more, "
                        + "--largest 0 to 1.")
            }
            guard CivilDate(today) != nil else {
                throw ValidationError("--today must be a day, YYYY-MM-DD.")
            }
        }

        func run() async throws {
            guard let day = CivilDate(today) else { return }
            try await reporting {
                let load = try OrganizationLoad(folder: data)
                try await load.open()
                for number in 0..<workspaces {
                    // The first gets what is left over.
                    let share = tasks / workspaces + (number == 0 ? tasks % workspaces : 0)
                    var options = GeneratorOptions(
                        tasks: share, seed: seed &+ UInt64(number), today: day)
                    options.largestShare = largest
                    try await load.load(options, workspace: number)
                }
                load.close()
                Console.say(load.report)
                if let keys { try FileText.write(keys, load.keys.file, replacing: true) }
                if let listKeys {
                    try FileText.write(listKeys, load.keys.listFile, replacing: true)
                }
            }
        }
    }
}
