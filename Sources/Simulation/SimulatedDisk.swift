package import Environment

/// A disk in memory that keeps what is durable apart from what is only written, and can be made to
/// crash, fail, fill up and lie.
///
/// Files are durable up to their last flush, names up to the last flush of their folder. A crash
/// makes a new disk out of what is durable and as much of the rest as is asked for (`crashed`); the
/// old one is dead, so that nothing of the old process can reach the new one's files.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
package final class SimulatedDisk: Disk, @unchecked Sendable {
    /// What is visible, by path.
    private(set) var files: [String: SimulatedInode] = [:]
    private(set) var folders: Set<String> = [""]
    /// What a crash leaves of the names.
    private var durableFiles: [String: SimulatedInode] = [:]
    private var durableFolders: Set<String> = [""]
    /// Changes of names that are not durable, in order.
    private var nameChanges: [NameChange] = []
    private var isLocked = false

    /// What goes wrong, and when.
    package var faults = DiskFaults()
    /// Told at the operation at which the machine stops, before that fails.
    package var onCrash: (() -> Void)?
    /// Told of files and folders that get a name: the one they had, if any, and the new one.
    package var onName: ((_ old: String?, _ new: String) -> Void)?
    /// How many operations there have been; every call of `Disk` and `DiskFile` is one.
    package private(set) var operations = 0
    package private(set) var writes = 0
    package private(set) var flushes = 0
    /// Bytes that fit; nothing is limited if it is nil.
    package var capacity: Int?
    /// How long an `append` takes, at least and at most.
    package var appendDelay = (least: Interval.microseconds(100), most: Interval.microseconds(100))
    private var seed: Seed
    private let scheduler: SimulatedScheduler

    package init(_ scheduler: SimulatedScheduler, seed: Seed = Seed(0)) {
        self.scheduler = scheduler
        self.seed = seed
    }

    private struct NameChange {
        var folder: String
        var apply: (SimulatedDisk) -> Void
    }
}

/// Faults of a simulated disk. Numbers count from 1, over the disk's life.
package struct DiskFaults: Sendable {
    /// At this operation the machine stops: it does not happen, nor does anything after it.
    package var crashAtOperation: Int?
    /// This write finds no space; with `isFullFrom` all later ones too.
    package var noSpaceAtWrite: Int?
    package var isFullFrom = false
    /// This flush fails: what was to be flushed never will be, though later flushes succeed and the
    /// bytes can be read until a crash (`fsync` on Linux).
    package var failFlush: Int?
    /// Only paths that contain this are counted as writes and flushes.
    package var path = ""
    /// Everything fails.
    package var isGone = false
    package init() {}
}

// MARK: - The port

extension SimulatedDisk {
    package func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
        try operate(path)
        if mode == .create {
            guard files[path] == nil else { throw DiskError(.exists, path: path, reason: "open") }
            guard folders.contains(Self.folder(of: path)) else { throw missing(path) }
            let inode = SimulatedInode()
            files[path] = inode
            changeNames(in: Self.folder(of: path)) { $0.durableFiles[path] = inode }
            onName?(nil, path)
        }
        guard let inode = files[path] else { throw missing(path) }
        return SimulatedFile(disk: self, inode: inode, path: path)
    }

    package func list(_ folder: String) throws(DiskError) -> [String] {
        try operate(folder)
        let prefix = folder.isEmpty ? "" : folder + "/"
        let paths = files.keys.sorted() + folders.sorted()
        let names = paths.filter { $0.hasPrefix(prefix) && $0 != folder && !$0.isEmpty }
            .map { String($0.dropFirst(prefix.count)) }
            .filter { !$0.contains("/") }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    package func exists(_ path: String) throws(DiskError) -> Bool {
        try operate(path)
        return files[path] != nil || folders.contains(path)
    }

    package func createFolder(_ path: String) throws(DiskError) {
        try operate(path)
        var made = ""
        for part in path.split(separator: "/") {
            let parent = made
            made += made.isEmpty ? String(part) : "/" + part
            guard folders.insert(made).inserted else { continue }
            let folder = made
            changeNames(in: parent) { $0.durableFolders.insert(folder) }
            onName?(nil, folder)
        }
    }

    package func rename(_ path: String, to newPath: String) throws(DiskError) {
        try operate(path)
        if folders.contains(path) { return try renameFolder(path, to: newPath) }
        guard let inode = files.removeValue(forKey: path) else { throw missing(path) }
        files[newPath] = inode
        // A rename is one change: a crash leaves the file under one of the two names.
        changeNames(in: Self.folder(of: newPath)) { disk in
            disk.durableFiles[path] = nil
            disk.durableFiles[newPath] = inode
        }
    }

    private func renameFolder(_ path: String, to newPath: String) throws(DiskError) {
        guard files[newPath] == nil, try list(newPath).isEmpty else {
            throw DiskError(.exists, path: newPath, reason: "rename")
        }
        files = Self.moved(files, from: path, to: newPath)
        folders = Self.moved(folders, from: path, to: newPath)
        changeNames(in: Self.folder(of: newPath)) { disk in
            disk.durableFiles = Self.moved(disk.durableFiles, from: path, to: newPath)
            disk.durableFolders = Self.moved(disk.durableFolders, from: path, to: newPath)
        }
        onName?(path, newPath)
    }

    private static func moved(_ path: String, from old: String, to new: String) -> String {
        path == old || path.hasPrefix(old + "/") ? new + path.dropFirst(old.count) : path
    }

    private static func moved(
        _ files: [String: SimulatedInode], from old: String, to new: String
    ) -> [String: SimulatedInode] {
        Dictionary(
            uniqueKeysWithValues: files.map { (moved($0.key, from: old, to: new), $0.value) })
    }

    private static func moved(
        _ folders: Set<String>, from old: String, to new: String
    ) -> Set<String> {
        Set(folders.map { moved($0, from: old, to: new) })
    }

    package func remove(_ path: String) throws(DiskError) {
        try operate(path)
        guard files.removeValue(forKey: path) != nil else { throw missing(path) }
        changeNames(in: Self.folder(of: path)) { $0.durableFiles[path] = nil }
    }

    package func removeFolder(_ path: String) throws(DiskError) {
        try operate(path)
        func isInside(_ other: String) -> Bool { other == path || other.hasPrefix(path + "/") }
        // The very files that are there now: others of that name may be durable when this becomes
        // so.
        let gone = files.filter { isInside($0.key) }
        let goneDurable = durableFiles.filter { isInside($0.key) }
        files = files.filter { !isInside($0.key) }
        folders = folders.filter { !isInside($0) }
        changeNames(in: Self.folder(of: path)) { disk in
            disk.durableFiles = disk.durableFiles.filter { path, inode in
                gone[path] !== inode && goneDurable[path] !== inode
            }
            disk.durableFolders = disk.durableFolders.filter { !isInside($0) }
        }
    }

    package func flushDirectory(_ folder: String) throws(DiskError) {
        try operate(folder)
        for change in nameChanges where change.folder == folder { change.apply(self) }
        nameChanges.removeAll { $0.folder == folder }
    }

    package func freeSpace() throws(DiskError) -> UInt64 {
        try operate("")
        guard let capacity else { return 1 << 50 }
        return UInt64(max(0, capacity - usedBytes))
    }

    package func lock() throws(DiskError) {
        try operate("")
        guard !isLocked else { throw DiskError(.inUse, path: "", reason: "lock") }
        isLocked = true
    }
}

// MARK: - Inside

extension SimulatedDisk {
    static func folder(of path: String) -> String {
        path.split(separator: "/").dropLast().joined(separator: "/")
    }

    private func missing(_ path: String) -> DiskError {
        DiskError(.missing, path: path, reason: "no such file")
    }

    private func changeNames(in folder: String, _ apply: @escaping (SimulatedDisk) -> Void) {
        nameChanges.append(NameChange(folder: folder, apply: apply))
    }

    /// What all files take.
    package var usedBytes: Int { files.values.reduce(0) { $0 + $1.bytes.count } }

    /// Counts an operation; the machine may stop at it.
    func operate(_ path: String) throws(DiskError) {
        operations += 1
        if let limit = faults.crashAtOperation, operations >= limit, !faults.isGone {
            faults.isGone = true
            onCrash?()
        }
        guard !faults.isGone else {
            throw DiskError(.ioError, path: path, reason: "the simulated machine has stopped")
        }
    }

    /// Whether a write may grow the file by `growth` bytes.
    func admitWrite(_ path: String, growth: Int) throws(DiskError) {
        if path.contains(faults.path) {
            writes += 1
            if let limit = faults.noSpaceAtWrite,
                writes == limit || (faults.isFullFrom && writes > limit)
            {
                throw DiskError(.noSpace, path: path, reason: "write \(writes) of the simulation")
            }
        }
        guard let capacity, growth > 0, usedBytes + growth > capacity else { return }
        throw DiskError(.noSpace, path: path, reason: "the simulated disk is full")
    }

    /// Whether this flush is one that fails.
    func flushFails(_ path: String) -> Bool {
        guard path.contains(faults.path) else { return false }
        flushes += 1
        return flushes == faults.failFlush
    }

    /// How long an append to this file takes; not less than those before it.
    func delay(for inode: SimulatedInode) -> Interval {
        let spread = appendDelay.most.nanoseconds - appendDelay.least.nanoseconds
        let extra = spread == 0 ? 0 : seed.next() % spread
        let least = Interval(nanoseconds: appendDelay.least.nanoseconds + extra)
        inode.busyUntil = max(scheduler.now.advanced(by: least), inode.busyUntil)
        return inode.busyUntil.since(scheduler.now)
    }
}

// MARK: - Crashes and damage, for tests

/// What a crash keeps of what was not durable.
package enum CrashRemainder: Sendable, Equatable {
    /// Nothing: power loss on a machine that writes back late.
    case nothing
    /// Everything: only the process died.
    case everything
    /// Of each file any of the unflushed writes, one of them torn, and a beginning of the changes
    /// of names.
    case some(UInt64)
}

extension SimulatedDisk {
    /// The disk as the next start finds it. This one is dead from now on.
    package func crashed(_ remainder: CrashRemainder = .nothing) -> SimulatedDisk {
        faults.isGone = true
        let next = SimulatedDisk(scheduler, seed: seed.split())
        next.capacity = capacity
        next.appendDelay = appendDelay
        if remainder == .everything { return survive(as: next) }
        var draw = Seed(0)
        if case .some(let number) = remainder {
            draw = Seed(number)
            let kept = draw.number(below: nameChanges.count + 1)
            for change in nameChanges.prefix(kept) { change.apply(self) }
        }
        next.durableFolders = durableFolders
        next.folders = durableFolders
        for (path, inode) in durableFiles.sorted(by: { $0.key < $1.key }) {
            let parent = Self.folder(of: path)
            guard durableFolders.contains(parent) else { continue }
            let bytes: [UInt8]
            if case .some = remainder {
                bytes = inode.remainder(drawing: &draw)
            } else {
                bytes = inode.durable
            }
            let kept = SimulatedInode(bytes)
            next.files[path] = kept
            next.durableFiles[path] = kept
        }
        return next
    }

    private func survive(as next: SimulatedDisk) -> SimulatedDisk {
        next.files = files
        next.folders = folders
        next.durableFiles = durableFiles
        next.durableFolders = durableFolders
        next.nameChanges = nameChanges
        return next
    }

    /// An independent disk with the same files, all durable.
    package func copy() -> SimulatedDisk {
        let next = SimulatedDisk(scheduler, seed: seed)
        next.capacity = capacity
        next.appendDelay = appendDelay
        next.folders = folders
        next.durableFolders = folders
        for (path, inode) in files {
            let kept = SimulatedInode(inode.bytes)
            next.files[path] = kept
            next.durableFiles[path] = kept
        }
        return next
    }

    /// All paths of files, sorted.
    package var paths: [String] { files.keys.sorted() }

    /// A file's bytes as they are read.
    package func contents(_ path: String) -> [UInt8]? { files[path]?.bytes }

    /// Changes a file's bytes behind everybody's back, durably.
    package func damage(_ path: String, _ change: (inout [UInt8]) -> Void) {
        guard let inode = files[path] else { return }
        var bytes = inode.bytes
        change(&bytes)
        inode.settle(bytes)
    }

    /// Puts a file there, durably, replacing any.
    package func put(_ path: String, _ bytes: [UInt8]) {
        let inode = SimulatedInode(bytes)
        files[path] = inode
        durableFiles[path] = inode
        var parent = Self.folder(of: path)
        while !parent.isEmpty {
            folders.insert(parent)
            durableFolders.insert(parent)
            parent = Self.folder(of: parent)
        }
    }

    /// Takes a file away, durably.
    package func take(_ path: String) {
        files[path] = nil
        durableFiles[path] = nil
    }
}
