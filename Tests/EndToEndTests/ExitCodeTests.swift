import Foundation
import Testing

/// Every way to go wrong that needs no store of its own, or finds none.
@Suite struct ExitCodeTests {
    /// Commands and their exit codes.
    static let commands: [(line: String, code: Int32)] = [
        ("task create", 64), ("no-such-command", 64), ("my someday", 64), ("describe", 0),
        ("describe Tasks/CreateTask", 0), ("describe Nothing", 66), ("whoami", 78),
        ("whoami --context nowhere", 78), ("whoami --data /nonexistent", 66),
        ("demo --import /nonexistent", 66), ("my --limit=-1", 64), ("demo --tasks=-1", 64),
        ("--help", 0), ("--version", 0),
        ("token revoke x --yes --data /nonexistent", 64),
    ]

    @Test(arguments: commands)
    func `a command ends with its exit code`(_ line: String, _ code: Int32) throws {
        let run = try ProgramRun.of(line.split(separator: " ").map(String.init))
        #expect(run.code == code, "\(run.output)\(run.errors)")
        if code != 0 {
            #expect(run.output.isEmpty, "standard output is data")
            #expect(run.errors.hasPrefix("holdfast: "), "\(run.errors)")
            #expect(run.errors.contains("\nhelp: ") || code == 66, "\(run.errors)")
        }
    }

    @Test(arguments: ["holdfast", "holdfastd", "holdfast-tools"])
    func `a program tells its version`(_ program: String) throws {
        let run = try ProgramRun.of(["--version"], program: program)
        #expect(run.code == 0)
        #expect(run.line.wholeMatch(of: /(\S+) \d+\.\d+\.\d+/)?.1 == Substring(program))
        guard program == "holdfastd" else { return }
        #expect(try ProgramRun.of(["version"], program: program).output == run.output)
    }

    @Test func `a store that is not there is unavailable`() throws {
        let place = try TemporaryFolder()
        try Data("hft_x\n".utf8).write(to: URL(filePath: "\(place.path)/token"))
        let run = try ProgramRun.of([
            "whoami", "--address", "\(place.path)/holdfast.sock", "--token-file",
            "\(place.path)/token", "--timeout", "1",
        ])
        #expect(run.code == 69, "\(run.errors)")
        #expect(run.errors.contains("help: is holdfastd running there?"))
    }

    @Test func `a broken file of contexts is named with its line`() throws {
        let place = try TemporaryFolder()
        try Data("current = work\n".utf8).write(to: URL(filePath: "\(place.path)/contexts.toml"))
        let run = try ProgramRun.of(["whoami"], environment: ["HOLDFAST_HOME": place.path])
        #expect(run.code == 78)
        #expect(run.errors.contains("line 1"))
        #expect(run.errors.contains("contexts.toml"))
    }

    @Test func `no command has two options of one name`() throws {
        let help = try ProgramRun.of(["--experimental-dump-help"]).json()
        let root = try #require(help["command"] as? [String: Any])
        var commandCount = 0
        func check(_ command: [String: Any], _ path: String) {
            commandCount += 1
            let arguments = command["arguments"] as? [[String: Any]] ?? []
            let names = arguments.flatMap { $0["names"] as? [[String: Any]] ?? [] }
                .compactMap { $0["name"] as? String }
            #expect(Set(names).count == names.count, "\(path): \(names)")
            for inner in command["subcommands"] as? [[String: Any]] ?? [] {
                check(inner, "\(path) \(inner["commandName"] as? String ?? "")")
            }
        }
        // The root's help is listed twice by the library itself.
        for inner in root["subcommands"] as? [[String: Any]] ?? [] {
            let name = inner["commandName"] as? String ?? ""
            if name != "help" { check(inner, name) }
        }
        #expect(commandCount > 80)
    }
}
