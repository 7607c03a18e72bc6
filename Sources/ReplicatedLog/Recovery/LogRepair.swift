internal import ByteCoding
internal import Environment

/// What recovery changes on the disk, once the scan has settled what is there. Each step can be
/// repeated: a crash in between leaves a log that the next recovery takes further.
struct LogRepair {
    let disk: any Disk
    let folder: String
    let identity: LogIdentity
    let options: LogOptions
    let randomness: any Randomness
    var scan: LogScan
    /// What was done, for people.
    var report = LogRecovery()

    private func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Copies the bytes that do not verify to `quarantine/`, then zeroes them, and flushes.
    mutating func cut(_ tail: TornTail) throws(DiskError) {
        if tail.end > tail.offset { report.quarantined = try quarantine(tail) }
        guard let last = scan.segments.last, path(last.name) == tail.file else {
            // A last segment without a header: all of it was bad.
            try disk.remove(tail.file)
            try disk.flushDirectory(folder)
            return
        }
        let file = try disk.open(tail.file, .write)
        defer { file.close() }
        try file.fill(from: tail.offset, to: last.header.fileBytes)
        scan.segments[scan.segments.count - 1].fileBytes = last.header.fileBytes
        scan.segments[scan.segments.count - 1].end = tail.offset
    }

    /// A name in `quarantine/` that is not taken.
    static func quarantineName(_ name: String, on disk: any Disk) throws(DiskError) -> String {
        let taken = try disk.list("quarantine")
        var copy = name
        var count = 1
        while taken.contains(copy) {
            count += 1
            copy = "\(name)-\(count)"
        }
        return "quarantine/\(copy)"
    }

    /// Copies the bytes of a tail. - Returns: the path of the copy.
    func quarantine(_ tail: TornTail) throws(DiskError) -> String {
        try disk.createFolder("quarantine")
        let name = tail.file.split(separator: "/").last.map(String.init) ?? "segment"
        let copy = try Self.quarantineName("\(name)-\(tail.offset)", on: disk)
        let source = try disk.open(tail.file, .read)
        defer { source.close() }
        let target = try disk.open(copy, .create)
        defer { target.close() }
        var offset = tail.offset
        while offset < tail.end {
            let count = min(1 << 20, tail.end - offset)
            let bytes = try source.read(at: offset, count: count)
            guard !bytes.isEmpty else { break }
            try target.write(bytes, at: offset - tail.offset)
            offset += bytes.count
        }
        try target.flush()
        try disk.flushDirectory("quarantine")
        try disk.flushDirectory("")
        return copy
    }

    /// Removes what half-done work and taken places have left.
    mutating func removeLeftovers() throws(DiskError) {
        guard !scan.leftovers.isEmpty else { return }
        for name in scan.leftovers { try disk.remove(path(name)) }
        try disk.flushDirectory(folder)
        report.removed += scan.leftovers
        scan.leftovers = []
    }

    /// Moves the segments that a missing one separates from the log to `quarantine/`: somebody may
    /// miss them, and no later start looks at them again.
    mutating func moveSeparated() throws(DiskError) {
        guard !scan.separated.isEmpty else { return }
        try disk.createFolder("quarantine")
        for name in scan.separated {
            let target = try Self.quarantineName(name, on: disk)
            try disk.rename(path(name), to: target)
            report.separated.append(target)
        }
        try disk.flushDirectory("quarantine")
        try disk.flushDirectory(folder)
        try disk.flushDirectory("")
        scan.separated = []
    }

    /// Makes the batches that nothing vouches for durable anew, in a segment of their own: after a
    /// failed flush they may have been read from the page cache only. A log that was closed, or
    /// whose last batches are vouched for, has none.
    mutating func remakeTail() throws(DiskError) {
        guard let first = scan.unvouched.first, let old = scan.segments.last else { return }
        var epochs = scan.epochs
        epochs.truncate(after: first.before.last)
        let needed = SegmentFile.bytes(
            for: scan.unvouched.map(\.batch.payload.count), alignment: options.alignment)
        let header = nextHeader(
            before: first.before, epochs: epochs, previous: previousNumber(first, old),
            bytes: startBytes + needed)
        let name = SegmentName.segment(first: header.first)
        let made = try SegmentFile.create(
            on: disk, folder: folder, name: name, header: header, batches: scan.unvouched,
            durable: scan.vouched)
        defer { made.file.close() }
        let vouch = BatchHeader.frame(
            .vouching, after: scan.head, durable: scan.head.last, commit: scan.commit,
            time: scan.time, salt: header.salt, alignment: header.alignment)
        try made.file.write(vouch, at: made.end)
        try made.file.flush()
        try retire(old, from: first)
        var segment = Segment(name: name, header: header, fileBytes: header.fileBytes)
        segment.end = made.end + vouch.count
        scan.segments.append(segment)
        report.remade = scan.unvouched.count
        scan.unvouched = []
        scan.vouched = scan.head.last
    }

    /// A segment whose batches are all made anew is replaced, with its number as its predecessor's.
    private func previousNumber(_ first: StoredBatch, _ old: Segment) -> UInt64 {
        first.batch.first == old.first ? old.header.previousNumber : old.header.number
    }

    /// Closes the old segment where the new one begins; it was replaced if it began there itself.
    private mutating func retire(_ old: Segment, from first: StoredBatch) throws(DiskError) {
        guard first.batch.first != old.first else {
            scan.segments.removeLast()
            return
        }
        let file = try disk.open(path(old.name), .write)
        defer { file.close() }
        let closing = BatchHeader.frame(
            .closing, after: first.before, durable: scan.head.last, commit: scan.commit,
            time: scan.time, salt: old.header.salt, alignment: old.header.alignment)
        try file.write(closing, at: first.offset)
        try file.flush()
        scan.segments[scan.segments.count - 1].end = first.offset
    }

    private var startBytes: Int { min(options.startSegmentBytes, options.segmentBytes) }

    private mutating func nextHeader(
        before: LogHead, epochs: EpochHistory, previous: UInt64, bytes: Int
    ) -> SegmentHeader {
        scan.highestNumber += 1
        return SegmentHeader(
            begins: previous == 0, alignment: options.alignment, cluster: identity.cluster,
            history: identity.history, number: scan.highestNumber, previousNumber: previous,
            before: before, salt: UInt32(truncatingIfNeeded: randomness.number()),
            fileBytes: (bytes + 4095) / 4096 * 4096, epochs: epochs)
    }

    /// Makes an empty segment after `head`, which takes the place of everything `last` and others
    /// have beyond it.
    mutating func beginAfter(
        _ last: Segment, at head: LogHead, epochs: EpochHistory
    ) throws(DiskError) {
        let isReplaced = last.first == head.last.next
        let header = nextHeader(
            before: head, epochs: epochs,
            previous: isReplaced ? last.header.previousNumber : last.header.number,
            bytes: startBytes)
        let made = try SegmentFile.create(
            on: disk, folder: folder, name: SegmentName.segment(first: header.first),
            header: header, batches: [], durable: head.last)
        made.file.close()
        guard !isReplaced else { return }
        let file = try disk.open(path(last.name), .write)
        defer { file.close() }
        let closing = BatchHeader.frame(
            .closing, after: head, durable: head.last, commit: scan.commit, time: scan.time,
            salt: last.header.salt, alignment: last.header.alignment)
        try file.write(closing, at: last.end)
        try file.flush()
    }

    /// Makes the first segment of a log that has none.
    mutating func begin(at start: LogHead, epochs: EpochHistory) throws(DiskError) {
        let header = nextHeader(before: start, epochs: epochs, previous: 0, bytes: startBytes)
        let name = SegmentName.segment(first: header.first)
        let made = try SegmentFile.create(
            on: disk, folder: folder, name: name, header: header, batches: [], durable: start.last)
        made.file.close()
        scan.segments = [Segment(name: name, header: header, fileBytes: header.fileBytes)]
        scan.replaced.removeAll { $0 == name }
        scan.head = start
        scan.epochs = epochs
        scan.vouched = start.last
    }
}

/// What opening a log found and did.
package struct LogRecovery: Equatable, Sendable {
    package var verdict: TailVerdict = .cleanEnd
    /// Where the bytes of a torn tail were kept.
    package var quarantined: String?
    /// Files that were left over and removed.
    package var removed: [String] = []
    /// Where segments were moved that a missing one separated from the log.
    package var separated: [String] = []
    /// How many batches were written and flushed anew because nothing vouched for them.
    package var remade = 0
    /// The newest commit point a batch names.
    package var commit: LSN = .zero
    /// The time of the last batch, for a clock that never goes back.
    package var time: Int64 = 0
}
