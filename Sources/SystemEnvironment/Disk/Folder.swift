internal import Glibc

/// What is done with a folder's descriptor.
enum Folder {
    /// A name as C has it, with a zero at its end: it need not be UTF-8.
    typealias Name = [CChar]

    /// Opens the folder `name` in the folder `parent`; a symbolic link is refused.
    static func enter(_ name: String, in parent: Int32) throws(SystemError) -> Descriptor {
        try enter(Name(name.utf8CString), in: parent)
    }

    private static func enter(_ name: Name, in parent: Int32) throws(SystemError) -> Descriptor {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        return try Descriptor(retrying("open folder") { unsafe openat(parent, name, flags) })
    }

    /// The names in a folder, without `.` and `..`, in no order. Closes `descriptor`.
    static func names(in descriptor: Int32) throws(SystemError) -> [Name] {
        guard let stream = unsafe fdopendir(descriptor) else {
            let number = errno
            _ = close(descriptor)
            throw SystemError(call: "fdopendir", number: number)
        }
        defer { unsafe closedir(stream) }
        var names: [Name] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                let text = unsafe bytes.prefix { $0 != 0 }
                return unsafe text.map { CChar(bitPattern: $0) } + [0]
            }
            if name != [0x2e, 0] && name != [0x2e, 0x2e, 0] { names.append(name) }
        }
        if errno != 0 { throw SystemError(call: "readdir", number: errno) }
        return names
    }

    /// Removes the folder `name` in the folder `parent` with everything in it.
    static func remove(_ name: Name, in parent: Int32) throws(SystemError) {
        let folder = try enter(name, in: parent)
        let number = folder.number
        // The stream closes what it is given, and the folder is needed for removing: hence two.
        let copy = try retrying("dup") { fcntl(number, F_DUPFD_CLOEXEC, 0) }
        for child in try names(in: copy) {
            do throws(SystemError) {
                _ = try retrying("unlink") { unsafe unlinkat(number, child, 0) }
            } catch  where error.number == EISDIR || error.number == EPERM {
                try remove(child, in: number)
            }
        }
        _ = try retrying("rmdir") { unsafe unlinkat(parent, name, AT_REMOVEDIR) }
    }
}
