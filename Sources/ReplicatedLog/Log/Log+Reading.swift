internal import ByteCoding
internal import Environment

/// A place where reading can go on: the batch that begins with `before.last.next` lies there.
struct ReadCursor: Equatable {
    var segment: String
    var offset: Int
    var before: LogHead
}

extension Log {
    /// Batches from the one that holds `lsn` on, together of at most `maxBytes`, but at least one
    /// if there is any: for catch-up and replay. What is in memory comes from there; the rest is
    /// read, and verified, from the segments, and reading on from where the last call ended is
    /// cheap.
    ///
    /// - Throws: `.gone` if `lsn` has been trimmed, `.damage` if what is there does not verify.
    /// - Complexity: O(bytes returned), plus up to 256 KiB read to find the place.
    package func batches(from lsn: LSN, maxBytes: Int) throws(LogFailure) -> [Batch] {
        let lsn = max(lsn, LSN(1))
        if lsn > head.last { return [] }
        if lsn >= recent.first { return recent.batches(from: lsn, maxBytes: maxBytes) }
        var batches: [Batch] = []
        var bytes = 0
        let end = recent.first
        try read(from: lsn, upTo: end) { stored in
            guard batches.isEmpty || bytes + stored.batch.payload.count <= maxBytes else {
                return false
            }
            bytes += stored.batch.payload.count
            batches.append(stored.batch)
            return true
        }
        guard batches.last?.last.next == end, end <= head.last else { return batches }
        for batch in recent.batches(from: end, maxBytes: maxBytes) {
            bytes += batch.payload.count
            guard bytes <= maxBytes else { break }
            batches.append(batch)
        }
        return batches
    }

    /// The head of the log at `lsn`: what it was when that was its last record. Nil if no batch
    /// ends there, or it lies before `oldest` or after `head`.
    /// - Throws: as `batches`.
    package func head(at lsn: LSN) throws(LogFailure) -> LogHead? {
        guard let found = try boundary(atOrBefore: lsn), found.last == lsn else { return nil }
        return found
    }

    /// The head at the last batch that ends at or before `lsn`; nil if that lies before `oldest`.
    /// - Throws: as `batches`.
    package func boundary(atOrBefore lsn: LSN) throws(LogFailure) -> LogHead? {
        if lsn >= head.last { return head }
        if let found = recent.head(at: lsn) { return found }
        if let found = segments.last(where: { $0.header.before.last == lsn }) {
            return found.header.before
        }
        guard lsn >= oldest, let segment = segments.last(where: { $0.first <= lsn }) else {
            return nil
        }
        var boundary = segment.header.before
        if lsn < recent.first {
            try read(from: lsn, upTo: recent.first) { stored in
                boundary = stored.batch.last <= lsn ? stored.head : stored.before
                return false
            }
            return boundary
        }
        let batch = recent.batches(from: lsn, maxBytes: 0)[0]
        guard let before = recent.head(at: LSN(batch.first.rawValue - 1)) else {
            let last = LSN(batch.first.rawValue - 1)
            let epoch = epochHistory.epoch(at: last) ?? batch.epoch
            return LogHead(last: last, epoch: epoch, chain: batch.previousChain)
        }
        return before
    }

    /// Reads the flushed batches from the one that holds `lsn` to the one before `end`, or until
    /// `take` returns false (that one is read again by the next call).
    func read(
        from lsn: LSN, upTo end: LSN, _ take: (StoredBatch) -> Bool
    ) throws(LogFailure) {
        guard lsn >= oldest, var index = segments.lastIndex(where: { $0.first <= lsn }) else {
            throw .gone(oldest: oldest)
        }
        var place = start(of: lsn, in: segments[index])
        while index < segments.count {
            let segment = segments[index]
            let next = index + 1 < segments.count ? segments[index + 1].first : end
            let stopped = try read(segment, &place, from: lsn, upTo: min(next, end), take)
            guard !stopped, next < end else { return }
            index += 1
            place = SegmentMark(
                offset: SegmentHeader.bytes, before: segments[index].header.before)
        }
    }

    private func start(of lsn: LSN, in segment: Segment) -> SegmentMark {
        if let cursor, cursor.segment == segment.name, cursor.before.last.next == lsn {
            return SegmentMark(offset: cursor.offset, before: cursor.before)
        }
        return segment.marks.last { $0.before.last < lsn } ?? segment.marks[0]
    }

    /// - Returns: whether `take` has had enough.
    private func read(
        _ segment: Segment, _ place: inout SegmentMark, from lsn: LSN, upTo end: LSN,
        _ take: (StoredBatch) -> Bool
    ) throws(LogFailure) -> Bool {
        let last = LSN(end.rawValue - 1)
        let (stopped, ended) = try segment.read(
            on: disk, at: place, from: lsn, through: last, flushed: flushed, take)
        cursor = ended
        return stopped
    }
}

extension Segment {
    /// Reads its flushed batches, beginning at `place`: gives `take` those that hold `lsn` or come
    /// after it, until `last` or until `take` has had enough.
    /// - Returns: whether it has, and where reading can go on: at the batch that it refused.
    /// - Throws: `.damage` if what is there does not verify, `.disk` if it cannot be read.
    func read(
        on disk: any Disk, at place: SegmentMark, from lsn: LSN, through last: LSN, flushed: LSN,
        _ take: (StoredBatch) -> Bool
    ) throws(LogFailure) -> (stopped: Bool, ended: ReadCursor) {
        let path = "\(Log.folder)/\(name)"
        do {
            let file = try disk.open(path, .read)
            defer { file.close() }
            var reader = SegmentReader(
                file: file, path: path, salt: header.salt, alignment: header.alignment,
                end: fileBytes, offset: place.offset, head: place.before)
            while reader.head.last < last {
                let before = ReadCursor(segment: name, offset: reader.offset, before: reader.head)
                let step = try reader.next()
                if case .mark = step, reader.offset > before.offset { continue }
                guard case .batch(let stored) = step else {
                    throw LogFailure.missing(step, at: before, in: path, flushed: flushed)
                }
                if stored.batch.last >= lsn, !take(stored) { return (true, before) }
            }
            return (
                false, ReadCursor(segment: name, offset: reader.offset, before: reader.head)
            )
        } catch let failure as LogFailure {
            throw failure
        } catch let error as DiskError {
            throw .disk(error)
        } catch {
            preconditionFailure("no other error is thrown")
        }
    }
}

extension LogFailure {
    /// What is wrong at a place where a batch should be that the log has reported as flushed.
    static func missing(
        _ step: SegmentReader.Step, at place: ReadCursor, in path: String, flushed: LSN
    ) -> LogFailure {
        let lsn = place.before.last.next
        let corruption: Corruption
        switch step {
        case .broken(let found): corruption = found
        case .batch, .mark, .blank, .foreign:
            corruption = Corruption(
                file: path, offset: place.offset, expected: "record \(lsn)", found: "no batch")
        }
        return .damage(LogDamage(corruption: corruption, lsn: lsn, evidence: .flushed(flushed)))
    }
}
