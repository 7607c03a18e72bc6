import Foundation
import Glibc
import LocalPair
import SystemEnvironment

/// One real node without a follower, whose files a test can break.
final class LoneNode {
    let folder: String
    let port: UInt16
    private var process: ChildProcess?

    /// Makes a node's directory in `place` and does not start it.
    init(
        _ place: String, name: String = "node", port: UInt16? = nil, segmentBytes: Int = 4 << 20
    ) throws {
        folder = "\(place)/\(name)"
        guard let free = ChildProcess.freePort(), let other = ChildProcess.freePort() else {
            throw LocalPair.Failure("no free port on the loopback interface")
        }
        self.port = port ?? free
        let made = try ProgramRun.of(
            [
                "init", "--data", folder, "--role", "single", "--listen",
                "127.0.0.1:\(self.port)", "--replication-listen", "127.0.0.1:\(other)",
            ], program: "holdfastd")
        guard made.code == 0 else { throw LocalPair.Failure(made.errors) }
        try set("segment_bytes = \(segmentBytes)")
    }

    /// A node whose directory is there already.
    init(adopting folder: String) {
        self.folder = folder
        port = 0
    }

    deinit { process?.kill() }

    var isRunning: Bool { process?.isRunning ?? false }
    var diagnostics: String {
        let bytes = (try? Data(contentsOf: URL(filePath: "\(folder)/diagnostics.txt"))) ?? Data()
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Adds a line to its configuration.
    func set(_ line: String) throws {
        let path = "\(folder)/holdfast.toml"
        let text = try String(contentsOfFile: path, encoding: .utf8) + line + "\n"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    // MARK: Running

    /// Starts it, and waits until it answers.
    func start() throws {
        try launch()
        while isRunning {
            if try ask("whoami", "--timeout", "2").code == 0 { return }
        }
        throw LocalPair.Failure("the node has ended: \(diagnostics)")
    }

    /// Starts it, and gives how it ended: what must not start.
    func startInVain() throws -> (code: Int32?, said: String) {
        try? FileManager.default.removeItem(atPath: "\(folder)/diagnostics.txt")
        try launch()
        let limit = Date().addingTimeInterval(30)
        while isRunning, Date() < limit { usleep(20_000) }
        guard !isRunning else {
            stop()
            return (nil, "it is running: \(diagnostics)")
        }
        return (process?.wait(), diagnostics)
    }

    private func launch() throws {
        process = try ChildProcess(
            "\(ProgramRun.folder)/holdfastd", ["run", "--data", folder, "--until-input-ends"],
            output: "\(folder)/diagnostics.txt")
    }

    /// Ends it in good order.
    func stop() { process?.terminate() }

    /// Ends it as a crash would.
    func kill() { process?.kill() }

    // MARK: Asking

    /// Runs `holdfast` against it.
    func ask(_ arguments: String...) throws -> ProgramRun {
        try ProgramRun.of(arguments + ["--data", folder])
    }

    /// Makes so many tasks, which have to be acknowledged.
    func fill(_ count: Int, notes: Int = 0) throws {
        for number in 0..<count {
            let run = try ask(
                "task", "create", "task \(number)", "--notes",
                String(repeating: "n", count: notes))
            guard run.code == 0 else { throw LocalPair.Failure(run.errors) }
        }
    }

    // MARK: Breaking

    /// The files of a folder of it, sorted.
    func files(_ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)").sorted()
            .map { "\(folder)/\(name)/\($0)" }
    }

    /// The only segment with records.
    func segment() throws -> String {
        guard let name = try files("log").first(where: { $0.hasSuffix(".seg") }) else {
            throw LocalPair.Failure("there is no segment in \(folder)")
        }
        return name
    }

    static func change(_ path: String, _ body: (inout [UInt8]) -> Void) throws {
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        body(&bytes)
        try Data(bytes).write(to: URL(filePath: path))
    }
}
