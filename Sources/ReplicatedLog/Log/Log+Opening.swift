internal import ByteCoding
package import Environment

/// Where a log begins that has no segments yet: at the very beginning, or after a snapshot.
package struct LogStart: Equatable, Sendable {
    package var head: LogHead
    package var epochs: EpochHistory

    package init(head: LogHead = .empty, epochs: EpochHistory = EpochHistory()) {
        self.head = head
        self.epochs = epochs
    }
}

/// What to do with a last batch that is bad when nothing says whether it was acknowledged.
package enum UndecidedTail: Sendable {
    /// Change nothing and throw `.undecided`: a member of a pair asks the other one, then opens
    /// again with its answer as `LogEvidence.acknowledged`.
    case ask
    /// Cut it: a node that is alone, for which `acked.mark` does not say that it was acknowledged.
    case cut
}

extension Log {
    /// Opens the log, having verified all of it from the first record that is needed, and having
    /// made its end clean and durable. Returns when that is done (it reads up to gigabytes).
    ///
    /// - Parameter start: the snapshot's `logStart` where there is a snapshot: the records after it
    ///   are needed, the log must have its head there, and a log that has no segments begins there.
    /// - Parameter committed: called with the batches after `start`, in order, as far as they are
    ///   seen to be committed: they need not be read again. Opening may fail all the same.
    /// - Throws: `.damage`, `.foreign` and `.undecided` with the disk unchanged; `.disk`.
    package static func open(
        disk: any Disk, identity: LogIdentity, options: LogOptions, queues: LogQueues,
        randomness: any Randomness, evidence: LogEvidence, start: LogStart = LogStart(),
        undecided: UndecidedTail = .ask, committed: ((Batch) -> Void)? = nil
    ) throws(LogFailure) -> Log {
        do {
            try disk.createFolder(folder)
            try disk.flushDirectory("")
            var evidence = evidence
            if start.head != .empty { evidence.needed = start.head.last }
            var scanner = LogScanner(
                disk: disk, folder: folder, identity: identity, evidence: evidence)
            scanner.committed = committed.map { CommittedReader(from: start.head, $0) }
            let scan = try scanner.run()
            var repair = LogRepair(
                disk: disk, folder: folder, identity: identity, options: options,
                randomness: randomness, scan: scan)
            if let refusal = refusal(scan.verdict, undecided) { throw refusal }
            try check(&repair.scan, start, evidence)
            return try open(&repair, start, queues)
        } catch let failure as LogFailure {
            throw failure
        } catch let error as DiskError {
            throw .disk(error)
        } catch {
            preconditionFailure("no other error is thrown")
        }
    }

    private static func refusal(
        _ verdict: TailVerdict, _ undecided: UndecidedTail
    ) -> LogFailure? {
        switch verdict {
        case .cleanEnd, .crashInRotation, .tornTail: nil
        case .undecided(let tail): undecided == .cut ? nil : .undecided(tail)
        case .damage(let damage): .damage(damage)
        case .foreign(let foreign): .foreign(foreign)
        }
    }

    /// A log must have the head that the snapshot names, or what is applied on top of the snapshot
    /// is not what followed it. One that has nothing, or need not be kept, begins anew.
    private static func check(
        _ scan: inout LogScan, _ start: LogStart, _ evidence: LogEvidence
    ) throws(LogFailure) {
        guard let last = scan.segments.last, scan.atNeeded != start.head, start.head != .empty
        else { return }
        guard evidence.isReplaceable || scan.head.last == .zero else {
            let corruption = Corruption(
                file: "\(folder)/\(last.name)", offset: 0,
                expected: "a log that has \(start.head)",
                found: scan.atNeeded.map { "\($0)" } ?? "one that ends at \(scan.head.last)")
            throw .damage(
                LogDamage(
                    corruption: corruption, lsn: start.head.last.next,
                    evidence: .otherSnapshot(at: start.head.last)))
        }
        scan.replaced = scan.segments.map(\.name)
        scan.segments = []
        scan.unvouched = []
    }

    private static func open(
        _ repair: inout LogRepair, _ start: LogStart, _ queues: LogQueues
    ) throws(DiskError) -> Log {
        try withReserve(repair.disk) { () throws(DiskError) in
            switch repair.scan.verdict {
            case .tornTail(let tail), .undecided(let tail): try repair.cut(tail)
            case .cleanEnd, .crashInRotation, .damage, .foreign: break
            }
        }
        try repair.removeLeftovers()
        try repair.moveSeparated()
        try withReserve(repair.disk) { () throws(DiskError) in
            if repair.scan.segments.isEmpty {
                try repair.begin(at: start.head, epochs: start.epochs)
            }
            try repair.remakeTail()
        }
        // What was given up for a new beginning is dead only now that there is one.
        repair.scan.leftovers = repair.scan.replaced
        try repair.removeLeftovers()
        // A process that was killed between naming a segment and flushing the folder leaves a name
        // that is seen and not durable: what is appended now would go with it when power is lost.
        try repair.disk.flushDirectory(folder)
        repair.report.verdict = repair.scan.verdict
        repair.report.commit = repair.scan.commit
        repair.report.time = repair.scan.time
        let last = repair.scan.segments[repair.scan.segments.count - 1]
        let file = try repair.disk.open("\(folder)/\(last.name)", .write)
        let log = Log(repaired: repair, file: file, recovery: repair.report, queues: queues)
        log.prepareAhead()
        return log
    }

    /// Does `work`; if there is no space for it, gives the reserve up and does it again.
    static func withReserve(
        _ disk: any Disk, _ work: () throws(DiskError) -> Void
    ) throws(DiskError) {
        do throws(DiskError) {
            try work()
        } catch {
            guard error.kind == .noSpace, try LogReserve.release(on: disk) else { throw error }
            try work()
        }
    }
}
