/// Where an epoch began in the log.
package struct EpochStart: Equatable, Sendable {
    package var epoch: Epoch
    /// Its first record.
    package var first: LSN

    package init(epoch: Epoch, first: LSN) {
        self.epoch = epoch
        self.first = first
    }
}

/// Which epoch wrote which stretch of the log: what two nodes compare to find their last common
/// record. Only the newest 128 are kept; who left before them is caught up by a snapshot.
///
/// - Invariant: `starts` is sorted, strictly, by epoch and by LSN.
package struct EpochHistory: Equatable, Sendable {
    package private(set) var starts: [EpochStart] = []

    package static let limit = 128

    package init() {}

    /// - Returns: nil if `starts` is not strictly sorted or longer than the limit.
    package init?(_ starts: [EpochStart]) {
        guard starts.count <= Self.limit else { return nil }
        for (left, right) in zip(starts, starts.dropFirst()) {
            guard left.epoch < right.epoch, left.first < right.first else { return nil }
        }
        self.starts = starts
    }

    /// Takes note of a batch that begins at `first`. Complexity: O(1), but for dropping the oldest.
    package mutating func note(_ epoch: Epoch, at first: LSN) {
        if let last = starts.last {
            precondition(epoch >= last.epoch, "epoch \(epoch) after \(last.epoch)")
            guard epoch > last.epoch else { return }
            precondition(first > last.first, "epoch \(epoch) begins at \(first), not later")
        }
        starts.append(EpochStart(epoch: epoch, first: first))
        if starts.count > Self.limit { starts.removeFirst() }
    }

    /// Forgets the epochs that began after `lsn`.
    package mutating func truncate(after lsn: LSN) {
        while let last = starts.last, last.first > lsn { starts.removeLast() }
    }

    /// The epoch of the record at `lsn`, if it is in the part that is remembered.
    package func epoch(at lsn: LSN) -> Epoch? {
        starts.last { $0.first <= lsn }?.epoch
    }
}
