internal import Environment

/// A change from one segment to the next, step by step:
///
/// 1. the header is written into the prepared file and flushed; batches follow at once behind it;
/// 2. when that is done, and so is everything in the old segment, the file gets its name and the
///    folder is flushed (on the background queue);
/// 3. a closing mark is written into the old segment and flushed: from now on the log is not whole
///    without the new one;
/// 4. only now are batches in the new segment reported as flushed.
///
/// So a segment that bears its name has a durable header and follows only durable batches, and a
/// closed one has a durable successor. A crash before step 2 leaves a `.tmp` file nobody counts on.
///
/// `@unchecked Sendable`: touched on the core queue only; completions carry it there.
final class Rotation: @unchecked Sendable {
    let old: Segment
    let oldFile: any DiskFile
    let temporary: String
    let name: String
    let before: LogHead
    let time: Int64
    var headerIsFlushed = false
    var isNaming = false
    var isDone = false

    init(
        old: Segment, oldFile: any DiskFile, temporary: String, name: String, before: LogHead,
        time: Int64
    ) {
        self.old = old
        self.oldFile = oldFile
        self.temporary = temporary
        self.name = name
        self.before = before
        self.time = time
    }
}

extension Log {
    /// Goes over to a prepared segment in which `batch` has room.
    /// - Returns: false if there is none yet; then one is being prepared.
    func rotate(for batch: Batch) -> Bool {
        let needed = SegmentFile.bytes(for: [batch.payload.count], alignment: options.alignment)
        guard let index = ready.firstIndex(where: { $0.bytes >= needed }) else {
            prepare(bytes: max(options.segmentBytes, (needed + 4095) / 4096 * 4096))
            return false
        }
        let prepared = ready.remove(at: index)
        // The last one, and there was no space for another: from now on only what is under way.
        if ready.isEmpty, isShortOfSpace { setFull(true) }
        let header = nextHeader(bytes: prepared.bytes)
        let name = SegmentName.segment(first: header.first)
        let rotation = Rotation(
            old: current, oldFile: file, temporary: prepared.name, name: name, before: written,
            time: time)
        file = prepared.file
        segments.append(Segment(name: name, header: header, fileBytes: prepared.bytes))
        _ = enter(PendingWrite(last: nil, rotation: rotation))
        file.append(header.encoded(), at: 0, on: queues.core) { [weak self] error in
            self?.headerFlushed(rotation, error)
        }
        return true
    }

    /// The header of a segment that follows the current one after what has been written.
    func nextHeader(bytes: Int) -> SegmentHeader {
        highestNumber += 1
        return SegmentHeader(
            begins: false, alignment: options.alignment, cluster: identity.cluster,
            history: identity.history, number: highestNumber,
            previousNumber: current.header.number, before: written,
            salt: UInt32(truncatingIfNeeded: randomness.number()), fileBytes: bytes,
            epochs: writtenEpochs)
    }

    private func headerFlushed(_ rotation: Rotation, _ error: DiskError?) {
        if let error { return fail(error) }
        rotation.headerIsFlushed = true
        advance()
    }

    /// Takes a rotation further; everything before it is durable.
    func step(_ rotation: Rotation) {
        guard rotation.headerIsFlushed, !rotation.isNaming else { return }
        rotation.isNaming = true
        let from = path(rotation.temporary)
        let to = path(rotation.name)
        queues.background.run { [disk, core = queues.core, weak self] in
            let error = Self.name(from, as: to, on: disk)
            core.run { [self] in self?.named(to, error) }
        }
    }

    private static func name(_ from: String, as to: String, on disk: any Disk) -> DiskError? {
        do throws(DiskError) {
            try disk.rename(from, to: to)
            try disk.flushDirectory(folder)
            return nil
        } catch {
            return error
        }
    }

    private func named(_ newPath: String, _ error: DiskError?) {
        guard failure == nil else { return }
        if let error { return fail(error) }
        guard let rotation = pending.first?.rotation, path(rotation.name) == newPath else {
            preconditionFailure("\(newPath) is not the segment that was to be named")
        }
        let old = rotation.old
        let closing = BatchHeader.frame(
            .closing, after: rotation.before, durable: flushed, commit: commit, time: rotation.time,
            salt: old.header.salt, alignment: old.header.alignment)
        rotation.oldFile.append(closing, at: old.end, on: queues.core) { [weak self] error in
            self?.closed(newPath, error)
        }
    }

    private func closed(_ newPath: String, _ error: DiskError?) {
        guard failure == nil else { return }
        if let error { return fail(error) }
        guard let rotation = pending.first?.rotation, path(rotation.name) == newPath else {
            preconditionFailure("\(newPath) is not the segment that was to follow")
        }
        rotation.oldFile.close()
        rotation.isDone = true
        // Not before: the file that waits for its name would wait for a whole segment of zeroes.
        prepareAhead()
        advance()
    }
}

// MARK: - Preparing ahead

extension Log {
    /// Keeps `segmentsAhead` segments ready.
    func prepareAhead() {
        guard ready.count < max(1, min(options.segmentsAhead, 2)) else { return }
        prepare(bytes: options.segmentBytes)
    }

    /// Prepares a segment on the background queue, one at a time.
    func prepare(bytes: Int) {
        guard preparing == nil, retry == nil, failure == nil else { return }
        preparing = bytes
        highestNumber += 1
        let name = "prepared-\(highestNumber).tmp"
        let reserve = options.reserveBytes
        queues.background.run { [disk, core = queues.core, weak self] in
            let result = Preparation.run(on: disk, name: name, bytes: bytes, reserve: reserve)
            core.run { [self] in self?.prepared(result) }
        }
    }

    private func prepared(_ result: Preparation) {
        preparing = nil
        guard failure == nil else { return }
        switch result {
        case .ready(let segment):
            ready.append(segment)
            isShortOfSpace = false
            setFull(false)
            writeWaiting()
            prepareAhead()
        case .noSpace:
            isShortOfSpace = true
            setFull(ready.isEmpty)
            retry = queues.core.schedule(after: options.spaceRetry) { [weak self] in
                self?.retryPreparing()
            }
        case .failed(let error):
            fail(error)
        }
    }

    private func retryPreparing() {
        retry = nil
        writeWaiting()
        prepareAhead()
    }

    private func setFull(_ full: Bool) {
        guard full != isFull else { return }
        isFull = full
        onFull(full)
    }
}
