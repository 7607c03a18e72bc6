internal import ByteCoding
internal import Environment

/// Cutting the log: at its end (a follower whose tail differs), and at its beginning (retention).
extension Log {
    /// Gives up everything after the last batch that ends at or before `lsn`, having copied it, as
    /// segments, to `folder` (under `diverged/`). Waits until nothing is under way, then blocks
    /// while it works; `completed` gets the new head. No batch may be appended before that.
    ///
    /// A new segment takes the place of what is given up, in one step: a crash leaves either the
    /// log as it was or the log cut.
    /// - Precondition: `lsn` is not before `oldest`, less one.
    package func truncate(
        after lsn: LSN, keepingCopyIn folder: String,
        completed: @escaping (Result<LogHead, LogFailure>) -> Void
    ) {
        runWhenIdle { [self] in
            do throws(LogFailure) {
                completed(.success(try cut(after: lsn, folder)))
            } catch {
                if case .disk(let error) = error { fail(error) }
                completed(.failure(error))
            }
        }
    }

    private func cut(after lsn: LSN, _ folder: String) throws(LogFailure) -> LogHead {
        guard lsn < head.last else { return head }
        guard let boundary = try boundary(atOrBefore: lsn) else { throw .gone(oldest: oldest) }
        let place = try keepCopy(after: boundary, in: folder)
        do throws(DiskError) {
            try Self.withReserve(disk) { () throws(DiskError) in
                try lowerMark(to: boundary.last)
                try takePlace(after: boundary, at: place)
            }
        } catch {
            throw .disk(error)
        }
        return boundary
    }

    /// Copies every batch after `boundary` to `folder`, as segments of 64 MiB or so, durably.
    /// - Returns: where the first of them lies in its segment.
    private func keepCopy(after boundary: LogHead, in folder: String) throws(LogFailure) -> Int {
        var next = boundary.last.next
        var place = 0
        while next <= head.last {
            var batches: [StoredBatch] = []
            var bytes = 0
            try read(from: next, upTo: head.last.next) { stored in
                guard bytes < Self.copiedBytes else { return false }
                batches.append(stored)
                bytes += stored.batch.payload.count
                return true
            }
            guard let last = batches.last else { break }
            if next == boundary.last.next { place = batches[0].offset }
            next = last.batch.last.next
            do throws(DiskError) {
                try Self.withReserve(disk) { () throws(DiskError) in
                    try writeCopy(of: batches, in: folder)
                }
            } catch {
                throw .disk(error)
            }
        }
        return place
    }

    /// Payload bytes in one segment of a copy.
    private static let copiedBytes = 48 << 20

    private func writeCopy(of batches: [StoredBatch], in folder: String) throws(DiskError) {
        guard let first = batches.first else { return }
        try disk.createFolder(folder)
        var header = nextHeader(
            bytes: SegmentFile.bytes(
                for: batches.map(\.batch.payload.count), alignment: options.alignment))
        header.begins = true
        header.before = first.before
        header.epochs.truncate(after: first.before.last)
        let name = SegmentName.segment(first: header.first)
        let made = try SegmentFile.create(
            on: disk, folder: folder, name: name, header: header, batches: batches,
            durable: flushed)
        made.file.close()
        for parent in Self.parents(of: folder) { try disk.flushDirectory(parent) }
    }

    /// The folders above `folder`, from the nearest to the node's own ("").
    private static func parents(of folder: String) -> [String] {
        var parts = folder.split(separator: "/")
        var parents: [String] = []
        while !parts.isEmpty {
            parts.removeLast()
            parents.append(parts.joined(separator: "/"))
        }
        return parents
    }

    /// Makes a new last segment after `boundary`, closes the one before it there, and removes those
    /// whose place it takes.
    private func takePlace(after boundary: LogHead, at offset: Int) throws(DiskError) {
        var epochs = epochHistory
        epochs.truncate(after: boundary.last)
        let kept = segments.filter { $0.first <= boundary.last }
        // Where a segment ends at the boundary it has been closed there before.
        let isClosed = segments.contains { $0.first == boundary.last.next }
        var header = nextHeader(bytes: min(options.startSegmentBytes, options.segmentBytes))
        header.previousNumber = kept.last?.header.number ?? segments[0].header.previousNumber
        header.begins = kept.isEmpty
        header.before = boundary
        header.epochs = epochs
        try replace(keeping: kept, with: header)
        if var old = kept.last, !isClosed {
            let closing = BatchHeader.frame(
                .closing, after: boundary, durable: boundary.last, commit: commit, time: time,
                salt: old.header.salt, alignment: old.header.alignment)
            let oldFile = try disk.open(path(old.name), .write)
            defer { oldFile.close() }
            try oldFile.write(closing, at: offset)
            try oldFile.flush()
            old.end = offset
            old.marks.removeAll { $0.before.last > boundary.last }
            segments[segments.count - 2] = old
        }
        restart(at: boundary, epochs)
    }

    /// Makes the segment `header` describes the last one after `kept`; the others are removed.
    private func replace(keeping kept: [Segment], with header: SegmentHeader) throws(DiskError) {
        let name = SegmentName.segment(first: header.first)
        let made = try SegmentFile.create(
            on: disk, folder: Self.folder, name: name, header: header, batches: [],
            durable: header.before.last)
        file.close()
        file = made.file
        let gone = segments.dropFirst(kept.count).map(\.name).filter { $0 != name }
        for old in gone { try disk.remove(path(old)) }
        if !gone.isEmpty { try disk.flushDirectory(Self.folder) }
        segments = kept + [Segment(name: name, header: header, fileBytes: header.fileBytes)]
    }

    private func restart(at boundary: LogHead, _ epochs: EpochHistory) {
        head = boundary
        written = boundary
        flushed = boundary.last
        epochHistory = epochs
        writtenEpochs = epochs
        recent = RecentBatches(after: boundary.last, limit: options.recentBytes)
        cursor = nil
    }

    /// Throws the whole log away and begins again after `start`, the head a snapshot was taken at:
    /// what a node does that has been given a snapshot. Waits until nothing is under way.
    ///
    /// The snapshot must have been published before; the log it replaces is gone afterwards.
    package func startAfter(
        _ start: LogStart, completed: @escaping (Result<LogHead, LogFailure>) -> Void
    ) {
        runWhenIdle { [self] in
            do throws(DiskError) {
                var header = nextHeader(bytes: min(options.startSegmentBytes, options.segmentBytes))
                header.previousNumber = 0
                header.begins = true
                header.before = start.head
                header.epochs = start.epochs
                try Self.withReserve(disk) { () throws(DiskError) in
                    try lowerMark(to: start.head.last)
                    try replace(keeping: [], with: header)
                }
                restart(at: start.head, start.epochs)
                completed(.success(start.head))
            } catch {
                fail(error)
                completed(.failure(.disk(error)))
            }
        }
    }
}

// MARK: - Retention

extension Log {
    /// Removes the segments that end before `lsn`, whole ones only, on the background queue.
    /// - Parameter lsn: the first record that is still needed: by a snapshot that is kept, by the
    ///   archive, by a follower.
    /// - Returns: how many segments go.
    @discardableResult
    package func trim(before lsn: LSN) -> Int {
        guard failure == nil else { return 0 }
        // The last record of a segment lies before the first of the next one; nothing that is not
        // flushed has a name yet, and the last segment stays.
        var count = 0
        while count + 1 < segments.count, segments[count + 1].first <= min(lsn, flushed.next) {
            count += 1
        }
        // The segment after those must have its name already.
        if let rotation = pending.first(where: { $0.rotation != nil })?.rotation {
            let unnamed = segments.firstIndex { $0.name == rotation.name } ?? segments.count
            count = max(0, min(count, unnamed - 1))
        }
        guard count > 0 else { return 0 }
        let names = segments[..<count].map { path($0.name) }
        segments.removeFirst(count)
        cursor = nil
        queues.background.run { [disk, core = queues.core, weak self] in
            guard let error = Self.remove(names, on: disk) else { return }
            core.run { [self] in self?.fail(error) }
        }
        return count
    }

    private static func remove(_ paths: [String], on disk: any Disk) -> DiskError? {
        do throws(DiskError) {
            // One after the other, so that a crash leaves no hole among those that are left.
            for path in paths {
                try disk.remove(path)
                try disk.flushDirectory(folder)
            }
            return nil
        } catch {
            return error
        }
    }
}

// MARK: - What was acknowledged

extension Log {
    /// Says that everything up to `lsn` was acknowledged to somebody. It is noted in `acked.mark`
    /// within `markDelay`, for the case that this node is alone and finds its last batch bad.
    package func noteAcknowledged(_ lsn: LSN) {
        acknowledged = max(acknowledged, lsn)
        guard !isMarking, acknowledged > marked, failure == nil else { return }
        isMarking = true
        queues.core.schedule(after: options.markDelay) { [weak self] in self?.mark() }
    }

    /// Writes `acked.mark` now, on the background queue.
    func mark() {
        guard failure == nil, !isStoringMark else { return }
        let lsn = min(acknowledged, flushed)
        isStoringMark = true
        queues.background.run { [disk, core = queues.core, weak self] in
            var failed: DiskError?
            do throws(DiskError) {
                try AckedMark(disk: disk, folder: Self.folder).store(lsn)
            } catch {
                failed = error
            }
            core.run { [self, failed] in self?.marked(lsn, failed) }
        }
    }

    /// Takes `acked.mark` back before what it vouches for is given up, or the next start would miss
    /// it.
    private func lowerMark(to lsn: LSN) throws(DiskError) {
        let mark = AckedMark(disk: disk, folder: Self.folder)
        if try mark.load() > lsn { try mark.store(lsn) }
        marked = min(marked, lsn)
        acknowledged = min(acknowledged, lsn)
    }

    private func marked(_ lsn: LSN, _ error: DiskError?) {
        isMarking = false
        isStoringMark = false
        defer { runIdleWork() }
        // A mark that cannot be made for lack of space is only a witness less.
        if let error, error.kind != .noSpace { return fail(error) }
        marked = min(lsn, flushed)
        if acknowledged > marked { noteAcknowledged(acknowledged) }
    }
}
