import Foundation
import Testing

/// A program that is talked to: what is typed depends on what it has said.
final class Dialogue {
    private let process = Process()
    private let typed = Pipe()
    private let said = Pipe()
    private var unread = Data()
    /// Everything it has said, standard error included.
    private(set) var transcript = ""

    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        process.executableURL = URL(filePath: "\(ProgramRun.folder)/holdfast")
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin", "TZ": "UTC"].merging(environment) { $1 }
        process.standardInput = typed
        process.standardOutput = said
        process.standardError = said
        try process.run()
        try said.fileHandleForWriting.close()
    }

    /// Types a line and reads on to the first line that holds `sign`.
    /// - Returns: that line.
    @discardableResult
    func type(_ line: String, until sign: String) throws -> String {
        try typed.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8))
        while let next = nextLine() {
            if next.contains(sign), !next.hasPrefix("holdfast> ") { return next }
        }
        Issue.record("it ended before it said “\(sign)”:\n\(transcript)")
        throw CancellationError()
    }

    /// Ends what is typed, and reads the rest. - Returns: the exit code.
    func end() throws -> Int32 {
        try typed.fileHandleForWriting.close()
        while nextLine() != nil {}
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -1
    }

    private func nextLine() -> String? {
        while true {
            if let end = unread.firstIndex(of: 0x0A) {
                let line = String(decoding: unread[..<end], as: UTF8.self)
                unread = Data(unread[unread.index(after: end)...])
                transcript += line + "\n"
                return line
            }
            let more = said.fileHandleForReading.availableData
            guard !more.isEmpty else { return nil }
            unread += more
        }
    }
}
