import Foundation
import SystemEnvironment
import Testing

/// A node alone in a folder of its own, run when a test wants it.
final class SingleNode {
    private let place: TemporaryFolder
    let data: String

    init() throws {
        place = try TemporaryFolder()
        data = "\(place.path)/node"
        let port = try #require(ChildProcess.freePort())
        let other = try #require(ChildProcess.freePort())
        let made = try ProgramRun.of(
            [
                "init", "--data", data, "--role", "single", "--listen", "127.0.0.1:\(port)",
                "--replication-listen", "127.0.0.1:\(other)",
            ], program: "holdfastd")
        try #require(made.code == 0, "\(made.errors)")
    }

    /// Tries to start it, without anything to do: for what ends with an error.
    func start() throws -> ProgramRun {
        try ProgramRun.of(["run", "--data", data, "--until-input-ends"], program: "holdfastd")
    }

    /// Runs it for as long as `work` takes, and stops it in good order.
    /// - Returns: what it told.
    @discardableResult
    func run(_ work: () throws -> Void) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "\(ProgramRun.folder)/holdfastd")
        process.arguments = ["run", "--data", data]
        let told = "\(place.path)/told"
        try Data().write(to: URL(filePath: told))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: told))
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        let answers = try holdfast("whoami", "--timeout", "20")
        try #require(answers.code == 0, "\(answers.errors)")
        try work()
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try String(contentsOfFile: told, encoding: .utf8)
    }

    private func holdfast(_ arguments: String...) throws -> ProgramRun {
        try ProgramRun.of(arguments + ["--data", data])
    }

    /// Runs `holdfast`, which has to succeed.
    func ask(_ arguments: String...) throws {
        let run = try ProgramRun.of(arguments + ["--data", data])
        try #require(run.code == 0, "\(arguments): \(run.errors)")
    }

    /// The files below a folder of it, sorted, by their paths in the node's folder.
    func files(_ folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: "\(data)/\(folder)").sorted()
            .map { "\(folder)/\($0)" }
    }

    /// Turns a bit of a file.
    func flip(_ path: String, at offset: Int) throws {
        let file = try FileHandle(forUpdating: URL(filePath: "\(data)/\(path)"))
        defer { try? file.close() }
        try file.seek(toOffset: UInt64(offset))
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data([byte ^ 1]))
    }
}
