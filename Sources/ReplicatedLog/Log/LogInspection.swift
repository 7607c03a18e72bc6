package import ByteCoding
package import Environment

/// Looks at a log that no process has open: what `holdfast-tools log` prints. Reads only.
///
/// `folder` is the path of the folder with the segments, within `disk`.
package struct LogInspection {
    let disk: any Disk
    let folder: String

    package init(disk: any Disk, folder: String = Log.folder) {
        self.disk = disk
        self.folder = folder
    }

    /// A segment file, by its header.
    package struct SegmentSummary: Equatable, Sendable {
        package var name: String
        /// The file's size.
        package var bytes: Int
        /// What the header says; nil if it cannot be read, with the reason in `problem`.
        package var header: Header?
        package var problem: String?

        package struct Header: Equatable, Sendable {
            package var cluster: Identity
            package var history: Identity
            package var number: UInt64
            package var previousNumber: UInt64
            package var first: LSN
            package var before: LogHead
            package var alignment: Int
            package var fileBytes: Int
        }
    }

    /// A batch as it lies in a file.
    package struct InspectedBatch: Equatable, Sendable {
        package var segment: String
        package var offset: Int
        package var batch: Batch
        package var chain: UInt64
        /// What the node that wrote it had flushed, and knew to be committed, when it built it.
        package var durable: LSN
        package var commit: LSN
    }

    /// What verifying a log came to.
    package struct Report: Equatable, Sendable {
        package var verdict: TailVerdict
        /// The head of what is whole, and how far it is known to have been flushed.
        package var head: LogHead
        package var vouched: LSN
        package var oldest: LSN
        package var segments: Int
        /// Files that are no part of the log: half-made, or superseded segments.
        package var leftovers: [String]
    }

    /// All segment files, by name.
    package func segments() throws(DiskError) -> [SegmentSummary] {
        var result: [SegmentSummary] = []
        for name in try disk.list(folder) where SegmentName.first(in: name) != nil {
            result.append(try summary(name))
        }
        return result
    }

    private func summary(_ name: String) throws(DiskError) -> SegmentSummary {
        let file = try disk.open("\(folder)/\(name)", .read)
        defer { file.close() }
        let size = try file.size()
        let bytes = try file.read(at: 0, count: min(size, SegmentHeader.bytes))
        var summary = SegmentSummary(name: name, bytes: size)
        do throws(SegmentHeader.Refusal) {
            let header = try SegmentHeader(bytes)
            summary.header = SegmentSummary.Header(
                cluster: header.cluster, history: header.history, number: header.number,
                previousNumber: header.previousNumber, first: header.first, before: header.before,
                alignment: header.alignment, fileBytes: header.fileBytes)
        } catch {
            switch error {
            case .corrupt(let corruption): summary.problem = corruption.description
            case .version(let version): summary.problem = "format \(version) is not known"
            }
        }
        return summary
    }

    /// Scans the whole log, every byte that is still there, as a start would.
    /// - Parameter identity: whose it must be; nil takes any.
    package func verify(identity: LogIdentity? = nil) throws(DiskError) -> Report {
        let oldest = try oldestFirst()
        let needed = oldest.map { LSN($0.rawValue - 1) } ?? .zero
        var scanner = LogScanner(
            disk: disk, folder: folder, identity: identity,
            evidence: LogEvidence(needed: needed, isFresh: oldest == nil))
        let scan = try scanner.run()
        return Report(
            verdict: scan.verdict, head: scan.head, vouched: max(scan.vouched, .zero),
            oldest: scan.segments.first?.first ?? .zero, segments: scan.segments.count,
            leftovers: scan.leftovers)
    }

    /// The first record of the segment with the smallest number: where a scan of all begins.
    private func oldestFirst() throws(DiskError) -> LSN? {
        let headers = try segments().compactMap(\.header)
        return headers.min { $0.first < $1.first }?.first
    }

    /// Calls `visit` for each batch of the live log that holds a record from `first` to `last`, in
    /// order, until it returns false or something does not verify.
    /// - Returns: what stopped it, if anything is wrong there; a clean end is nil.
    package func forEachBatch(
        from first: LSN = LSN(1), to last: LSN = LSN(.max), _ visit: (InspectedBatch) -> Bool
    ) throws(DiskError) -> Corruption? {
        var scanner = LogScanner(
            disk: disk, folder: folder, identity: nil,
            evidence: LogEvidence(needed: LSN(max(first.rawValue, 1) - 1), isFresh: true))
        let scan = try scanner.run()
        let live = scan.segments
        // Without a segment that begins in time there is nothing to visit, and that is not "none".
        if live.isEmpty, let problem = scan.verdict.problem { return problem }
        for (index, segment) in live.enumerated() {
            let end = index + 1 < live.count ? live[index + 1].first : LSN(.max)
            guard end > first else { continue }
            guard segment.first <= last else { return nil }
            let stop = try walk(segment.name, until: end) { batch in
                if batch.batch.last < first { return true }
                return batch.batch.first <= last && visit(batch)
            }
            switch stop {
            case .ended: continue
            case .refused: return nil
            case .wrong(let corruption): return corruption
            }
        }
        return nil
    }

    /// Calls `visit` for each batch of one segment file, by itself, whether or not it is live.
    /// - Returns: what stopped it, if anything is wrong there.
    package func forEachBatch(
        inSegment name: String, _ visit: (InspectedBatch) -> Bool
    ) throws(DiskError) -> Corruption? {
        if case .wrong(let corruption) = try walk(name, until: LSN(.max), visit) {
            return corruption
        }
        return nil
    }

    private enum Stop {
        case ended
        case refused
        case wrong(Corruption)
    }

    private func walk(
        _ name: String, until end: LSN, _ visit: (InspectedBatch) -> Bool
    ) throws(DiskError) -> Stop {
        let path = "\(folder)/\(name)"
        let file = try disk.open(path, .read)
        defer { file.close() }
        let size = try file.size()
        let bytes = try file.read(at: 0, count: min(size, SegmentHeader.bytes))
        let header: SegmentHeader
        do throws(SegmentHeader.Refusal) { header = try SegmentHeader(bytes) } catch {
            guard case .corrupt(let corruption) = error else {
                return .wrong(
                    Corruption(file: path, offset: 8, expected: "format 1", found: "another"))
            }
            return .wrong(corruption.within(file: path, at: 0))
        }
        var reader = SegmentReader(
            file: file, path: path, salt: header.salt, alignment: header.alignment, end: size,
            offset: SegmentHeader.bytes, head: header.before)
        while reader.head.last.next < end {
            let before = reader.offset
            switch try reader.next() {
            case .batch(let stored):
                let batch = InspectedBatch(
                    segment: name, offset: stored.offset, batch: stored.batch, chain: stored.chain,
                    durable: stored.durable, commit: stored.commit)
                guard visit(batch) else { return .refused }
            case .mark: if reader.offset == before { return .ended }
            case .blank: return .ended
            case .broken(let corruption): return .wrong(corruption)
            case .foreign(let version):
                return .wrong(
                    Corruption(
                        file: path, offset: reader.offset, expected: "batch version 1",
                        found: "version \(version)"))
            }
        }
        return .ended
    }
}
