import ArgumentParser
import Environment
import SystemEnvironment

/// `holdfastd check`: reads a configuration and says what is wrong with it.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read a configuration file and say what is wrong.",
        discussion: "EXAMPLES\n  holdfastd check --config DIR/holdfast.toml")

    @Option(help: "The file.") var config: String

    func run() throws {
        do {
            let text = String(decoding: try FileText.read(config), as: UTF8.self)
            _ = try Settings(try ConfigurationFile(text))
            print("\(config): ok")
        } catch let problem as ConfigurationFile.Problem {
            throw Failure(78, "\(config), \(problem)").exit()
        } catch let error as DiskError {
            throw Failure(error).exit()
        }
    }
}
