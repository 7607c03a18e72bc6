internal import ByteCoding
package import Environment

extension ShippingStep {
    /// Does the step. Blocks: for the background queue.
    ///
    /// - Parameter batches: for `.log`, the batches the log gave for it (`Log.batches`, up to
    ///   `ArchivedLogFile.payloadBytes`) with the head before the first; those after `through` are
    ///   left out. Nil for other steps.
    package func perform(
        archive: any Archive, store: SnapshotStore, identity: LogIdentity,
        batches: ShippedBatches? = nil
    ) throws(DiskError) -> ShippingOutcome {
        let prefix = ArchivePrefix(cluster: identity.cluster, history: identity.history)
        switch self {
        case .list: return .listed(try archive.list(prefix.text))
        case .log(_, let through):
            guard let batches else { return .done }
            return try Self.ship(batches, through, archive, prefix, identity)
        case .chunk(let chunk, let point):
            let bytes: [UInt8]
            do throws(SnapshotFailure) { bytes = try store.file(chunk, of: point) } catch {
                throw Self.failure(error, file: chunk.name)
            }
            try archive.publish(prefix.snapshot(point, file: chunk.name), bytes)
            return .done
        case .manifest(let manifest):
            let name = prefix.snapshot(manifest.point, file: Manifest.fileName)
            try archive.publish(name, manifest.encoded(store.cryptography))
            return .done
        case .hint(let point):
            let text = SegmentName.hexadecimal(point.rawValue)
            try archive.replaceHint(prefix.latest, [UInt8](text.utf8))
            return .done
        }
    }

    private static func ship(
        _ stretch: ShippedBatches, _ through: LSN, _ archive: any Archive,
        _ prefix: ArchivePrefix, _ identity: LogIdentity
    ) throws(DiskError) -> ShippingOutcome {
        let batches = [Batch](stretch.batches.prefix { $0.last <= through })
        guard let first = batches.first, let last = batches.last else { return .done }
        let file = ArchivedLog(first: first.first, last: last.last, epoch: last.epoch)
        let name = prefix.log(file)
        let frame = ArchivedLogFile.encode(batches, after: stretch.before, identity: identity)
        do throws(DiskError) {
            try archive.publish(name, frame)
        } catch {
            // The same records compressed by another version of LZ4 are the same file.
            guard error.kind == .exists else { throw error }
            let raw = ArchivedLogFile.raw(batches, after: stretch.before, identity: identity)
            guard try isSame(raw, as: name, archive) else { throw error }
        }
        return .shipped(through: last.last)
    }

    private static func isSame(
        _ raw: [UInt8], as name: String, _ archive: any Archive
    ) throws(DiskError) -> Bool {
        let there = try archive.read(name)
        do throws(Corruption) {
            return try LZ4.decompressFrame(there, limit: ArchivedLogFile.rawLimit) == raw
        } catch {
            return false
        }
    }

    private static func failure(_ failure: SnapshotFailure, file: String) -> DiskError {
        if case .disk(let error) = failure { return error }
        return DiskError(.ioError, path: file, reason: "\(failure)")
    }
}

/// Batches to be shipped, and the head of the log before them.
package struct ShippedBatches: Equatable, Sendable {
    package var before: LogHead
    package var batches: [Batch]

    package init(before: LogHead, batches: [Batch]) {
        self.before = before
        self.batches = batches
    }
}
