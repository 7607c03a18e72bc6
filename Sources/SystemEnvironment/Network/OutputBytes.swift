/// Bytes that wait to be sent, taken from the front in parts.
struct OutputBytes {
    /// How much memory is kept when nothing waits.
    private static let kept = 64 << 10

    private var bytes: [UInt8] = []
    private var taken = 0

    var count: Int { bytes.count - taken }
    var isEmpty: Bool { bytes.count == taken }

    mutating func append(_ more: RawSpan) {
        unsafe more.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// Calls `body` with what is at the front, `limit` bytes at most.
    func withFront<Result>(_ limit: Int, _ body: (RawSpan) -> Result) -> Result {
        body(unsafe bytes.span.bytes.extracting(taken..<taken + min(limit, count)))
    }

    /// The first `count` bytes are gone. O(1), and in the mean O(bytes) for moving the others.
    mutating func drop(_ count: Int) {
        taken += count
        if taken == bytes.count {
            bytes.removeAll(keepingCapacity: bytes.capacity <= Self.kept)
            taken = 0
        } else if taken > Self.kept, taken * 2 > bytes.count {
            bytes.removeFirst(taken)
            taken = 0
        }
    }

    /// Writes to `socket` until it has all or takes no more.
    /// - Returns: what it said instead of taking more; nil when it has all.
    mutating func write(to socket: Int32) -> StreamSocket.Outcome? {
        while !isEmpty {
            let outcome = withFront(.max) { StreamSocket.write(socket, $0) }
            guard case .bytes(let count) = outcome else { return outcome }
            drop(count)
        }
        return nil
    }

    mutating func removeAll() {
        self = OutputBytes()
    }
}
