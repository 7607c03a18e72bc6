import Foundation
import SystemEnvironment
import Testing

/// What `Benchmarks/run` measures is the store as anybody gets it. Its harness makes a pair here,
/// with the real programs (only `holdfastd run` is noted and not run), and what came of that is
/// compared with a pair that was made with nothing but what `init` insists on.
@Suite struct BenchmarkConfigurationTests {
    /// Every option the harness may give, and its value where that is not a place or a name.
    private static let allowed: [String: [String: String?]] = [
        "init": [
            "--data": nil, "--name": nil, "--archive": nil, "--listen": nil,
            "--replication-listen": nil, "--invitation": nil, "--role": "follower",
            // The operator has to choose; there is no default.
            "--when-follower-lost": "solo",
        ],
        "invite": ["--data": nil, "--output": nil],
        "run": ["--data": nil],
    ]
    /// What may differ from the defaults: names and places, and that there is an archive.
    private static let ownSettings: Set<String> = [
        "name", "listen", "advertise", "replication_listen", "archive",
    ]

    @Test func `the harness gives the programs places and names and nothing else`() throws {
        let place = try TemporaryFolder()
        let runs = try Harness.makePair(in: place.path)
        #expect(
            runs.map(\.command) == ["init", "run", "invite", "init", "run", "run", "run"],
            "the pair is made, and later started again")
        for run in runs {
            #expect(run.isPlain, "\(run.words) with an environment, a user or an input of its own")
            let options = try #require(run.options, "\(run.words) are not options with values")
            let allowed = try #require(Self.allowed[run.command])
            for (option, value) in options {
                let expected = try #require(
                    allowed[option], "\(run.command) \(option) is no default")
                if let expected { #expect(value == expected, "\(option)") }
            }
        }
    }

    @Test func `the pair that is measured has the default configuration`() throws {
        let place = try TemporaryFolder()
        _ = try Harness.makePair(in: place.path)
        let plain = "\(place.path)/plain"
        try make(["init", "--data", "\(plain)/a", "--when-follower-lost", "solo"])
        try make(["invite", "--data", "\(plain)/a", "--output", "\(plain)/invitation"])
        try make([
            "init", "--data", "\(plain)/b", "--role", "follower", "--invitation",
            "\(plain)/invitation",
        ])
        for (node, own) in [("a", Self.ownSettings), ("b", Self.ownSettings.union(["peers"]))] {
            let measured = "\(place.path)/holdfast/\(node)"
            let found = try settings(measured)
            let standard = try settings("\(plain)/\(node)")
            #expect(Set(found.keys) == Set(standard.keys))
            for (key, value) in found where !own.contains(key) {
                #expect(value == standard[key], "\(key)")
            }
            guard case .text(let archive) = found["archive"] else {
                Issue.record("node \(node) has no archive")
                continue
            }
            #expect(FileManager.default.fileExists(atPath: archive), "archive \(archive)")
            #expect(try files(measured) == files("\(plain)/\(node)"), "no other file steers it")
        }
    }

    @Test func `a running node has no option that the harness could hide`() throws {
        let help = try ProgramRun.of(["run", "--help-hidden"], program: "holdfastd")
        let options = Set(help.output.matches(of: /--[a-z][a-z-]*/).map { String($0.output) })
        // DIR/holdfast.toml is compared above; the other two change nothing that is measured.
        let known: Set<String> = [
            "--data", "--config", "--until-input-ends", "--version", "--help",
        ]
        #expect(options.subtracting(["--help-hidden"]).isSubset(of: known), "\(options)")
        #expect(options.isSuperset(of: ["--data", "--config"]))
    }

    private func make(_ arguments: [String]) throws {
        let run = try ProgramRun.of(arguments, program: "holdfastd")
        try #require(run.code == 0, "\(arguments): \(run.errors)")
    }

    private func settings(_ node: String) throws -> [String: ConfigurationFile.Value] {
        let text = try String(contentsOfFile: "\(node)/holdfast.toml", encoding: .utf8)
        return try ConfigurationFile(text).settings.mapValues(\.value)
    }

    private func files(_ node: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: node).sorted()
    }
}

/// The benchmark's own harness, with its processes noted.
private enum Harness {
    /// A program that the harness ran or started.
    struct Run: Decodable {
        /// Its arguments, without the program.
        var words: [String]
        /// Whether nothing but the words was given to it.
        var isPlain: Bool

        var command: String { words.first ?? "" }

        /// The options with their values; nil if there is anything else among the words.
        var options: [String: String]? {
            let rest = words.dropFirst()
            guard rest.count.isMultiple(of: 2) else { return nil }
            var options: [String: String] = [:]
            for index in stride(from: rest.startIndex, to: rest.endIndex, by: 2) {
                guard rest[index].hasPrefix("--") else { return nil }
                options[rest[index]] = rest[index + 1]
            }
            return options.count == rest.count / 2 ? options : nil
        }
    }

    /// Makes a pair as the benchmark does, in `folder`/holdfast, and starts it again.
    static func makePair(in folder: String) throws -> [Run] {
        let benchmarks = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Benchmarks")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-B", "-c", script, ProgramRun.folder, folder]
        process.currentDirectoryURL = benchmarks
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try JSONDecoder().decode([Run].self, from: said)
    }

    private static let script = """
        import json, pathlib, sys, types
        from harness import processes, stores

        runs, really = [], processes.command
        started = types.SimpleNamespace(pid=0, poll=lambda: None)
        status = {"mode": "paired", "nodes": [
            {"state": "paired", "role": "primary"}, {"state": "following", "role": "follower"}]}

        def note(words, plain):
            words = [str(word) for word in words]
            if words[0].endswith("/holdfastd"):
                runs.append({"words": words[1:], "isPlain": plain})
            else:
                assert words[0].endswith("/holdfast") and words[1] == "status", words
            return words

        def command(words, *more, **options):
            words = note(words, not more and not options)
            return json.dumps(status) if words[1] == "status" else really(words)

        def start(words, log, *more, **options):
            note(words, not more and not options)
            return started

        processes.command, processes.start = command, start
        store = stores.Holdfast(
            pathlib.Path(sys.argv[2]), types.SimpleNamespace(programs=pathlib.Path(sys.argv[1])))
        store.create()
        store.verify()
        store.start()
        print(json.dumps(runs))
        """
}
