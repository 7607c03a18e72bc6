import Foundation

/// A file system of a few MiB in memory, to be filled.
final class SmallDisk {
    let path: String

    init(_ path: String, megabytes: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Self.run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path)
    }

    deinit { try? Self.run("umount", "-l", path) }

    private var filler: String { "\(path)/filler" }

    /// Takes all the room there is.
    func fill() throws {
        try Data().write(to: URL(filePath: filler))
        let file = try FileHandle(forWritingTo: URL(filePath: filler))
        let block = Data(repeating: 7, count: 64 << 10)
        while (try? file.write(contentsOf: block)) != nil {}
        try? file.close()
    }

    /// Gives it back.
    func makeRoom() throws { try FileManager.default.removeItem(atPath: filler) }

    private struct Failure: Error, CustomStringConvertible { var description: String }

    private static func run(_ words: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(words[0]) ended with \(process.terminationStatus)")
        }
    }

    /// Why there can be none here; nil if there can.
    static let absence: String? = {
        do {
            let place = try TemporaryFolder()
            _ = try SmallDisk("\(place.path)/probe", megabytes: 1)
            return nil
        } catch {
            let reason = "skipped: no file system can be mounted here: \(error)"
            print("a full disk: \(reason)")
            return reason
        }
    }()
}
