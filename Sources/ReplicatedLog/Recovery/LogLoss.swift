internal import ByteCoding
package import Environment

/// Accepts that records are lost: what `holdfast-tools log repair --accept-loss` does with a log
/// that is damaged, when there is no other node and no archive to get the records from.
///
/// The log is kept up to the last record that verifies and follows without a gap; everything after
/// that is moved to `quarantine/`. Nothing is deleted. The node's next start finds a clean end.
package struct LogLoss {
    let disk: any Disk
    let identity: LogIdentity
    let randomness: any Randomness
    /// The records after this one are needed: the start of the snapshot that will be loaded.
    let needed: LSN

    package init(
        disk: any Disk, identity: LogIdentity, randomness: any Randomness, needed: LSN
    ) {
        self.disk = disk
        self.identity = identity
        self.randomness = randomness
        self.needed = needed
    }

    /// What was given up.
    package struct Outcome: Equatable, Sendable {
        /// Where the log ends now.
        package var head: LogHead
        /// What was wrong; nil if nothing was, and nothing was done.
        package var damage: TailVerdict?
        /// Files that were moved, or copied, to `quarantine/`.
        package var quarantined: [String] = []
    }

    /// What is wrong, and where the log would end. Changes nothing.
    package func look() throws(DiskError) -> (verdict: TailVerdict, last: LSN) {
        let scan = try self.scan()
        return (scan.verdict, scan.head.last)
    }

    /// Repairs. To be run on a node that is not running.
    /// - Throws: `.foreign` for files that are not this log's: those are to be moved away by hand;
    ///   `.damage` if there is no segment with the first needed record.
    package func accept() throws(LogFailure) -> Outcome {
        do {
            var outcome = Outcome(head: .empty)
            let first = try self.scan()
            guard first.verdict != .cleanEnd else { return Outcome(head: first.head) }
            if case .foreign(let foreign) = first.verdict { throw LogFailure.foreign(foreign) }
            outcome.damage = first.verdict
            try moveDisconnected(&outcome)
            let scan = try self.scan()
            outcome.head = scan.head
            guard let last = try kept(scan) else { throw LogFailure(first.verdict) }
            if scan.verdict != .cleanEnd { try cut(scan, last, &outcome) }
            return outcome
        } catch let failure as LogFailure {
            throw failure
        } catch let error as DiskError {
            throw .disk(error)
        } catch {
            preconditionFailure("no other error is thrown")
        }
    }

    private func scan() throws(DiskError) -> LogScan {
        var scanner = LogScanner(
            disk: disk, folder: Log.folder, identity: identity,
            evidence: LogEvidence(needed: needed, isFresh: false))
        return try scanner.run()
    }

    /// Moves segments without a readable header away, and those that a missing one separates from
    /// the first needed record.
    private func moveDisconnected(_ outcome: inout Outcome) throws(DiskError) {
        let inspection = LogInspection(disk: disk)
        let summaries = try inspection.segments()
        for summary in summaries where summary.header == nil {
            try move(summary.name, &outcome)
        }
        let live = Self.live(summaries)
        guard var index = live.lastIndex(where: { $0.header.first <= needed.next }) else { return }
        while index + 1 < live.count,
            live[index + 1].header.previousNumber == live[index].header.number
        {
            index += 1
        }
        for segment in live.dropFirst(index + 1) { try move(segment.name, &outcome) }
    }

    private typealias Named = (name: String, header: LogInspection.SegmentSummary.Header)

    /// The segments by number, without those whose place another has taken.
    private static func live(_ summaries: [LogInspection.SegmentSummary]) -> [Named] {
        var live: [Named] = []
        let all = summaries.compactMap { summary in summary.header.map { (summary.name, $0) } }
        for (name, header) in all.sorted(by: { $0.1.number < $1.1.number }) {
            let begins = header.previousNumber == 0
            while let last = live.last, begins || last.header.first >= header.first {
                live.removeLast()
            }
            live.append((name, header))
        }
        return live
    }

    private func move(_ name: String, _ outcome: inout Outcome) throws(DiskError) {
        try disk.createFolder("quarantine")
        let target = try LogRepair.quarantineName(name, on: disk)
        try disk.rename("\(Log.folder)/\(name)", to: target)
        try disk.flushDirectory("quarantine")
        try disk.flushDirectory(Log.folder)
        try disk.flushDirectory("")
        outcome.quarantined.append(target)
    }

    /// The last segment that keeps anything; nil if there is no log at the first needed record.
    private func kept(_ scan: LogScan) throws(DiskError) -> Segment? {
        scan.segments.last { $0.first <= max(scan.head.last, LSN(1)) } ?? scan.segments.first
    }

    /// Ends the log after the last good batch: the rest of that segment is copied and closed off,
    /// the segments behind it are moved, and a new one takes their place.
    private func cut(
        _ scan: LogScan, _ last: Segment, _ outcome: inout Outcome
    ) throws(DiskError) {
        var repair = LogRepair(
            disk: disk, folder: Log.folder, identity: identity, options: LogOptions(),
            randomness: randomness, scan: scan)
        let mark = AckedMark(disk: disk, folder: Log.folder)
        if try mark.load() > scan.head.last { try mark.store(scan.head.last) }
        let path = "\(Log.folder)/\(last.name)"
        try keepCopy(of: last, path, scan, repair, &outcome)
        // Behind it first the newest, so that a crash leaves a shorter log of the same kind.
        for segment in scan.segments.reversed() where segment.first > last.first {
            try move(segment.name, &outcome)
        }
        repair.scan.segments = [last]
        try repair.beginAfter(last, at: scan.head, epochs: scan.epochs)
    }
}

extension LogLoss {
    /// Copies what lies behind the last good batch of a segment, if anything does.
    private func keepCopy(
        of last: Segment, _ path: String, _ scan: LogScan, _ repair: LogRepair,
        _ outcome: inout Outcome
    ) throws(DiskError) {
        let file = try disk.open(path, .read)
        defer { file.close() }
        let end = try TailSearch.lastNonzero(file, from: last.end, to: last.fileBytes)
        guard let end else { return }
        let tail = TornTail(
            file: path, offset: last.end, end: end, lsn: scan.head.last.next,
            corruption: Corruption(
                file: path, offset: last.end, expected: "good batches", found: "others"),
            laterBatches: 0)
        outcome.quarantined.append(try repair.quarantine(tail))
    }
}

extension LogFailure {
    /// The refusal that a verdict is.
    init(_ verdict: TailVerdict) {
        switch verdict {
        case .damage(let damage): self = .damage(damage)
        case .foreign(let foreign): self = .foreign(foreign)
        case .tornTail(let tail), .undecided(let tail): self = .undecided(tail)
        case .cleanEnd, .crashInRotation: self = .gone(oldest: LSN(1))
        }
    }
}
