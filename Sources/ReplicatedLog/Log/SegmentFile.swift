internal import Environment

/// Makes whole segment files in one go: what a start, a truncation and a restore do. (A running log
/// prepares its segments ahead instead.)
enum SegmentFile {
    /// Creates the segment with `batches` in it under `path`, durably, and leaves it open. A file
    /// of that name is replaced, in one step.
    ///
    /// - Parameter isClosed: whether a closing mark follows the last batch: only where nothing can
    ///   be acknowledged before the segment after this one is there.
    /// - Returns: the open file and the offset after the last batch.
    static func create(
        on disk: any Disk, folder: String, name: String, header: SegmentHeader,
        batches: [StoredBatch], durable: LSN, isClosed: Bool = false
    ) throws(DiskError) -> (file: any DiskFile, end: Int) {
        let temporary = "\(folder)/\(name).tmp"
        if try disk.exists(temporary) { try disk.remove(temporary) }
        let file = try disk.open(temporary, .create)
        do throws(DiskError) {
            try file.fill(from: 0, to: header.fileBytes)
            try file.write(header.encoded(), at: 0)
            var end = SegmentHeader.bytes
            for stored in batches {
                let bytes = BatchHeader.frame(
                    stored.batch, durable: min(durable, stored.durable), commit: stored.commit,
                    salt: header.salt, alignment: header.alignment)
                try file.write(bytes, at: end)
                end += bytes.count
            }
            if isClosed { try file.write(closing(header, batches, durable), at: end) }
            try file.flush()
            try disk.rename(temporary, to: "\(folder)/\(name)")
            try disk.flushDirectory(folder)
            return (file, end)
        } catch {
            file.close()
            if error.kind == .noSpace { try disk.remove(temporary) }
            throw error
        }
    }

    private static func closing(
        _ header: SegmentHeader, _ batches: [StoredBatch], _ durable: LSN
    ) -> [UInt8] {
        BatchHeader.frame(
            .closing, after: batches.last?.head ?? header.before, durable: durable,
            commit: batches.last?.commit ?? .zero, time: batches.last?.batch.time ?? 0,
            salt: header.salt, alignment: header.alignment)
    }

    /// The size a segment needs for payloads of these sizes, a closing mark and a vouching mark.
    static func bytes(for payloads: [Int], alignment: Int) -> Int {
        var size = SegmentHeader.bytes + 2 * alignment
        for payload in payloads {
            size += BatchHeader.framedBytes(payload: payload, alignment: alignment)
        }
        return size
    }
}
