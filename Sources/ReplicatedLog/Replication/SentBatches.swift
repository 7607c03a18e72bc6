/// What is on its way to the follower: sent and not acknowledged. It bounds what a slow follower
/// can make the primary hold in memory.
struct SentBatches: Equatable, Sendable {
    private struct Sent: Equatable, Sendable {
        var last: LSN
        var bytes: Int
    }

    private var batches: [Sent] = []
    /// The first of `batches` that is not acknowledged.
    private var start = 0
    private(set) var bytes = 0

    /// What a batch counts for beside its payload.
    private static let overhead = 128

    /// Complexity: amortised O(1).
    mutating func append(endingAt last: LSN, payloadBytes: Int) {
        batches.append(Sent(last: last, bytes: payloadBytes + Self.overhead))
        bytes += payloadBytes + Self.overhead
    }

    /// Everything through `place` is acknowledged. Complexity: amortised O(1) for each batch.
    mutating func acknowledge(through place: LSN) {
        while start < batches.count, batches[start].last <= place {
            bytes -= batches[start].bytes
            start += 1
        }
        if start == batches.count {
            removeAll()
        } else if start > 256, start > batches.count / 2 {
            batches.removeFirst(start)
            start = 0
        }
    }

    mutating func removeAll() {
        batches.removeAll(keepingCapacity: true)
        start = 0
        bytes = 0
    }
}
