internal import ByteCoding
package import Environment

/// How far to restore.
package enum RestoreTarget: Equatable, Sendable {
    case latest
    case lsn(LSN)
    /// The last batch that is not younger, milliseconds since 1970.
    case time(Int64)
}

/// Makes a node's directory out of an archive: the newest snapshot that is not after the target,
/// and the log from there to the target. Everything is verified on the way: every hash, every
/// checksum, and the chain. The result has a history of its own, so that it can never write into
/// the old archive; `node.meta` is written last, so that half of a restore is no node.
///
/// Blocks, for as long as it takes to read gigabytes. Needs an empty directory.
package struct Restore {
    let check: ArchiveCheck
    let disk: any Disk
    let randomness: any Randomness
    let target: RestoreTarget
    /// The new history, the new node, and the time now.
    let history: Identity
    let node: Identity
    let time: WallTime

    package init(
        check: ArchiveCheck, disk: any Disk, randomness: any Randomness, target: RestoreTarget,
        history: Identity, node: Identity, time: WallTime
    ) {
        self.check = check
        self.disk = disk
        self.randomness = randomness
        self.target = target
        self.history = history
        self.node = node
        self.time = time
    }

    /// What was restored.
    package struct Outcome: Equatable, Sendable {
        /// Newer snapshots that are bad, so that this one was used.
        package var refused: [ArchiveFailure] = []
        package var manifest: Manifest
        package var head: LogHead
        /// The time of the last batch, or of the snapshot if there is none after it.
        package var time: Int64
        package var meta: NodeMeta
    }

    /// The snapshot that will be used, if all of it is good.
    package func plan() throws(ArchiveFailure) -> RestorePoint {
        var refused: [ArchiveFailure] = []
        return try candidates(refused: &refused)[0]
    }

    /// The snapshots from which the target can be reached, newest first; at least one.
    private func candidates(
        refused: inout [ArchiveFailure]
    ) throws(ArchiveFailure) -> [RestorePoint] {
        var found: [RestorePoint] = []
        var reasons: [String] = []
        for point in try check.restorePoints(refused: &refused) {
            if let reason = objection(to: point) {
                reasons.append(reason)
            } else {
                found.append(point)
            }
        }
        guard found.isEmpty else { return found }
        reasons += refused.map(\.description)
        let text = reasons.isEmpty ? "there is no snapshot" : reasons.joined(separator: "; ")
        throw .notRestorable("this point cannot be restored: \(text)")
    }

    /// Why the target cannot be reached from a snapshot; nil if it can.
    private func objection(to point: RestorePoint) -> String? {
        let name = "snapshot \(point.manifest.point)"
        guard let through = point.through else { return "\(name) lacks log records" }
        switch target {
        case .latest: return nil
        case .lsn(let lsn):
            let isWithin = point.manifest.complete.last <= lsn && lsn <= through
            return isWithin ? nil : "\(name) reaches from there to LSN \(through)"
        case .time(let time): return point.manifest.time <= time ? nil : "\(name) is younger"
        }
    }

    /// Restores. A snapshot that turns out to be bad gives way to the one before it.
    package func run() throws(ArchiveFailure) -> Outcome {
        var refused: [ArchiveFailure] = []
        let points = try candidates(refused: &refused)
        let there: [String]
        do throws(DiskError) { there = try disk.list("") } catch { throw .disk(error) }
        guard there.isEmpty else { throw .notEmpty(there) }
        for point in points {
            do throws(ArchiveFailure) {
                var outcome = try restore(point)
                outcome.refused = refused
                return outcome
            } catch {
                guard error.isOfOneFile else { throw error }
                refused.append(error)
                try clear()
            }
        }
        throw refused[0]
    }

    /// Removes what a restore that failed has made in the empty directory it was given.
    private func clear() throws(ArchiveFailure) {
        do throws(DiskError) {
            try disk.removeFolder(SnapshotStore.folder)
            try disk.removeFolder(Log.folder)
            try disk.flushDirectory("")
        } catch { throw .disk(error) }
    }

    private func restore(_ point: RestorePoint) throws(ArchiveFailure) -> Outcome {
        let manifest = try restoreSnapshot(point.manifest)
        var log = RestoredLog(restore: self, manifest: manifest)
        try log.run()
        guard log.head.last >= manifest.complete.last else {
            throw .notRestorable(
                "the log ends at LSN \(log.head.last), before the snapshot is complete")
        }
        let meta = restoredMeta(log.head)
        do throws(DiskError) { try NodeMetaStore(disk: disk).store(meta) } catch {
            throw .disk(error)
        }
        return Outcome(manifest: manifest, head: log.head, time: log.time, meta: meta)
    }

    private func restoreSnapshot(_ original: Manifest) throws(ArchiveFailure) -> Manifest {
        var manifest = original
        manifest.history = history
        let encoded = manifest.encoded(check.cryptography)
        let store = SnapshotStore(disk: disk, cryptography: check.cryptography)
        do throws(SnapshotFailure) {
            var receiver = try SnapshotReceiver(store: store, manifest: encoded)
            for (index, chunk) in manifest.chunks.enumerated() {
                let bytes = try fetch(chunk, of: original.point)
                try receiver.store(file: index, offset: 0, bytes: bytes)
            }
            return try receiver.finish()
        } catch {
            throw Self.failure(error)
        }
    }

    private func fetch(_ chunk: Chunk, of point: LSN) throws(SnapshotFailure) -> [UInt8] {
        do throws(ArchiveFailure) { return try check.chunk(chunk, of: point) } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ failure: ArchiveFailure) -> SnapshotFailure {
        switch failure {
        case .disk(let error): .disk(error)
        case .corrupt(let corruption): .corrupt(corruption)
        case .notRestorable(let reason):
            .corrupt(Corruption(offset: 0, expected: "a snapshot", found: reason))
        case .notEmpty: .corrupt(Corruption(offset: 0, expected: "an empty folder", found: "files"))
        }
    }

    private static func failure(_ failure: SnapshotFailure) -> ArchiveFailure {
        switch failure {
        case .disk(let error): .disk(error)
        case .corrupt(let corruption): .corrupt(corruption)
        case .foreign(let file, let found, let expected):
            .corrupt(
                Corruption(file: file, offset: 0, expected: "\(expected)", found: "\(found)"))
        case .newer(let file): .notRestorable(file.description)
        }
    }

    /// A single node, primary of the new history, that has promised an epoch above all in the log.
    private func restoredMeta(_ head: LogHead) -> NodeMeta {
        let version = head.epoch.version &+ 1
        let register = Register(
            cluster: check.prefix.cluster, history: history, version: version, primary: node,
            members: [node], policy: .solo, soloSince: head.last,
            reason: "restored from history \(check.prefix.history) at LSN \(head.last)",
            actor: "restore", at: time)
        return NodeMeta(
            node: node, cluster: check.prefix.cluster, history: history,
            promised: Epoch(version: version, boot: 0), actingEpoch: head.epoch,
            actingRole: .primary, members: [node], register: register, bootCounter: 0)
    }
}

/// Writes the restored log: a segment for every 64 MiB of records or so.
private struct RestoredLog {
    let restore: Restore
    let manifest: Manifest
    var head: LogHead
    var time: Int64
    private var walk: ArchivedLogWalk
    private var epochs: EpochHistory
    private var number: UInt64 = 0
    private var next: Batch?

    private static let payloadBytes = 48 << 20
    private static let alignment = 4096

    init(restore: Restore, manifest: Manifest) {
        self.restore = restore
        self.manifest = manifest
        head = manifest.start
        time = manifest.time
        walk = ArchivedLogWalk(restore.check, after: manifest.start)
        epochs = manifest.logStart.epochs
    }

    mutating func run() throws(ArchiveFailure) {
        do throws(DiskError) {
            try restore.disk.createFolder(Log.folder)
            try restore.disk.flushDirectory("")
        } catch {
            throw .disk(error)
        }
        next = try takeNext()
        // An empty last segment, too, so that there is a log in any case.
        repeat { try writeSegment() } while next != nil
    }

    /// The next batch, if it is within the target.
    private mutating func takeNext() throws(ArchiveFailure) -> Batch? {
        guard let batch = try walk.next() else { return nil }
        switch restore.target {
        case .latest: return batch
        case .lsn(let lsn):
            guard batch.first <= lsn else { return nil }
            guard batch.last > lsn else { return batch }
            do throws(Corruption) { return try batch.prefix(through: lsn) } catch {
                throw .corrupt(error)
            }
        case .time(let time):
            let isNeeded = batch.last <= manifest.complete.last
            return isNeeded || batch.time <= time ? batch : nil
        }
    }

    private mutating func writeSegment() throws(ArchiveFailure) {
        let before = head
        let epochsBefore = epochs
        var batches: [StoredBatch] = []
        var payload = 0
        while let batch = next, payload < Self.payloadBytes {
            batches.append(
                StoredBatch(
                    batch: batch, before: head, chain: batch.chain, durable: head.last,
                    commit: head.last, offset: 0))
            head = LogHead(last: batch.last, epoch: batch.epoch, chain: batch.chain)
            time = batch.time
            epochs.note(batch.epoch, at: batch.first)
            payload += batch.payload.count
            next = try takeNext()
        }
        number += 1
        let size = SegmentFile.bytes(
            for: batches.map(\.batch.payload.count), alignment: Self.alignment)
        let header = SegmentHeader(
            begins: number == 1, alignment: Self.alignment, cluster: manifest.cluster,
            history: restore.history, number: number, previousNumber: number - 1, before: before,
            salt: UInt32(truncatingIfNeeded: restore.randomness.number()), fileBytes: size,
            epochs: epochsBefore)
        do throws(DiskError) {
            try SegmentFile.create(
                on: restore.disk, folder: Log.folder,
                name: SegmentName.segment(first: header.first), header: header, batches: batches,
                durable: head.last, isClosed: next != nil
            ).file.close()
        } catch {
            throw .disk(error)
        }
    }
}
