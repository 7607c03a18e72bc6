internal import Environment

/// A stretch of the flushed log that is read somewhere else than on the core queue: what is flushed
/// does not change any more, so that reading it needs nothing of the living `Log`.
package struct LogStretch: Sendable {
    /// A segment, where in it reading begins, and the last record to be read in it.
    private struct Part {
        var segment: Segment
        var start: SegmentMark
        var last: LSN
    }

    private let disk: any Disk
    private let parts: [Part]
    private let from: LSN
    private let flushed: LSN

    /// - Returns: nil if nothing of it is flushed.
    /// - Throws: `.gone` if `from` has been trimmed.
    fileprivate init?(_ log: Log, from: LSN, through: LSN) throws(LogFailure) {
        let from = max(from, LSN(1))
        let through = min(through, log.flushed)
        guard from <= through else { return nil }
        guard let index = log.segments.lastIndex(where: { $0.first <= from }) else {
            throw .gone(oldest: log.oldest)
        }
        disk = log.disk
        self.from = from
        flushed = log.flushed
        let segments = log.segments[index...].prefix { $0.first <= through }
        var last = through
        var parts: [Part] = []
        for segment in segments.reversed() {
            let start = segment.marks.last { $0.before.last < from } ?? segment.marks[0]
            parts.append(Part(segment: segment, start: start, last: last))
            last = segment.header.before.last
        }
        self.parts = parts.reversed()
    }

    /// The batches from the one that holds the first record, together of at most
    /// `ArchivedLogFile.payloadBytes`, but at least one; with the head before them. Blocks: for a
    /// background queue.
    ///
    /// - Throws: `.damage` if what is there does not verify, `.disk` if it cannot be read: a
    ///   segment may have been trimmed meanwhile.
    package func read() throws(LogFailure) -> ShippedBatches? {
        var before: LogHead?
        var batches: [Batch] = []
        var bytes = 0
        for part in parts {
            let (isFull, _) = try part.segment.read(
                on: disk, at: part.start, from: from, through: part.last, flushed: flushed
            ) { stored in
                bytes += stored.batch.payload.count
                guard batches.isEmpty || bytes <= ArchivedLogFile.payloadBytes else { return false }
                before = before ?? stored.before
                batches.append(stored.batch)
                return true
            }
            if isFull { break }
        }
        return before.map { ShippedBatches(before: $0, batches: batches) }
    }
}

extension Log {
    /// What `Shipper` asks for, to be read on a background queue: the flushed records from `from`
    /// to `through`; nil if there are none. O(segments).
    /// - Throws: `.gone` if `from` has been trimmed.
    package func stretch(from: LSN, through: LSN) throws(LogFailure) -> LogStretch? {
        try LogStretch(self, from: from, through: through)
    }
}
