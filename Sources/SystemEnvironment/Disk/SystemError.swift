internal import Environment
internal import Glibc

/// A system call that failed: which, and its errno.
struct SystemError: Error, Equatable, CustomStringConvertible {
    var call: String
    var number: Int32

    /// "openat: No such file or directory".
    var description: String {
        // Static text for every errno that Linux has, and thread-local else (glibc ≥ 2.32).
        let text = unsafe strerror(number).map { unsafe String(cString: $0) }
        return "\(call): \(text ?? "error \(number)")"
    }
}

/// Calls `body` until no signal interrupts it, and throws what a result of -1 means.
func retrying<Result: BinaryInteger>(_ call: String, _ body: () -> Result)
    throws(SystemError) -> Result
{
    while true {
        let result = body()
        if result != -1 { return result }
        let number = errno
        if number != EINTR { throw SystemError(call: call, number: number) }
    }
}

extension DiskError {
    /// What `error` means for the file at `path`.
    init(_ error: SystemError, path: String) {
        let kind: Kind =
            switch error.number {
            case ENOENT: .missing
            case EEXIST, ENOTEMPTY: .exists
            case ENOSPC, EDQUOT: .noSpace
            case EWOULDBLOCK: .inUse
            case EACCES, EPERM, EROFS, ELOOP: .denied
            default: .ioError
            }
        self.init(kind, path: path, reason: error.description)
    }
}

/// An open file descriptor, closed when it goes out of scope.
struct Descriptor: ~Copyable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit {
        // Nothing to be done about an error: what has to be durable was flushed before.
        _ = close(number)
    }

    /// Gives the descriptor up to the caller, who closes it.
    consuming func release() -> Int32 {
        let number = self.number
        discard self
        return number
    }
}
