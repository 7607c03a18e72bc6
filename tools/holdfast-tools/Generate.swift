import ArgumentParser
import Interchange
import SystemEnvironment
import WorkProtocol

/// `generate`: an organization of realistic shape.
struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a generated organization.",
        discussion: """
            EXAMPLES
              holdfast-tools generate --tasks 5000 --seed 1 > organization.jsonl
              holdfast-tools generate --tasks 5000 --format json > project.json
            """)

    @Option(help: "How many tasks.") var tasks = 5_000
    @Option(help: "The same seed gives the same organization.") var seed: UInt64 = 1
    @Option(help: "jsonl: everything, one object a line; json: the largest project, to import.")
    var format: Format = .jsonl
    @Option(help: "The day everything is dated from, YYYY-MM-DD.") var today = "2026-11-23"

    enum Format: String, ExpressibleByArgument { case jsonl, json }

    func validate() throws {
        guard (1...50_000_000).contains(tasks) else {
            throw ValidationError("--tasks must be between 1 and 50,000,000.")
        }
        guard CivilDate(today) != nil else {
            throw ValidationError("--today must be a day, YYYY-MM-DD.")
        }
    }

    func run() async throws {
        guard let day = CivilDate(today) else { return }
        let options = GeneratorOptions(tasks: tasks, seed: seed, today: day)
        var generated = GeneratedJSON(options, format == .json ? .document : .lines)
        while let bytes = generated.next() { Console.write(bytes) }
    }
}
