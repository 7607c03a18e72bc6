internal import ArgumentParser
internal import Glibc

/// The thin client: everything a person or a script asks of a running store.
@main
struct Holdfast: AsyncParsableCommand {
    /// The program's version, told to the servers.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "holdfast",
        abstract: "Ask a Holdfast store.",
        discussion: """
            EXAMPLES
              holdfast demo
              holdfast task create "Order the cake" --due friday
              holdfast my today
              holdfast export project "Website relaunch" --format csv --output website.csv

            Exit codes: 0 ok, 1 check failed, 64 usage, 65 bad data, 66 not found, 69 unavailable, \
            70 internal, 73 exists, 74 I/O, 75 try again, 76 protocol, 77 forbidden, \
            78 configuration, 80 corruption found, 81 an acknowledged write was lost, \
            130 interrupted.
            """,
        version: "holdfast \(version)",
        groupedSubcommands: [
            CommandGroup(
                name: "Work",
                subcommands: [
                    TaskCommand.self, MyCommand.self, ProjectCommand.self, SectionCommand.self,
                    CommentCommand.self, TagCommand.self, FieldCommand.self,
                    AttachmentCommand.self, TrashCommand.self,
                ]),
            CommandGroup(
                name: "People",
                subcommands: [
                    WhoAmICommand.self, UserCommand.self, TeamCommand.self, WorkspaceCommand.self,
                    TokenCommand.self, ServiceAccountCommand.self,
                ]),
            CommandGroup(
                name: "In and out", subcommands: [ImportCommand.self, ExportCommand.self]),
            CommandGroup(
                name: "The store",
                subcommands: [
                    StatusCommand.self, AdminCommand.self, DemoCommand.self, CallCommand.self,
                    DescribeCommand.self,
                ]),
            CommandGroup(
                name: "This program",
                subcommands: [LoginCommand.self, ContextCommand.self, ConfigCommand.self]),
        ])

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            var command = try parsed(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Glibc.exit(report(error))
        }
    }

    /// The command that the words of a line are.
    static func parsed(_ words: [String]) throws -> any ParsableCommand {
        try CommandWords.check(words, of: Holdfast.self)
        return try parseAsRoot(words)
    }

    /// Says what went wrong, or the help that was asked for, and gives the exit code.
    static func report(_ error: any Error) -> Int32 {
        if let complaint = Complaint(error) {
            StandardStream.error.write(complaint.lines.joined(separator: "\n") + "\n")
            return complaint.code.rawValue
        }
        let code = exitCode(for: error)
        let message = fullMessage(for: error)
        if code.isSuccess {
            StandardStream.output.write(message + "\n")
        } else if !message.isEmpty {
            // Only what is wrong with a line that was typed is the library's to say.
            let complaint =
                code == .validationFailure
                ? Complaint(.usage, usage(error), help: helpCommand(message))
                : Complaint(.internal, "\(error)", help: "this is a fault of the program")
            StandardStream.error.write(complaint.lines.joined(separator: "\n") + "\n")
            return complaint.code.rawValue
        }
        return code.rawValue
    }

    /// What is wrong with a line that was typed, as our own errors are said.
    private static func usage(_ error: any Error) -> String {
        Complaint.clause(message(for: error).trimming { $0 == "\n" || $0 == " " })
    }

    /// The command that explains it: the library says it at the end.
    private static func helpCommand(_ message: String) -> String {
        let marks = message.split(separator: "See '")
        guard marks.count > 1, let command = marks.last?.split(separator: "'").first else {
            return "holdfast --help"
        }
        return String(command)
    }
}

extension String {
    /// Without such characters at both ends.
    func trimming(_ isDropped: (Character) -> Bool) -> String {
        let start = drop(while: isDropped)
        guard let last = start.lastIndex(where: { !isDropped($0) }) else { return "" }
        return String(start[...last])
    }
}
