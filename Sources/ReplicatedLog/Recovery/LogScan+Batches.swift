internal import ByteCoding
internal import Environment

/// The second half of the scan: every batch from the segment that holds the first needed record.
extension LogScanner {
    mutating func readBatches() throws(DiskError) {
        let needed = evidence.needed.next
        let start = scan.segments.lastIndex { $0.first <= needed } ?? 0
        let header = scan.segments[start].header
        scan.head = header.before
        scan.epochs = header.epochs
        noteNeeded()
        for index in start..<scan.segments.count {
            guard try readSegment(index) else { return }
        }
    }

    /// - Returns: whether the next segment is to be read.
    private mutating func readSegment(_ index: Int) throws(DiskError) -> Bool {
        let segment = scan.segments[index]
        let isLast = index == scan.segments.count - 1
        let next = isLast ? nil : scan.segments[index + 1]
        // A segment is named only after all before it is flushed (`Log+Rotation.swift`).
        vouch(segment.header.before.last)
        let file = try disk.open(path(segment.name), .read)
        defer { file.close() }
        var reader = SegmentReader(
            file: file, path: path(segment.name), salt: segment.header.salt,
            alignment: segment.header.alignment, end: segment.fileBytes,
            offset: SegmentHeader.bytes, head: segment.header.before)
        while next == nil || reader.head.last.next < next?.first ?? .zero {
            let before = reader.head
            switch try reader.next() {
            case .batch(let stored):
                scan.segments[index].note(
                    offset: stored.offset, before: before, end: reader.offset)
                take(stored)
            case .mark(let mark):
                guard mark.mark == .closing else {
                    vouch(mark.durable)
                    scan.segments[index].end = reader.offset
                    continue
                }
                settleClosed(segment, at: reader.offset, next)
                return false
            case .foreign(let version):
                scan.verdict = .foreign(
                    ForeignFile(
                        file: path(segment.name),
                        reason: .version(found: version, known: BatchHeader.version)))
                return false
            case .blank:
                try settle(segment, file, reader, nil, next)
                return false
            case .broken(let corruption):
                try settle(segment, file, reader, corruption, next)
                return false
            }
        }
        return checkJoint(segment, next, reader.head)
    }

    private mutating func take(_ stored: StoredBatch) {
        scan.head = stored.head
        noteNeeded()
        scan.epochs.note(stored.batch.epoch, at: stored.batch.first)
        scan.commit = max(scan.commit, stored.commit)
        scan.time = stored.batch.time
        vouch(stored.durable)
        scan.unvouched.append(stored)
        committed?.note(stored.batch, atNeeded: scan.atNeeded, commit: scan.commit)
    }

    private mutating func noteNeeded() {
        if scan.head.last == evidence.needed { scan.atNeeded = scan.head }
    }

    private mutating func vouch(_ lsn: LSN) {
        scan.vouched = max(scan.vouched, lsn)
        scan.unvouched.removeAll { $0.batch.last <= scan.vouched }
    }

    /// The next segment must begin exactly where the batches of this one, up to there, end.
    private mutating func checkJoint(
        _ segment: Segment, _ next: Segment?, _ head: LogHead
    ) -> Bool {
        guard let next, head != next.header.before else { return true }
        damage(
            Corruption(
                file: path(next.name), offset: 64, expected: "a segment after \(head)",
                found: "one after \(next.header.before)"),
            lsn: next.first, .gap)
        return false
    }

    private mutating func settleClosed(_ segment: Segment, at offset: Int, _ next: Segment?) {
        let corruption = Corruption(
            file: path(segment.name), offset: offset,
            expected: next == nil ? "the last segment, or another after it" : "more batches",
            found: "a closing mark")
        let evidence = next.map { DamageEvidence.notLast(next: $0.name) } ?? .successorMissing
        damage(corruption, lsn: scan.head.last.next, evidence)
    }

    /// Nothing more verifies in this segment: which row of the table is it?
    private mutating func settle(
        _ segment: Segment, _ file: any DiskFile, _ reader: SegmentReader,
        _ corruption: Corruption?, _ next: Segment?
    ) throws(DiskError) {
        let lsn = scan.head.last.next
        let search = try TailSearch(
            file: file, segment: segment, from: reader.offset, after: scan.head.last)
        let reason = corruption ?? shortened(segment, reader.offset, search)
        guard let reason else {
            if acknowledged >= lsn {
                let corruption = Corruption(
                    file: path(segment.name), offset: reader.offset, expected: "record \(lsn)",
                    found: "the end of the log")
                damage(corruption, lsn: lsn, .acknowledged(acknowledged))
            } else if let next {
                let corruption = Corruption(
                    file: path(segment.name), offset: reader.offset, expected: "record \(lsn)",
                    found: "zeroes")
                damage(corruption, lsn: lsn, .notLast(next: next.name))
            }
            return
        }
        if let next {
            damage(reason, lsn: lsn, .notLast(next: next.name))
        } else if search.durable >= lsn {
            damage(reason, lsn: lsn, .flushed(search.durable))
        } else if acknowledged >= lsn {
            damage(reason, lsn: lsn, .acknowledged(acknowledged))
        } else {
            let tail = TornTail(
                file: path(segment.name), offset: reader.offset, end: search.end, lsn: lsn,
                corruption: reason, laterBatches: search.batches)
            scan.verdict = evidence.acknowledged == nil ? .undecided(tail) : .tornTail(tail)
        }
    }

    /// What is wrong at a blank place: bytes behind it, or a file shorter than it was made.
    private func shortened(
        _ segment: Segment, _ offset: Int, _ search: TailSearch
    ) -> Corruption? {
        if search.end > offset {
            return Corruption(
                file: path(segment.name), offset: offset, expected: "zeroes to the end",
                found: "bytes up to \(search.end)")
        }
        guard segment.fileBytes < segment.header.fileBytes else { return nil }
        return Corruption(
            file: path(segment.name), offset: segment.fileBytes,
            expected: "a file of \(segment.header.fileBytes) bytes",
            found: "one of \(segment.fileBytes)")
    }
}

/// What lies behind the first batch that does not verify: the guard against a hole that would
/// shorten the log silently.
struct TailSearch {
    /// The highest durable LSN that a whole batch header behind it names.
    private(set) var durable: LSN = .zero
    /// How many such headers there are.
    private(set) var batches = 0
    /// The offset after the last byte that is not zero; where the search began if all are.
    private(set) var end: Int

    /// Looks at every place where a batch may begin, to the end of the file.
    init(
        file: any DiskFile, segment: Segment, from start: Int, after last: LSN
    ) throws(DiskError) {
        end = start
        var offset = start
        while offset < segment.fileBytes {
            let count = min(Self.windowBytes, segment.fileBytes - offset)
            let window = try file.read(at: offset, count: count)
            guard !window.isEmpty else { return }
            if let nonzero = Zeroes.lastNonzero(in: window) {
                end = offset + nonzero + 1
                look(window, segment, isFirst: offset == start, after: last)
            }
            offset += window.count
        }
    }

    /// A multiple of every alignment, so that no header crosses two windows.
    private static let windowBytes = 1 << 20

    private mutating func look(
        _ window: [UInt8], _ segment: Segment, isFirst: Bool, after last: LSN
    ) {
        let alignment = segment.header.alignment
        var place = isFirst ? alignment : 0
        while place + BatchHeader.bytes <= window.count {
            defer { place += alignment }
            // Cheap before dear: the first byte of the magic number.
            guard window[place] == UInt8(truncatingIfNeeded: BatchHeader.magic) else { continue }
            let bytes = window.raw.extracting(place..<(place + BatchHeader.bytes))
            do throws(Corruption) {
                let header = try BatchHeader(bytes, salt: segment.header.salt)
                guard header.first > last else { continue }
                batches += 1
                durable = max(durable, header.durable)
            } catch {
                continue
            }
        }
    }

    /// The offset after the last byte that is not zero, nil if all are zero.
    static func lastNonzero(
        _ file: any DiskFile, from start: Int, to end: Int
    ) throws(DiskError) -> Int? {
        var result: Int?
        var offset = start
        while offset < end {
            let window = try file.read(at: offset, count: min(windowBytes, end - offset))
            guard !window.isEmpty else { break }
            if let nonzero = Zeroes.lastNonzero(in: window) { result = offset + nonzero + 1 }
            offset += window.count
        }
        return result
    }
}
