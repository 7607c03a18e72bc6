internal import Environment

/// A disk in memory without delays and faults: what is measured is the log and not the disk.
///
/// `@unchecked Sendable`: used from the one thread that measures.
final class MemoryDisk: Disk, @unchecked Sendable {
    private var files: [String: MemoryFile] = [:]
    private var folders: Set<String> = []

    func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
        if mode == .create {
            guard files[path] == nil else { throw DiskError(.exists, path: path, reason: "open") }
            files[path] = MemoryFile()
        }
        return try file(path)
    }

    func list(_ folder: String) throws(DiskError) -> [String] {
        let prefix = folder.isEmpty ? "" : folder + "/"
        let names = (Array(files.keys) + Array(folders)).filter { $0.hasPrefix(prefix) }
            .map { String($0.dropFirst(prefix.count)) }
        return names.filter { !$0.isEmpty && !$0.contains("/") }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    func exists(_ path: String) -> Bool { files[path] != nil || folders.contains(path) }
    func createFolder(_ path: String) { folders.insert(path) }

    func rename(_ path: String, to newPath: String) throws(DiskError) {
        files[newPath] = try file(path)
        files[path] = nil
    }

    func remove(_ path: String) throws(DiskError) {
        _ = try file(path)
        files[path] = nil
    }

    func removeFolder(_ path: String) {
        files = files.filter { !$0.key.hasPrefix(path + "/") }
        folders = folders.filter { $0 != path && !$0.hasPrefix(path + "/") }
    }

    func flushDirectory(_ folder: String) {}
    func freeSpace() -> UInt64 { 1 << 40 }
    func lock() {}

    private func file(_ path: String) throws(DiskError) -> MemoryFile {
        guard let file = files[path] else {
            throw DiskError(.missing, path: path, reason: "no such file")
        }
        return file
    }
}

/// `@unchecked Sendable`: used from the one thread that measures.
private final class MemoryFile: DiskFile, @unchecked Sendable {
    private var bytes: [UInt8] = []

    func size() -> Int { bytes.count }

    func read(at offset: Int, count: Int) -> [UInt8] {
        [UInt8](bytes[min(offset, bytes.count)..<min(offset + count, bytes.count)])
    }

    func write(_ new: [UInt8], at offset: Int) {
        let end = offset + new.count
        if end > bytes.count {
            bytes.append(contentsOf: repeatElement(0, count: end - bytes.count))
        }
        bytes.replaceSubrange(offset..<end, with: new)
    }

    func flush() {}

    func truncate(to size: Int) {
        bytes.removeLast(max(0, bytes.count - size))
        bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
    }

    func append(
        _ new: [UInt8], at offset: Int, on queue: any SerialQueue,
        completed: @escaping @Sendable (DiskError?) -> Void
    ) {
        write(new, at: offset)
        queue.run { completed(nil) }
    }

    func close() {}
}

/// Keeps work until it is asked to run it. What has a time never comes.
///
/// `@unchecked Sendable`: used from the one thread that measures.
final class HeldQueue: SerialQueue, @unchecked Sendable {
    private var work: [@Sendable () -> Void] = []

    func run(_ work: @escaping @Sendable () -> Void) { self.work.append(work) }

    @discardableResult
    func schedule(
        after delay: Interval, _ work: @escaping @Sendable () -> Void
    ) -> any ScheduledWork { NeverDue() }

    /// Runs what waits, and what that brings. - Returns: whether there was any.
    @discardableResult
    func runAll() -> Bool {
        var hadWork = false
        while !work.isEmpty {
            hadWork = true
            var due: [@Sendable () -> Void] = []
            swap(&due, &work)
            for one in due { one() }
            due.removeAll(keepingCapacity: true)
            if work.isEmpty { work = due }
        }
        return hadWork
    }
}

private final class NeverDue: ScheduledWork {
    func cancel() {}
}

/// Numbers that nothing depends on being unpredictable.
///
/// `@unchecked Sendable`: used from the one thread that measures.
final class DrawnRandomness: Randomness, @unchecked Sendable {
    private var draw = Draw(2)

    func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: draw.next()) }
    }

    func number() -> UInt64 { draw.next() }
}
