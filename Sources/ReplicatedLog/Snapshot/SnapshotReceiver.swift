internal import ByteCoding
package import Environment

/// Takes a snapshot that another node sends: the manifest first, then the chunk files in parts, and
/// publishes it when every hash fits. Blocks; confined to one queue.
package struct SnapshotReceiver {
    private let store: SnapshotStore
    private let encoded: [UInt8]
    package let manifest: Manifest
    private var file: (index: Int, file: any DiskFile)?

    static let temporary = "\(SnapshotStore.folder)/tmp-received"

    /// Begins anew; what had been received before is thrown away.
    package init(store: SnapshotStore, manifest encoded: [UInt8]) throws(SnapshotFailure) {
        self.store = store
        self.encoded = encoded
        do throws(Corruption) {
            manifest = try Manifest(encoded, store.cryptography)
        } catch {
            throw .corrupt(error.within(file: "the manifest that was sent", at: 0))
        }
        do throws(DiskError) {
            try store.disk.createFolder(SnapshotStore.folder)
            try store.disk.flushDirectory("")
            try store.disk.removeFolder(Self.temporary)
            try store.disk.createFolder(Self.temporary)
        } catch {
            throw .disk(error)
        }
    }

    /// Writes a part of the chunk file with this number (from 0, as the manifest lists them).
    package mutating func store(
        file index: Int, offset: UInt64, bytes: [UInt8]
    ) throws(SnapshotFailure) {
        guard manifest.chunks.indices.contains(index) else {
            throw .corrupt(
                Corruption(
                    file: "the snapshot that was sent", offset: 0,
                    expected: "one of \(manifest.chunks.count) files", found: "file \(index)"))
        }
        let chunk = manifest.chunks[index]
        guard let start = Int(exactly: offset), start <= chunk.bytes,
            bytes.count <= chunk.bytes - start
        else {
            throw .corrupt(
                Corruption(
                    file: chunk.name, offset: 0, expected: "at most \(chunk.bytes) bytes",
                    found: "\(bytes.count) at \(offset)"))
        }
        do throws(DiskError) { try open(index, chunk).write(bytes, at: start) } catch {
            throw .disk(error)
        }
    }

    private mutating func open(_ index: Int, _ chunk: Chunk) throws(DiskError) -> any DiskFile {
        if let file, file.index == index { return file.file }
        try closeFile()
        let path = "\(Self.temporary)/\(chunk.name)"
        let isThere = try store.disk.exists(path)
        let opened = try store.disk.open(path, isThere ? .write : .create)
        file = (index, opened)
        return opened
    }

    private mutating func closeFile() throws(DiskError) {
        guard let file else { return }
        try file.file.flush()
        file.file.close()
        self.file = nil
    }

    /// Gives up, and gives the space back.
    package func abandon() throws(DiskError) {
        file?.file.close()
        try store.disk.removeFolder(Self.temporary)
    }

    /// Verifies every file and publishes the snapshot.
    package mutating func finish() throws(SnapshotFailure) -> Manifest {
        do throws(DiskError) { try closeFile() } catch { throw .disk(error) }
        for chunk in manifest.chunks {
            let bytes = try store.read("\(Self.temporary)/\(chunk.name)", limit: chunk.bytes)
            guard bytes.count == chunk.bytes,
                store.cryptography.sha256(bytes) == chunk.sha256
            else {
                throw .corrupt(
                    Corruption(
                        file: chunk.name, offset: 0, expected: "the bytes of the manifest",
                        found: "\(bytes.count) with another hash"))
            }
        }
        do throws(DiskError) {
            try SnapshotStore.publish(
                store.disk, from: Self.temporary, point: manifest.point, manifest: encoded)
        } catch {
            throw .disk(error)
        }
        return manifest
    }
}
