package import Environment

/// An archive in a directory, which is mounted from another machine mostly.
///
/// `publish` is the protocol of `storage.md`: `.<name>.part-<random>`, flush, read back from the
/// disk, compare, link under the name, unlink the part, flush the folder. A name appears once,
/// whole, or not at all; two that publish at the same time cannot replace each other's file. Parts
/// that a crash left behind are seen by nobody.
package final class DirectoryArchive: Archive {
    private let disk: SystemDisk
    private let randomness: any Randomness

    /// Opens the directory, which is made if only its last component is missing.
    package init(path: String, randomness: any Randomness = SystemRandomness()) throws(DiskError) {
        disk = try SystemDisk(root: path)
        self.randomness = randomness
    }

    // MARK: Archive

    package func list(_ prefix: String) throws(DiskError) -> [String] {
        // All that can have the prefix is below its last folder.
        let folder = prefix.lastIndex(of: "/").map { String(prefix[..<$0]) } ?? ""
        if !folder.isEmpty { try Self.check(folder) }
        var names: [String] = []
        try collect(folder, into: &names)
        return names.filter { $0.hasPrefix(prefix) }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    package func read(_ name: String) throws(DiskError) -> [UInt8] {
        try Self.check(name)
        let file = try disk.open(name, .read)
        defer { file.close() }
        return try file.read(at: 0, count: try file.size())
    }

    package func publish(_ name: String, _ bytes: [UInt8]) throws(DiskError) {
        try Self.check(name)
        if try disk.exists(name) { return try expectSame(name, bytes) }
        let folder = Self.folder(of: name)
        try createFolder(folder)
        let part = try writePart(name, bytes)
        do throws(DiskError) {
            try disk.link(part, to: name)
        } catch {
            try? disk.remove(part)
            guard error.kind == .exists else { throw error }
            // Another was faster; or a network's directory that did it has lost its answer.
            try expectSame(name, bytes)
            return try disk.flushDirectory(folder)
        }
        try disk.remove(part)
        try disk.flushDirectory(folder)
    }

    package func replaceHint(_ name: String, _ bytes: [UInt8]) throws(DiskError) {
        try Self.check(name)
        let folder = Self.folder(of: name)
        try createFolder(folder)
        let part = try writePart(name, bytes)
        do throws(DiskError) {
            try disk.rename(part, to: name)
        } catch {
            try? disk.remove(part)
            throw error
        }
        try disk.flushDirectory(folder)
    }

    package func remove(_ name: String) throws(DiskError) {
        try Self.check(name)
        do throws(DiskError) {
            try disk.remove(name)
            try disk.flushDirectory(Self.folder(of: name))
        } catch  where error.kind == .missing {
            return
        }
    }

    // MARK: Steps

    /// Writes `bytes` under a name that nobody sees, and makes sure that the disk has them.
    private func writePart(_ name: String, _ bytes: [UInt8]) throws(DiskError) -> String {
        let folder = Self.folder(of: name)
        let last = name.split(separator: "/").last.map(String.init) ?? name
        let random = String(randomness.number(), radix: 16)
        let part = (folder.isEmpty ? "" : folder + "/") + ".\(last).part-\(random)"
        let file = try disk.file(part, .create)
        defer { file.close() }
        do throws(DiskError) {
            try file.writeWhole(bytes)
            guard try file.isWhole(bytes) else {
                throw DiskError(.ioError, path: name, reason: "read back other than written")
            }
        } catch {
            try? disk.remove(part)
            throw error
        }
        return part
    }

    private func expectSame(_ name: String, _ bytes: [UInt8]) throws(DiskError) {
        if try read(name) != bytes {
            throw DiskError(.exists, path: name, reason: "published before with other bytes")
        }
    }

    /// Makes `folder` and those above it, durably.
    private func createFolder(_ folder: String) throws(DiskError) {
        if try disk.exists(folder) { return }
        try disk.createFolder(folder)
        var above = folder
        while !above.isEmpty {
            above = Self.folder(of: above)
            try disk.flushDirectory(above)
        }
    }

    private func collect(_ folder: String, into names: inout [String]) throws(DiskError) {
        for last in try disk.list(folder) where !last.hasPrefix(".") {
            let path = folder.isEmpty ? last : folder + "/" + last
            // It may have been removed since it was listed.
            do throws(DiskError) {
                if try disk.isFolder(path) {
                    try collect(path, into: &names)
                } else {
                    names.append(path)
                }
            } catch  where error.kind == .missing {
                continue
            }
        }
    }

    /// The folder that holds `name`; empty for the archive itself.
    private static func folder(of name: String) -> String {
        name.lastIndex(of: "/").map { String(name[..<$0]) } ?? ""
    }

    /// - Throws: `.denied` for a name that is none. Components that begin with a dot are parts.
    private static func check(_ name: String) throws(DiskError) {
        guard isName(name) else {
            throw DiskError(.denied, path: name, reason: "not a name in an archive")
        }
    }
}
