package import Environment
internal import Glibc

/// Whole small files, by any path: for the programs, which read configuration and certificates from
/// wherever they are told. The node's own files go through `Disk`.
package enum FileText {
    /// The bytes of a file of at most `limit` bytes.
    package static func read(_ path: String, limit: Int = 16 << 20) throws(DiskError) -> [UInt8] {
        let descriptor = unsafe path.withCString { unsafe Glibc.open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw failure(path, "open") }
        defer { Glibc.close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure(path, "read") }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= limit else {
                throw DiskError(.denied, path: path, reason: "is larger than \(limit) bytes")
            }
        }
    }

    /// Writes a new file that only its owner may read, and flushes it. An existing one is
    /// `.exists`, unless it may be replaced; then it has the new mode before it has a new byte.
    package static func write(
        _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600, replacing: Bool = false
    ) throws(DiskError) {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (replacing ? O_TRUNC : O_EXCL)
        let descriptor = unsafe path.withCString { unsafe Glibc.open($0, flags, mode) }
        guard descriptor >= 0 else { throw failure(path, "create") }
        defer { Glibc.close(descriptor) }
        if replacing, fchmod(descriptor, mode) != 0 { throw failure(path, "protect") }
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(
                    descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure(path, "write") }
            offset += count
        }
        guard fsync(descriptor) == 0 else { throw failure(path, "flush") }
    }

    /// Whether something is at `path`.
    package static func exists(_ path: String) -> Bool {
        unsafe path.withCString { unsafe access($0, F_OK) } == 0
    }

    /// Makes a folder, and those above it, for their owner alone.
    package static func createFolder(_ path: String) throws(DiskError) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: true)[...]
        var current = path.hasPrefix("/") ? "" : "."
        while let part = parts.popFirst() {
            current += "/\(part)"
            let made = unsafe current.withCString { unsafe mkdir($0, 0o700) }
            guard made == 0 || errno == EEXIST else { throw failure(current, "make") }
        }
    }

    private static func failure(_ path: String, _ act: String) -> DiskError {
        let code = errno
        let kind: DiskError.Kind =
            switch code {
            case ENOENT: .missing
            case EEXIST: .exists
            case ENOSPC, EDQUOT: .noSpace
            case EACCES, EPERM, EROFS: .denied
            default: .ioError
            }
        let words = unsafe String(cString: strerror(code))
        return DiskError(kind, path: path, reason: "cannot \(act): \(words)")
    }
}
