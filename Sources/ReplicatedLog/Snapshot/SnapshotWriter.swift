internal import ByteCoding
package import Environment

/// Writes a snapshot as a stream: the owner gives the bytes of one workspace after the other, the
/// writer cuts them into chunks, compresses and hashes those, and publishes the whole at the end.
///
/// Nothing is visible before `finish`; an error leaves nothing but the temporary folder, which
/// `abandon` (and the next `begin`) removes. Blocks: for the background queue.
///
/// `@unchecked Sendable`: confined to the one queue that writes the snapshot.
package final class SnapshotWriter: @unchecked Sendable {
    private let disk: any Disk
    private let cryptography: any Cryptography
    private let chunkBytes: Int
    private var content: ByteWriter
    private var chunks: [Chunk] = []

    /// The folder a snapshot is made in.
    static let temporary = "\(SnapshotStore.folder)/tmp-snapshot"

    /// - Parameter chunkBytes: where a chunk is closed, in bytes before compression.
    package init(
        disk: any Disk, cryptography: any Cryptography, chunkBytes: Int = 4 << 20
    ) {
        precondition((64...SnapshotLimits.chunkBytes).contains(chunkBytes), "\(chunkBytes)")
        self.disk = disk
        self.cryptography = cryptography
        self.chunkBytes = chunkBytes
        content = ByteWriter(capacity: min(chunkBytes, 1 << 20))
    }

    /// Makes the folder, empty.
    package func begin() throws(DiskError) {
        try disk.createFolder(SnapshotStore.folder)
        try disk.flushDirectory("")
        try disk.removeFolder(Self.temporary)
        try disk.createFolder(Self.temporary)
    }

    /// Appends bytes of a workspace's image. A workspace's calls follow one another, `isLast` with
    /// the last of them; an image may be empty.
    package func append(
        _ bytes: RawSpan, of workspace: UInt64, isLast: Bool
    ) throws(DiskError) {
        var offset = 0
        repeat {
            let room = max(chunkBytes - content.count - SnapshotPiece.headerBytes, 0)
            let count = min(room, bytes.byteCount - offset)
            let isWhole = offset + count == bytes.byteCount
            if count > 0 || isWhole {
                SnapshotPiece.append(
                    workspace: workspace, isLast: isLast && isWhole,
                    bytes: bytes.extracting(offset..<(offset + count)), to: &content)
                offset += count
            }
            if content.count + SnapshotPiece.headerBytes >= chunkBytes { try closeChunk() }
            if isWhole { return }
        } while true
    }

    /// The same, for bytes in an array.
    package func append(
        _ bytes: [UInt8], of workspace: UInt64, isLast: Bool
    ) throws(DiskError) {
        try append(bytes.raw, of: workspace, isLast: isLast)
    }

    private func closeChunk() throws(DiskError) {
        guard content.count > 0 else { return }
        let frame = LZ4.compressFrame(content.span)
        let name = Chunk.name(chunks.count + 1)
        let file = try disk.open("\(Self.temporary)/\(name)", .create)
        defer { file.close() }
        try file.write(frame, at: 0)
        try file.flush()
        chunks.append(
            Chunk(
                name: name, bytes: frame.count, rawBytes: content.count,
                sha256: cryptography.sha256(frame)))
        content.removeAll()
    }

    /// Writes the manifest and publishes the snapshot under the name of its point. Only when that
    /// point is committed may this be called.
    ///
    /// - Parameter manifest: everything but the chunks, which are put in here.
    /// - Returns: the manifest as it was written.
    package func finish(_ manifest: Manifest) throws(DiskError) -> Manifest {
        try closeChunk()
        var manifest = manifest
        manifest.chunks = chunks
        try SnapshotStore.publish(
            disk, from: Self.temporary, point: manifest.point,
            manifest: manifest.encoded(cryptography))
        return manifest
    }

    /// Gives up, and gives the space back.
    package func abandon() throws(DiskError) { try disk.removeFolder(Self.temporary) }
}
