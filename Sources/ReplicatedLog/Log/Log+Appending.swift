package import Environment

/// Something given to the disk whose completion has not been reported as flushed yet.
struct PendingWrite {
    /// The last record it makes durable; nil for what is no batch.
    var last: LSN?
    var isDone = false
    /// A change of segments: nothing behind it is reported before it is complete.
    var rotation: Rotation?
}

/// A batch that has no segment to be written into yet, and the log's head after it.
struct WaitingBatch {
    var batch: Batch
    var head: LogHead
}

extension Log {
    /// Appends a batch and starts writing it at once. `onFlushed` reports when it is durable.
    ///
    /// After a failure it does nothing: the process is ending.
    /// - Parameter commit: the commit point as it is known now; it goes into the batch's header.
    /// - Precondition: the batch follows `head`, in place, chain and epoch.
    /// - Complexity: O(payload).
    package func append(_ batch: Batch, commit: LSN) {
        guard failure == nil else { return }
        precondition(
            batch.count > 0 && batch.first == head.last.next, "\(batch.first) after \(head)")
        precondition(batch.previousChain == head.chain, "another chain at \(batch.first)")
        precondition(batch.epoch >= head.epoch, "epoch \(batch.epoch) after \(head.epoch)")
        precondition(batch.payload.count <= LogLimits.batchBytes, "\(batch.payload.count) bytes")
        head = LogHead(last: batch.last, epoch: batch.epoch, chain: batch.chain)
        epochHistory.note(batch.epoch, at: batch.first)
        recent.append(batch, flushed: flushed)
        self.commit = max(self.commit, commit)
        waiting.append(WaitingBatch(batch: batch, head: head))
        writeWaiting()
    }

    /// Writes what waits, as long as there is a segment to write it into.
    func writeWaiting() {
        var count = 0
        while count < waiting.count, failure == nil {
            let needed = BatchHeader.framedBytes(
                payload: waiting[count].batch.payload.count, alignment: current.header.alignment)
            // A segment always keeps room for its closing mark.
            if current.end + needed + current.header.alignment > current.header.fileBytes {
                guard rotate(for: waiting[count].batch) else { break }
            }
            write(waiting[count].batch, endingAt: waiting[count].head)
            count += 1
        }
        waiting.removeFirst(count)
    }

    private func write(_ batch: Batch, endingAt head: LogHead) {
        let bytes = BatchHeader.frame(
            batch, durable: flushed, commit: commit, salt: current.header.salt,
            alignment: current.header.alignment)
        let offset = current.end
        current.note(offset: offset, before: written, end: offset + bytes.count)
        written = head
        writtenEpochs.note(batch.epoch, at: batch.first)
        time = batch.time
        let ticket = enter(PendingWrite(last: batch.last))
        file.append(bytes, at: offset, on: queues.core) { [weak self] error in
            self?.completed(ticket, error)
        }
    }

    /// Puts something at the end of what is under way. - Returns: its ticket.
    func enter(_ write: PendingWrite) -> Int {
        pending.append(write)
        return firstTicket + pending.count - 1
    }

    private func completed(_ ticket: Int, _ error: DiskError?) {
        guard failure == nil else { return }
        if let error { return fail(error) }
        precondition(ticket >= firstTicket, "write \(ticket) is reported twice")
        pending[ticket - firstTicket].isDone = true
        advance()
    }

    /// Reports what is durable, as far as there is no gap.
    func advance() {
        guard failure == nil else { return }
        var count = 0
        var last = flushed
        loop: while count < pending.count {
            if let rotation = pending[count].rotation {
                if count > 0 { settle(count, last) }
                guard rotation.isDone else {
                    step(rotation)
                    return
                }
                count = 0
                pending.removeFirst()
                firstTicket += 1
                continue loop
            }
            guard pending[count].isDone else { break }
            last = pending[count].last ?? last
            count += 1
        }
        settle(count, last)
        runIdleWork()
    }

    private func settle(_ count: Int, _ last: LSN) {
        pending.removeFirst(count)
        firstTicket += count
        guard last > flushed else { return }
        precondition(last <= written.last, "flushed \(last) beyond \(written.last)")
        flushed = last
        onFlushed(last)
    }

    /// Ends the log's life. Nothing is written, flushed or reported after this.
    func fail(_ error: DiskError) {
        guard failure == nil else { return }
        failure = error
        retry?.cancel()
        onFailed(error)
    }

    /// Does `work` when nothing is under way any more. Never, after a failure.
    func runWhenIdle(_ work: @escaping () -> Void) {
        whenIdle.append(work)
        runIdleWork()
    }

    func runIdleWork() {
        while pending.isEmpty, waiting.isEmpty, !isStoringMark, failure == nil, !whenIdle.isEmpty {
            whenIdle.removeFirst()()
        }
    }

    /// Says that nothing more will be appended: waits for what is under way and then vouches for
    /// the end, so that the next start need not make it durable anew. Then calls `completed`, once;
    /// without having vouched when the disk has not answered within `limit`.
    package func close(
        within limit: Interval = .seconds(10), _ completed: @escaping () -> Void
    ) {
        let closing = Closing(completed)
        closing.limit = queues.core.schedule(after: limit) { closing.end() }
        runWhenIdle { [self] in
            // After a stop in good order there is no doubt about what was acknowledged.
            if acknowledged > marked { mark() }
            runWhenIdle { [self] in vouch(closing) }
        }
    }

    private func vouch(_ closing: Closing) {
        guard current.end + 2 * current.header.alignment <= current.header.fileBytes,
            flushed > .zero
        else { return closing.end() }
        let bytes = BatchHeader.frame(
            .vouching, after: head, durable: flushed, commit: commit, time: time,
            salt: current.header.salt, alignment: current.header.alignment)
        let offset = current.end
        current.end += bytes.count
        let ticket = enter(PendingWrite(last: nil))
        file.append(bytes, at: offset, on: queues.core) { [weak self] error in
            self?.completed(ticket, error)
        }
        runWhenIdle { closing.end() }
    }
}

/// Who waits for a log to be closed: told once.
///
/// `@unchecked Sendable`: confined to the core queue.
private final class Closing: @unchecked Sendable {
    private var completed: (() -> Void)?
    var limit: (any ScheduledWork)?

    init(_ completed: @escaping () -> Void) { self.completed = completed }

    func end() {
        limit?.cancel()
        limit = nil
        let completed = completed
        self.completed = nil
        completed?()
    }
}
