internal import ByteCoding
internal import Environment

/// A segment of the log, as recovery finds it and as the running log keeps it.
struct Segment: Equatable, Sendable {
    /// The file's name in the log's folder.
    var name: String
    var header: SegmentHeader
    /// The file's size.
    var fileBytes: Int
    /// The offset after its last batch, once that is known.
    var end: Int
    /// Places to begin reading at, in order; the first is the first batch.
    var marks: [SegmentMark]

    var first: LSN { header.first }

    init(name: String, header: SegmentHeader, fileBytes: Int) {
        self.name = name
        self.header = header
        self.fileBytes = fileBytes
        self.end = SegmentHeader.bytes
        self.marks = [SegmentMark(offset: SegmentHeader.bytes, before: header.before)]
    }

    /// Marks are this far apart: what is read and thrown away to find a batch.
    static let markDistance = 256 << 10

    /// Takes note of a batch that begins at `offset` after `before`, and ends at `end`.
    mutating func note(offset: Int, before: LogHead, end: Int) {
        if let last = marks.last, offset - last.offset >= Self.markDistance {
            marks.append(SegmentMark(offset: offset, before: before))
        }
        self.end = end
    }
}

/// A place in a segment where a batch begins, and the head of the log before it.
struct SegmentMark: Equatable, Sendable {
    var offset: Int
    var before: LogHead
}

/// What recovery finds in the log's folder, before anything is changed.
///
/// The segments are ordered by their numbers. One that begins at or before the beginning of others
/// with smaller numbers has taken their place (a truncation, or a tail made durable anew), so those
/// are dead; what a segment holds beyond the first record of the next one is dead, too.
struct LogScan {
    /// The live segments, oldest first.
    var segments: [Segment] = []
    /// Files that are left over and can be removed: half-made segments, dead ones.
    var leftovers: [String] = []
    /// Segments from before a missing one: not needed, and the last word on what they hold.
    var separated: [String] = []
    /// Segments that are given up as soon as the log has begun anew.
    var replaced: [String] = []
    var head: LogHead
    var epochs = EpochHistory()
    /// The head of the log where it is needed from, if a batch ends there.
    var atNeeded: LogHead?
    /// Everything up to here is known to have been flushed.
    var vouched: LSN = .zero
    /// The batches after it.
    var unvouched: [StoredBatch] = []
    /// The newest commit point that a batch names.
    var commit: LSN = .zero
    /// The time of the last batch.
    var time: Int64 = 0
    var verdict: TailVerdict = .cleanEnd
    /// The highest number any segment has.
    var highestNumber: UInt64 = 0
}

/// Looks through a log's folder. Reads only.
struct LogScanner {
    let disk: any Disk
    let folder: String
    let identity: LogIdentity?
    let evidence: LogEvidence
    var scan: LogScan
    /// Who wants what is committed.
    var committed: CommittedReader?
    /// What `acked.mark` and the peer say was acknowledged.
    var acknowledged: LSN = .zero
    /// A last segment that has bytes and no good header: nothing of it can be read.
    private var headerlessLast: TornTail?

    /// - Parameter identity: whose log it must be; nil takes any (inspection).
    init(disk: any Disk, folder: String, identity: LogIdentity?, evidence: LogEvidence) {
        self.disk = disk
        self.folder = folder
        self.identity = identity
        self.evidence = evidence
        self.scan = LogScan(head: .empty)
    }

    /// Complexity: O(bytes of the log after `evidence.needed`) plus a header for each segment.
    mutating func run() throws(DiskError) -> LogScan {
        let marked = try AckedMark(disk: disk, folder: folder).load()
        acknowledged = max(marked, evidence.acknowledged ?? .zero)
        guard let found = try readHeaders() else { return scan }
        guard try linked(found) else { return scan }
        guard !scan.segments.isEmpty else {
            let isMissing = !evidence.isFresh || acknowledged > .zero
            if isMissing { refuseMissing(from: acknowledged) } else { settleHeaderless() }
            return scan
        }
        try readBatches()
        settleHeaderless()
        return scan
    }

    private mutating func refuseMissing(from lsn: LSN) {
        let needed = max(evidence.needed.next, lsn)
        let corruption = Corruption(
            file: folder, offset: 0, expected: "log segments", found: "none that begin in time")
        damage(
            headerlessLast?.corruption ?? corruption, lsn: evidence.needed.next,
            .beginningMissing(needed: needed))
    }

    /// A last segment that cannot be read was named when everything before its first record was
    /// flushed, and nothing in it was reported as flushed before the one before it was closed. So
    /// if that is whole up to there, and open, the file alone is the undecided tail.
    private mutating func settleHeaderless() {
        guard var tail = headerlessLast else { return }
        let next = scan.head.last.next
        switch scan.verdict {
        case .cleanEnd, .crashInRotation:
            guard next >= tail.lsn else {
                return damage(tail.corruption, lsn: next, .notLast(next: tail.file))
            }
            tail.lsn = next
            scan.verdict = evidence.acknowledged == nil ? .undecided(tail) : .tornTail(tail)
        case .tornTail(let torn), .undecided(let torn):
            damage(torn.corruption, lsn: torn.lsn, .notLast(next: tail.file))
        case .damage, .foreign: return
        }
    }

    /// Sets the verdict `damage`.
    mutating func damage(_ corruption: Corruption, lsn: LSN, _ evidence: DamageEvidence) {
        scan.verdict = .damage(LogDamage(corruption: corruption, lsn: lsn, evidence: evidence))
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }
}

// MARK: - Headers

extension LogScanner {
    /// All segments by number; nil if one of them settles the verdict.
    private mutating func readHeaders() throws(DiskError) -> [Segment]? {
        let names = try disk.list(folder)
        scan.leftovers = names.filter { $0.hasSuffix(".tmp") }
        let segmentNames = names.filter { SegmentName.first(in: $0) != nil }
        var segments: [Segment] = []
        for name in segmentNames {
            let file = try disk.open(path(name), .read)
            defer { file.close() }
            let size = try file.size()
            let bytes = try file.read(at: 0, count: min(size, SegmentHeader.bytes))
            do throws(SegmentHeader.Refusal) {
                let header = try SegmentHeader(bytes)
                segments.append(Segment(name: name, header: header, fileBytes: size))
            } catch {
                switch error {
                case .version(let version):
                    refuse(name, .version(found: version, known: SegmentHeader.version))
                    return nil
                case .corrupt(let corruption):
                    let isLast = name == segmentNames.last
                    guard try headerless(file, name, size, isLast, corruption) else { return nil }
                }
            }
        }
        segments.sort { $0.header.number < $1.header.number }
        scan.highestNumber = segments.last?.header.number ?? 0
        return isOurs(segments) ? segments : nil
    }

    private mutating func refuse(_ name: String, _ reason: ForeignFile.Reason) {
        scan.verdict = .foreign(ForeignFile(file: path(name), reason: reason))
    }

    /// A segment without a header: an empty last one is what a crash leaves; anything else is not.
    /// - Returns: whether the scan can go on without it.
    private mutating func headerless(
        _ file: any DiskFile, _ name: String, _ size: Int, _ isLast: Bool, _ reason: Corruption
    ) throws(DiskError) -> Bool {
        let first = SegmentName.first(in: name) ?? .zero
        let corruption = reason.within(file: path(name), at: 0)
        guard isLast else {
            damage(corruption, lsn: first, .notLast(next: "another segment"))
            return false
        }
        guard acknowledged < first else {
            damage(corruption, lsn: first, .acknowledged(acknowledged))
            return false
        }
        let end = try TailSearch.lastNonzero(file, from: 0, to: size)
        guard let end else {
            scan.leftovers.append(name)
            scan.verdict = .crashInRotation(file: path(name))
            return true
        }
        headerlessLast = TornTail(
            file: path(name), offset: 0, end: end, lsn: first, corruption: corruption,
            laterBatches: 0)
        return true
    }

    private mutating func isOurs(_ segments: [Segment]) -> Bool {
        for (index, segment) in segments.enumerated() {
            let header = segment.header
            if let identity, header.cluster != identity.cluster {
                let reason = ForeignFile.Reason.cluster(
                    found: header.cluster, expected: identity.cluster)
                refuse(segment.name, reason)
            } else if let identity, header.history != identity.history,
                !identity.earlierHistories.contains(header.history)
            {
                let reason = ForeignFile.Reason.history(
                    found: header.history, expected: identity.history)
                refuse(segment.name, reason)
            } else if SegmentName.segment(first: header.first) != segment.name {
                refuse(segment.name, .name(first: header.first))
            } else if index > 0, segments[index - 1].header.number == header.number {
                let other = path(segments[index - 1].name)
                refuse(segment.name, .number(header.number, other: other))
            } else {
                continue
            }
            return false
        }
        return true
    }

    /// Finds the live segments. - Returns: whether the scan can go on.
    private mutating func linked(_ found: [Segment]) throws(DiskError) -> Bool {
        var live: [Segment] = []
        for segment in found {
            while let last = live.last, segment.header.begins || last.first >= segment.first {
                scan.leftovers.append(last.name)
                live.removeLast()
            }
            live.append(segment)
        }
        guard var oldest = live.indices.last else { return true }
        while oldest > 0, live[oldest].header.previousNumber == live[oldest - 1].header.number {
            oldest -= 1
        }
        guard live[oldest].first <= evidence.needed.next else {
            let segment = live[oldest]
            let previous = segment.header.previousNumber
            damage(
                Corruption(
                    file: path(segment.name), offset: 56, expected: "segment \(previous) before it",
                    found: oldest > 0 ? "segment \(live[oldest - 1].header.number)" : "none"),
                lsn: evidence.needed.next,
                oldest > 0 ? .gap : .beginningMissing(needed: evidence.needed.next))
            return false
        }
        scan.separated = live[..<oldest].map(\.name)
        scan.segments = [Segment](live[oldest...])
        return true
    }
}
