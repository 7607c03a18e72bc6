/// The newest batches, kept in memory: what is not flushed yet, and what a follower that is nearly
/// level asks for.
///
/// - Invariant: the batches are consecutive, and end at the log's head.
struct RecentBatches {
    private var batches: [Batch] = []
    /// How many at the beginning of `batches` have been dropped.
    private var dropped = 0
    private var bytes = 0
    private let limit: Int
    /// The first record that is here, or the one after the head if there is none.
    private(set) var first: LSN

    init(after last: LSN, limit: Int) {
        first = last.next
        self.limit = limit
    }

    /// Appends a batch, and drops old ones that are flushed when there is too much.
    /// Complexity: amortised O(1).
    mutating func append(_ batch: Batch, flushed: LSN) {
        batches.append(batch)
        bytes += batch.payload.count
        while bytes > limit, dropped < batches.count, batches[dropped].last <= flushed {
            bytes -= batches[dropped].payload.count
            first = batches[dropped].last.next
            batches[dropped].payload = []
            dropped += 1
        }
        if dropped > 64, dropped > batches.count / 2 {
            batches.removeFirst(dropped)
            dropped = 0
        }
    }

    /// Batches from the one that holds `lsn`, together of at most `maxBytes`, but at least one.
    /// - Precondition: `first ≤ lsn`.
    func batches(from lsn: LSN, maxBytes: Int) -> [Batch] {
        precondition(lsn >= first, "LSN \(lsn) is not here, the first is \(first)")
        var index = firstIndex(reaching: lsn)
        var result: [Batch] = []
        var total = 0
        while index < batches.count {
            total += batches[index].payload.count
            guard result.isEmpty || total <= maxBytes else { break }
            result.append(batches[index])
            index += 1
        }
        return result
    }

    /// The first batch whose last record is at or after `lsn`.
    private func firstIndex(reaching lsn: LSN) -> Int {
        var low = dropped
        var high = batches.count
        while low < high {
            let middle = (low + high) / 2
            if batches[middle].last < lsn { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The head at `lsn`, if a batch that is here ends there.
    func head(at lsn: LSN) -> LogHead? {
        let index = firstIndex(reaching: lsn)
        guard index < batches.count, batches[index].last == lsn else { return nil }
        return LogHead(last: lsn, epoch: batches[index].epoch, chain: batches[index].chain)
    }
}
