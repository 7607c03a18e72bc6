import Foundation
import Testing

/// A folder that is there for one test.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        // Short, because a UNIX socket's path has at most 107 bytes.
        let folder = URL(filePath: NSTemporaryDirectory())
            .appending(path: "hf-\(UInt64.random(in: 0..<(1 << 40)))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
    }
}

/// Runs a program and gives its exit code; nil when it is not on this machine.
func exitCode(of program: String, _ arguments: [String]) throws -> Int32? {
    guard FileManager.default.isExecutableFile(atPath: program) else { return nil }
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
}

extension Trait where Self == ConditionTrait {
    /// The test runs where this program is; elsewhere it is skipped, with the reason.
    static func needs(_ program: String) -> Self {
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: program),
            "\(program) is not on this machine")
    }
}
