import Foundation
import Glibc

/// A real ext4 file system in a file, mounted over a loop device, whose power can be cut: what was
/// not flushed is gone then, files and names, as after pulling the plug.
final class LoopDisk {
    /// Where it is mounted.
    let path: String
    private let image: String
    private var isMounted = false

    /// How the file system ends, as its `EXT4_IOC_SHUTDOWN` has it.
    enum Cut: UInt32, CaseIterable, Sendable {
        /// Its journal is written out, data that was not flushed is lost.
        case journalFlushed = 1
        /// Not even the journal is written out.
        case atOnce = 2
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Makes a file system of so many MiB in `folder`, and mounts it.
    init(_ name: String, in folder: String, megabytes: Int) throws {
        image = "\(folder)/\(name).img"
        path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Self.run("truncate", "-s", "\(megabytes)M", image)
        try Self.run("mkfs.ext4", "-q", "-F", image)
        try mount()
    }

    deinit {
        if isMounted { _ = try? Self.run("umount", "-l", path) }
    }

    func mount() throws {
        try Self.run("mount", "-o", "loop", image, path)
        isMounted = true
    }

    /// Takes it off; nobody may have a file of it open.
    func unmount() throws {
        try Self.run("umount", path)
        isMounted = false
    }

    /// Cuts the power: from here on everything fails, and what was not flushed is lost.
    func cutPower(_ cut: Cut) throws {
        let folder = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Failure(description: "open \(path): errno \(errno)") }
        defer { Glibc.close(folder) }
        var flags = cut.rawValue
        let request: UInt = 0x8004_587D
        guard ioctl(folder, request, &flags) == 0 else {
            throw Failure(description: "the shutdown of \(path): errno \(errno)")
        }
    }

    /// The power is back: the journal is replayed, the file system checked and mounted again.
    func restore() throws {
        try unmount()
        // Mounting replays the journal; what is left must be a whole file system.
        try mount()
        try unmount()
        try Self.run("e2fsck", "-f", "-n", image)
        try mount()
    }

    /// Runs a program of the system, which has to succeed.
    @discardableResult
    private static func run(_ words: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let said = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                description: "\(words.joined(separator: " ")): \(process.terminationStatus) \(said)"
            )
        }
        return said
    }

    /// Why there can be no such disk here; nil if there can.
    static let absence: String? = {
        do {
            let place = try TemporaryFolder()
            let disk = try LoopDisk("probe", in: place.path, megabytes: 16)
            try disk.cutPower(.atOnce)
            try disk.restore()
            try disk.unmount()
            return nil
        } catch {
            let reason = "no file system can be mounted here, or its power not be cut: \(error)"
            print("skipped, power loss on a real file system: \(reason)")
            return reason
        }
    }()
}
