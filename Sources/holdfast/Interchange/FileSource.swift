internal import Glibc
internal import Interchange

/// A file as the source of an import: read in parts, from the beginning as often as needed.
final class FileSource: ByteSource {
    private let descriptor: Int32
    private static let partBytes = 1 << 18

    init(_ path: String) throws(TextProblem) {
        descriptor = unsafe path.withCString { unsafe open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw Self.failure }
    }

    deinit { close(descriptor) }

    func read() throws(TextProblem) -> [UInt8] {
        while true {
            var failed = false
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.partBytes) {
                buffer, count in
                let got = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                failed = got < 0
                count = max(0, got)
            }
            if failed, errno == EINTR { continue }
            guard !failed else { throw Self.failure }
            return bytes
        }
    }

    func rewind() throws(TextProblem) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw Self.failure }
    }

    private static var failure: TextProblem {
        let words = unsafe String(cString: strerror(errno))
        return TextProblem(.start, "cannot read: \(words)", kind: .unreadable)
    }
}
