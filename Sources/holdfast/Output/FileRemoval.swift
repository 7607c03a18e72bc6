internal import Environment
internal import Glibc

/// Files that go, and files that change their names.
enum FileRemoval {
    /// Removes a file; one that is not there is gone already.
    static func remove(_ path: String) {
        _ = unsafe path.withCString { unsafe unlink($0) }
    }

    static func rename(_ from: String, _ to: String) throws(DiskError) {
        let result = unsafe from.withCString { from in
            unsafe to.withCString { unsafe Glibc.rename(from, $0) }
        }
        guard result == 0 else {
            throw DiskError(.ioError, path: to, reason: unsafe String(cString: strerror(errno)))
        }
    }

    /// Removes a folder with everything in it; links in it are removed, not followed.
    static func removeTree(_ path: String) {
        for name in names(in: path) { removeTree("\(path)/\(name)") }
        let gone = unsafe path.withCString { unsafe rmdir($0) }
        if gone != 0 { remove(path) }
    }

    private static func names(in path: String) -> [String] {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
            let folder = unsafe opendir(path)
        else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
