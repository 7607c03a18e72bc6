/// Gives on the batches that a scan finds, so that the log need not be read again to be applied:
/// those after the place from which it is needed, in order, as soon as the scan has seen that they
/// are committed. Whatever the verdict on the log's end will be, these stay.
struct CommittedReader {
    /// The head of the log from which it is needed.
    private let start: LogHead
    private let take: (Batch) -> Void
    /// Batches that nothing has called committed yet, in order.
    private var waiting: [Batch] = []
    private var waitingBytes = 0
    private var hasEnded = false

    /// What may wait. A log whose commit point is further behind is read on by whoever applies it.
    private static let most = 32 << 20

    init(from start: LogHead, _ take: @escaping (Batch) -> Void) {
        self.start = start
        self.take = take
    }

    /// Takes note of the next batch.
    /// - Parameters:
    ///   - atNeeded: the head of the log where it is needed from, if there is one.
    ///   - commit: the newest commit point that a batch names.
    mutating func note(_ batch: Batch, atNeeded: LogHead?, commit: LSN) {
        guard !hasEnded, batch.first > start.last else { return }
        // A log that does not go on from the snapshot is not applied, but refused or replaced.
        guard start == .empty || atNeeded == start else { return hasEnded = true }
        waiting.append(batch)
        waitingBytes += batch.payload.count
        var count = 0
        while count < waiting.count, waiting[count].last <= commit {
            waitingBytes -= waiting[count].payload.count
            take(waiting[count])
            count += 1
        }
        waiting.removeFirst(count)
        guard waitingBytes > Self.most else { return }
        hasEnded = true
        waiting = []
    }
}
