/// A file's bytes, read in chunks from the beginning, and again from the beginning: an import reads
/// its file once to check it and once to turn it into changes, and never holds all of it.
package protocol ByteSource: AnyObject {
    /// The next bytes; empty at the end. Throws a `TextProblem` of the kind `unreadable`.
    func read() throws(TextProblem) -> [UInt8]

    /// Goes back to the first byte.
    func rewind() throws(TextProblem)
}

/// Bytes in memory as a source, in chunks of a size that tests choose.
package final class ByteArraySource: ByteSource {
    private let bytes: [UInt8]
    private let chunkBytes: Int
    private var offset = 0

    package init(_ bytes: [UInt8], chunkBytes: Int = 1 << 18) {
        precondition(chunkBytes > 0)
        self.bytes = bytes
        self.chunkBytes = chunkBytes
    }

    package func read() -> [UInt8] {
        let end = min(offset + chunkBytes, bytes.count)
        defer { offset = end }
        return Array(bytes[offset..<end])
    }

    package func rewind() { offset = 0 }
}
