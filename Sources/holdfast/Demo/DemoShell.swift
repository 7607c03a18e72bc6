internal import ArgumentParser
internal import LocalPair
internal import StoreClient
internal import WorkProtocol

/// The demo's prompt: reads commands and runs them over one connection.
final class DemoShell {
    private let pair: LocalPair
    let connection: Connection
    private let acknowledged = AcknowledgedWrites()
    private let isTyped = StandardStream.isInputTerminal

    init(_ pair: LocalPair) {
        self.pair = pair
        connection = Connection(pair, acknowledged)
    }

    /// A client with the standard options.
    func client() throws -> Client {
        Client(connection, try CommonOptions.parse([]), isDemo: true)
    }

    /// Says what there is to try, to a person.
    func greet() {
        guard isTyped else { return }
        StandardStream.output.write(
            """
            Try: task create "Order the cake" --due friday, then kill primary, then my. \
            help says more; quit ends the demo.

            """)
    }

    /// Reads lines until there are no more, or until the first that fails if nobody types them.
    /// - Returns: the exit code.
    func run() async -> Int32 {
        while true {
            if isTyped { StandardStream.output.write("holdfast> ") }
            guard let line = StandardStream.readLine() else {
                if isTyped { StandardStream.output.write("\n") }
                return 0
            }
            let words: [String]
            do { words = try ShellWords.split(line) } catch {
                let code = Holdfast.report(error)
                if isTyped { continue }
                return code
            }
            guard let first = words.first else { continue }
            // Who reads a transcript wants to see what was asked.
            if !isTyped { StandardStream.output.write("holdfast> \(line)\n") }
            if first == "quit" || first == "exit" { return 0 }
            let code = await execute(words)
            if code != 0, !isTyped || code == Complaint.Code.lost.rawValue { return code }
        }
    }

    /// Runs one command. - Returns: its exit code.
    func execute(_ words: [String]) async -> Int32 {
        do {
            switch words {
            case ["help"]: StandardStream.output.write(DemoShell.help)
            case ["kill", "primary"]: try await Failover(pair, connection, acknowledged).primary()
            case ["kill", "follower"]:
                try await Failover(pair, connection, acknowledged).follower()
            default:
                if words.first == "kill" {
                    throw Complaint(.usage, "kill what?", help: "kill primary, or kill follower")
                }
                try await ask(words.first == "holdfast" ? Array(words.dropFirst()) : words)
            }
            return 0
        } catch {
            return Holdfast.report(error)
        }
    }

    private func ask(_ words: [String]) async throws {
        var command = try Holdfast.parsed(words)
        if command is DemoCommand {
            throw Complaint(.usage, "this is the demo already", help: "quit")
        }
        if command is LoginCommand {
            throw Complaint(.usage, "in the demo everybody is its operator", help: "whoami")
        }
        if let command = command as? any StoreCommand {
            try await command.ask(Client(connection, command.common, isDemo: true))
        } else if var command = command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            try command.run()
        }
    }

    private static let help = """
        Commands, as of `holdfast`, without its name; `task --help` and the like say more:
          task create "Order the cake" --due friday     my     status     project list
          export project "Website relaunch" --format csv --output website.csv
        And here:
          kill primary     end the primary as a crash would, and promote the follower
          kill follower    end the follower as a crash would, and let a fresh one join
          quit             end the demo

        """
}
