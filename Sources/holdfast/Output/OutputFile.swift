internal import Environment
internal import Glibc

/// A file that is there whole or not at all: written beside its place, flushed, then renamed.
///
/// For its owner only, since it holds what others need not see (`security.md`); who may read one
/// that it takes the place of may read it, too.
struct OutputFile: ~Copyable {
    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private(set) var byteCount = 0

    /// Begins the file. An existing one stays until `finish`.
    init(_ path: String) throws(DiskError) {
        self.path = path
        temporary = "\(path).\(getpid()).part"
        // What an earlier process with our number left. In a folder of others, what lies there may
        // be a link to somewhere else: it is never opened.
        _ = unsafe temporary.withCString { unsafe unlink($0) }
        descriptor = unsafe temporary.withCString {
            unsafe open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard descriptor >= 0 else { throw Self.failure(path, "create") }
        Interruption.note(file: temporary)
        if let mode = Self.mode(of: path), fchmod(descriptor, mode) != 0 {
            throw Self.failure(path, "set the permissions of")
        }
    }

    /// The permissions of a file that is there.
    private static func mode(of path: String) -> mode_t? {
        var found = stat()
        let result = unsafe path.withCString { unsafe fstatat(AT_FDCWD, $0, &found, 0) }
        return result == 0 && found.st_mode & S_IFMT == S_IFREG ? found.st_mode & 0o777 : nil
    }

    mutating func write(_ bytes: [UInt8]) throws(DiskError) {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(
                    descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(temporary, "write") }
            offset += count
        }
        byteCount += bytes.count
    }

    /// Puts the file in its place.
    consuming func finish() throws(DiskError) {
        guard fsync(descriptor) == 0 else { throw Self.failure(temporary, "flush") }
        let result = unsafe temporary.withCString { from in
            unsafe path.withCString { unsafe rename(from, $0) }
        }
        guard result == 0 else { throw Self.failure(path, "put in place") }
    }

    /// Whatever is not in its place by now is not wanted: after `finish` there is nothing to
    /// remove.
    deinit {
        close(descriptor)
        Interruption.settle(file: temporary)
        _ = unsafe temporary.withCString { unsafe unlink($0) }
    }

    private static func failure(_ path: String, _ act: String) -> DiskError {
        let code = errno
        let words = unsafe String(cString: strerror(code))
        let kind: DiskError.Kind =
            switch code {
            case ENOENT: .missing
            case ENOSPC, EDQUOT: .noSpace
            case EACCES, EPERM, EROFS: .denied
            default: .ioError
            }
        return DiskError(kind, path: path, reason: "cannot \(act): \(words)")
    }
}
