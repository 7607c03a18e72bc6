import Foundation
import Glibc

/// One run of one of the programs: what it printed and how it ended.
struct ProgramRun {
    var output: String
    var errors: String
    var code: Int32

    /// The folder with the programs: where this test program is.
    static var folder: String {
        let path = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return path.deletingLastPathComponent().path
    }

    /// Runs `program` to its end, with what is to be typed, in an environment that names no store.
    static func of(
        _ arguments: [String], program: String = "holdfast", input: String = "",
        environment: [String: String] = [:], in folder: String? = nil
    ) throws -> ProgramRun {
        let place = try TemporaryFolder()
        let process = Process()
        process.executableURL = URL(filePath: "\(Self.folder)/\(program)")
        process.arguments = arguments
        var variables = [
            "PATH": "/usr/bin:/bin", "HOLDFAST_HOME": "\(place.path)/home", "TZ": "UTC",
        ]
        variables.merge(environment) { $1 }
        process.environment = variables
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        // Files, not pipes: nothing here can wait for a reader.
        try Data(input.utf8).write(to: URL(filePath: "\(place.path)/in"))
        for name in ["out", "err"] { try Data().write(to: URL(filePath: "\(place.path)/\(name)")) }
        let out = try FileHandle(forWritingTo: URL(filePath: "\(place.path)/out"))
        let err = try FileHandle(forWritingTo: URL(filePath: "\(place.path)/err"))
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: "\(place.path)/in"))
        process.standardOutput = out
        process.standardError = err
        try process.run()
        process.waitUntilExit()
        func text(_ name: String) throws -> String {
            String(
                decoding: try Data(contentsOf: URL(filePath: "\(place.path)/\(name)")),
                as: UTF8.self)
        }
        return ProgramRun(
            output: try text("out"), errors: try text("err"),
            code: process.terminationReason == .exit ? process.terminationStatus : -1)
    }

    /// What it printed as JSON.
    func json() throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(output.utf8))
        return value as? [String: Any] ?? [:]
    }

    /// What it printed as a JSON array of objects.
    func list() throws -> [[String: Any]] {
        let value = try JSONSerialization.jsonObject(with: Data(output.utf8))
        return value as? [[String: Any]] ?? []
    }

    /// The only line it printed.
    var line: String { output.trimmingCharacters(in: .newlines) }
}

/// A folder that goes when nobody holds it any more.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "holdfast-test-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
