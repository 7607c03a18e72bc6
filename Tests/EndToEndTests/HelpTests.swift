import Foundation
import Testing

@testable import holdfast

/// What the program says about itself, and what the page about it says.
@Suite struct HelpTests {
    /// A command as the library dumps it.
    struct Command: Sendable {
        var path: String
        var abstract: String
        var discussion: String
        /// Its options and flags by their names, with the values they take, if these are few.
        var options: [String: Set<String>]
        var inner: [String]
    }

    /// All of them, read once.
    private static let dumped = Result { try read() }

    static func commands() throws -> [Command] { try dumped.get() }

    private static func read() throws -> [Command] {
        let help = try ProgramRun.of(["--experimental-dump-help"]).json()
        var found: [Command] = []
        func read(_ command: [String: Any], _ path: String) {
            let inner = (command["subcommands"] as? [[String: Any]] ?? []).filter {
                $0["commandName"] as? String != "help"
            }
            var options: [String: Set<String>] = [:]
            for argument in command["arguments"] as? [[String: Any]] ?? [] {
                for name in argument["names"] as? [[String: Any]] ?? [] {
                    let values = argument["allValues"] as? [String] ?? []
                    options[name["name"] as? String ?? ""] = Set(values)
                }
            }
            found.append(
                Command(
                    path: path, abstract: command["abstract"] as? String ?? "",
                    discussion: command["discussion"] as? String ?? "", options: options,
                    inner: inner.compactMap { $0["commandName"] as? String }))
            for command in inner {
                read(command, "\(path) \(command["commandName"] as? String ?? "")")
            }
        }
        read(try #require(help["command"] as? [String: Any]), "holdfast")
        return found
    }

    /// The lines under `EXAMPLES`, a line that goes on with the next one joined to it.
    static func examples(_ command: Command) -> [String] {
        let lines = command.discussion.split(separator: "\n").map(String.init)
        guard let start = lines.firstIndex(of: "EXAMPLES") else { return [] }
        let examples = lines[(start + 1)...].prefix { $0.hasPrefix("  ") }
        return examples.joined(separator: "\n").replacing("\\\n", with: " ")
            .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    @Test func `every command says what it is for and shows an example that fits`() throws {
        for command in try Self.commands() {
            #expect(!command.abstract.isEmpty, "\(command.path)")
            #expect(!Self.examples(command).isEmpty, "\(command.path) shows no example")
            for line in command.discussion.split(separator: "\n") where line.hasPrefix("  ") {
                #expect(line.count <= 80, "\(command.path) breaks “\(line)”")
            }
        }
    }

    @Test func `every example is a command that there is, with options that it has`() throws {
        for command in try Self.commands() {
            for example in Self.examples(command) { try Self.check(example) }
        }
    }

    @Test func `every command in the pages is one that there is`() throws {
        let pages = Self.root.appending(path: "Sources/StoreNode/StoreNode.docc")
        let names = try FileManager.default.subpathsOfDirectory(atPath: pages.path)
        let files = names.filter { $0.hasSuffix(".md") }.map { pages.appending(path: $0) }
        for file in files + [Self.root.appending(path: "README.md")] {
            let text = try String(contentsOf: file, encoding: .utf8)
            // Every second part is within fences.
            for (place, part) in text.split(
                separator: "```", omittingEmptySubsequences: false
            ).enumerated() where place % 2 == 1 {
                for line in part.split(separator: "\n") { try Self.check(String(line)) }
            }
        }
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Whether a line of `holdfast` names a command, options and values that there are.
    private static func check(_ example: String) throws {
        guard example.hasPrefix("holdfast ") else { return }
        let commands = Dictionary(uniqueKeysWithValues: try commands().map { ($0.path, $0) })
        // What a shell would do with the rest is its own affair.
        let words = try ShellWords.split(example).prefix { !["<", ">", "|", "&"].contains($0) }
        var path = "holdfast"
        for word in words.dropFirst() {
            guard let inner = commands[path]?.inner, inner.contains(word) else { break }
            path += " \(word)"
        }
        // `my today` is short for `my list today`.
        if path == "holdfast my" { path += " list" }
        let command = try #require(commands[path])
        #expect(command.inner.isEmpty, "\(example) is not whole")
        for (place, word) in words.enumerated() where word.hasPrefix("-") && word != "-" {
            let name = String(word.drop { $0 == "-" })
            let values = try #require(command.options[name], "\(example): there is no \(word)")
            guard !values.isEmpty else { continue }
            #expect(values.contains(words[place + 1]), "\(example): \(words[place + 1])")
        }
    }

    @Test func `the page about the command line lists every command`() throws {
        let page = try String(
            contentsOf: Self.root.appending(
                path: "Sources/StoreNode/StoreNode.docc/CommandLine.md"), encoding: .utf8)
        let lines = page.split(separator: "\n")
        for command in try Self.commands() where command.path.split(separator: " ").count == 2 {
            let name = command.path.dropFirst("holdfast ".count)
            let row = lines.first { $0.hasPrefix("| `\(name)` |") }
            let expected = command.inner.map { "`\($0)`" }.joined(separator: " ")
            #expect(
                row?.split(separator: "|").dropFirst().first?.trimmingCharacters(in: .whitespaces)
                    == (expected.isEmpty ? "–" : expected),
                "\(name): \(expected)")
        }
    }

    @Test(arguments: [
        ("taks list", "“taks”; “task” perhaps", "holdfast --help"),
        ("task lits", "“lits”; “list” perhaps", "holdfast task --help"),
        ("nonsense", "there is no command “nonsense”\n", "holdfast --help"),
        ("admin promot", "“promot”; “promote” perhaps", "holdfast admin --help"),
    ])
    func `who mistypes a command is told which one there is`(
        _ line: String, _ said: String, _ help: String
    ) throws {
        let run = try ProgramRun.of(line.split(separator: " ").map(String.init))
        #expect(run.code == 64)
        #expect(run.errors.contains(said), "\(run.errors)")
        #expect(run.errors.contains("help: \(help)\n"), "\(run.errors)")
    }
}
