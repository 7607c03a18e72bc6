package import Environment
internal import Glibc
internal import Synchronization

/// A directory of the machine's file system.
///
/// Plain system calls: every one is repeated when a signal interrupts it, every path is walked
/// name by name from the directory's descriptor without following symbolic links, files are made
/// with mode 0600 and folders with 0700.
package final class SystemDisk: Disk {
    /// The directory's path, for messages.
    package let root: String
    private let directory: Int32
    private let writer: LogWriter
    private let lockDescriptor = Mutex<Int32?>(nil)

    /// The name of the file that `lock` holds.
    private static let lockName = "LOCK"

    /// Opens the directory `root`, which is made if only its last component is missing.
    package init(root: String) throws(DiskError) {
        self.root = root
        writer = LogWriter()
        do throws(SystemError) {
            if root.utf8.contains(0) { throw SystemError(call: "open", number: EINVAL) }
            let made = unsafe mkdir(root, 0o700)
            if made != 0 && errno != EEXIST { throw SystemError(call: "mkdir", number: errno) }
            directory = try retrying("open") {
                unsafe Glibc.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            }
        } catch {
            throw DiskError(error, path: root)
        }
    }

    deinit {
        lockDescriptor.withLock { if let held = $0 { _ = close(held) } }
        _ = close(directory)
    }

    // MARK: Files

    package func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
        try file(path, mode)
    }

    func file(_ path: String, _ mode: OpenMode) throws(DiskError) -> SystemFile {
        let flags =
            switch mode {
            case .read: O_RDONLY
            case .write: O_RDWR
            case .create: O_RDWR | O_CREAT | O_EXCL
            }
        let descriptor = try inFolder(of: path) { folder, name throws(SystemError) in
            try retrying("open") {
                unsafe openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC, 0o600)
            }
        }
        return SystemFile(
            path, descriptor: descriptor, isWritable: mode != .read, writer: writer)
    }

    package func exists(_ path: String) throws(DiskError) -> Bool {
        if try DiskPath(path).components.isEmpty { return true }
        do throws(DiskError) {
            try inFolder(of: path) { folder, name throws(SystemError) in
                var found = stat()
                _ = try retrying("stat") {
                    unsafe fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW)
                }
            }
            return true
        } catch  where error.kind == .missing {
            return false
        }
    }

    package func rename(_ path: String, to newPath: String) throws(DiskError) {
        try inFolder(of: path) { from, name throws(DiskError) in
            try inFolder(of: newPath) { to, newName throws(SystemError) in
                _ = try retrying("rename to \(newPath)") {
                    unsafe renameat(from, name, to, newName)
                }
            }
        }
    }

    package func remove(_ path: String) throws(DiskError) {
        try inFolder(of: path) { folder, name throws(SystemError) in
            _ = try retrying("unlink") { unsafe unlinkat(folder, name, 0) }
        }
    }

    // MARK: For the archive

    /// Gives a file a second name; `.exists` if that is taken.
    func link(_ path: String, to newPath: String) throws(DiskError) {
        try inFolder(of: path) { from, name throws(DiskError) in
            try inFolder(of: newPath) { to, newName throws(SystemError) in
                _ = try retrying("link to \(newPath)") {
                    unsafe linkat(from, name, to, newName, 0)
                }
            }
        }
    }

    /// Whether `path` is a folder (and not a file, or a link to anything).
    func isFolder(_ path: String) throws(DiskError) -> Bool {
        try inFolder(of: path) { folder, name throws(SystemError) in
            var found = stat()
            _ = try retrying("stat") { unsafe fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) }
            return found.st_mode & S_IFMT == S_IFDIR
        }
    }

    // MARK: Folders

    package func list(_ folder: String) throws(DiskError) -> [String] {
        let components = try DiskPath(folder).components
        do throws(SystemError) {
            let names = try Folder.names(in: walk(components[...]).release())
            // A name that is not UTF-8 is none of ours, and could not be opened by it.
            return names.compactMap { String(validating: $0.dropLast(), as: UTF8.self) }.sorted {
                $0.utf8.lexicographicallyPrecedes($1.utf8)
            }
        } catch  where error.number == ENOENT {
            return []
        } catch {
            throw DiskError(error, path: folder)
        }
    }

    package func createFolder(_ path: String) throws(DiskError) {
        let components = try DiskPath(path).components
        do throws(SystemError) {
            var folder = try walk([])
            for name in components {
                let parent = folder.number
                let made = unsafe mkdirat(parent, name, 0o700)
                if made != 0 && errno != EEXIST { throw SystemError(call: "mkdir", number: errno) }
                folder = try Folder.enter(name, in: parent)
            }
        } catch {
            throw DiskError(error, path: path)
        }
    }

    package func removeFolder(_ path: String) throws(DiskError) {
        do throws(DiskError) {
            try inFolder(of: path) { parent, name throws(SystemError) in
                try Folder.remove(Folder.Name(name.utf8CString), in: parent)
            }
        } catch  where error.kind == .missing {
            return
        }
    }

    package func flushDirectory(_ folder: String) throws(DiskError) {
        let components = try DiskPath(folder).components
        do throws(SystemError) {
            let descriptor = try walk(components[...])
            let number = descriptor.number
            _ = try retrying("fsync") { fsync(number) }
        } catch {
            throw DiskError(error, path: folder)
        }
    }

    // MARK: The directory itself

    package func freeSpace() throws(DiskError) -> UInt64 {
        var space = statvfs()
        do throws(SystemError) {
            _ = try retrying("statvfs") { unsafe fstatvfs(directory, &space) }
        } catch {
            throw DiskError(error, path: root)
        }
        // What a program without privileges may still write.
        let (bytes, overflow) = UInt64(space.f_bavail)
            .multipliedReportingOverflow(by: UInt64(space.f_frsize))
        return overflow ? .max : bytes
    }

    package func lock() throws(DiskError) {
        try lockDescriptor.withLock { (held: inout Int32?) throws(DiskError) in
            if held != nil { return }
            do throws(SystemError) {
                let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC
                let file = try Descriptor(
                    retrying("open") { unsafe openat(directory, Self.lockName, flags, 0o600) })
                let number = file.number
                _ = try retrying("flock") { flock(number, LOCK_EX | LOCK_NB) }
                held = file.release()
            } catch {
                var failure = DiskError(error, path: "\(root)/\(Self.lockName)")
                if failure.kind == .inUse {
                    failure.reason = "the directory is in use by another process"
                }
                throw failure
            }
        }
    }

    // MARK: Walking

    /// Calls `body` with the descriptor of the folder that holds `path`, and the last name.
    private func inFolder<Result>(
        of path: String, _ body: (Int32, String) throws(SystemError) -> Result
    ) throws(DiskError) -> Result {
        let (folder, name) = try DiskPath(path).split(path)
        do throws(SystemError) {
            let descriptor = try walk(folder)
            return try body(descriptor.number, name)
        } catch {
            throw DiskError(error, path: path)
        }
    }

    /// The same for a body that goes on to another path.
    private func inFolder<Result>(
        of path: String, _ body: (Int32, String) throws(DiskError) -> Result
    ) throws(DiskError) -> Result {
        let (folder, name) = try DiskPath(path).split(path)
        let descriptor: Descriptor
        do throws(SystemError) {
            descriptor = try walk(folder)
        } catch {
            throw DiskError(error, path: path)
        }
        return try body(descriptor.number, name)
    }

    /// Opens the folder that `components` lead to.
    private func walk(_ components: ArraySlice<String>) throws(SystemError) -> Descriptor {
        var folder = try Folder.enter(".", in: directory)
        for name in components {
            folder = try Folder.enter(name, in: folder.number)
        }
        return folder
    }
}
