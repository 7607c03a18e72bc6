package import ByteCoding
package import Environment

/// The snapshots in a node's directory: `snapshots/snap-<point>/`, the point as 16 hexadecimal
/// digits, each with its chunks and its manifest.
///
/// Loading believes nothing before every hash has been checked, and falls back to the snapshot
/// before when one does not fit. Blocks: for a start, or for the background queue.
package struct SnapshotStore: Sendable {
    package static let folder = "snapshots"

    let disk: any Disk
    let cryptography: any Cryptography

    package init(disk: any Disk, cryptography: any Cryptography) {
        self.disk = disk
        self.cryptography = cryptography
    }

    static func path(_ point: LSN) -> String {
        "\(folder)/snap-\(SegmentName.hexadecimal(point.rawValue))"
    }

    /// The points of all snapshots, newest first; whether they are good is not looked at.
    package func list() throws(DiskError) -> [LSN] {
        let names = try disk.list(Self.folder)
        let points = names.filter { $0.hasPrefix("snap-") }.compactMap { name in
            SegmentName.parse(hexadecimal: name.dropFirst(5)).map(LSN.init)
        }
        return points.sorted(by: >)
    }

    /// The manifest of a snapshot, by itself; its chunks are not looked at.
    package func manifest(_ point: LSN) throws(SnapshotFailure) -> Manifest {
        let path = "\(Self.path(point))/\(Manifest.fileName)"
        let bytes = try read(path, limit: SnapshotLimits.manifestBytes)
        if let version = Manifest.foreignVersion(bytes, cryptography) {
            let reason = ForeignFile.Reason.version(found: version, known: Manifest.version)
            throw .newer(ForeignFile(file: path, reason: reason))
        }
        do throws(Corruption) {
            let manifest = try Manifest(bytes, cryptography)
            guard manifest.point == point else {
                throw Corruption(
                    offset: 0, expected: "the manifest of \(point)", found: "\(manifest.point)")
            }
            return manifest
        } catch {
            throw .corrupt(error.within(file: path, at: 0))
        }
    }

    /// The manifest of a snapshot all of whose files have the size and the hash it says.
    /// Complexity: O(bytes of the snapshot).
    package func verified(_ point: LSN) throws(SnapshotFailure) -> Manifest {
        let manifest = try manifest(point)
        for chunk in manifest.chunks { _ = try file(chunk, of: point) }
        return manifest
    }

    /// What `newestGood` found.
    package struct Found {
        package var manifest: Manifest?
        /// Why newer ones are not used.
        package var refused: [SnapshotFailure] = []
        /// Those of them that are not whole, and never will be.
        package var bad: [LSN] = []
    }

    /// The newest snapshot that is whole and of this cluster and history. Nil if there is none.
    /// - Throws: an error of the disk, if that is why none can be used.
    package func newestGood(of identity: LogIdentity) throws(DiskError) -> Found {
        try newestGood(of: identity) { (manifest) throws(SnapshotFailure) in
            for chunk in manifest.chunks { _ = try file(chunk, of: manifest.point) }
        }
    }

    /// The same, with `read` to read it all, and to check every hash on the way. What it has made
    /// of a snapshot counts only if it has read that to its end.
    package func newestGood(
        of identity: LogIdentity, _ read: (Manifest) throws(SnapshotFailure) -> Void
    ) throws(DiskError) -> Found {
        var found = Found()
        var unreadable: DiskError?
        for point in try list() {
            do throws(SnapshotFailure) {
                let manifest = try manifest(point)
                try check(manifest, identity)
                try read(manifest)
                found.manifest = manifest
                return found
            } catch {
                found.refused.append(error)
                switch error {
                case .disk(let failure) where failure.kind != .missing:
                    unreadable = unreadable ?? failure
                case .disk, .corrupt: found.bad.append(point)
                case .foreign, .newer: continue
                }
            }
        }
        if let unreadable { throw unreadable }
        return found
    }

    private func check(_ manifest: Manifest, _ identity: LogIdentity) throws(SnapshotFailure) {
        let file = "\(Self.path(manifest.point))/\(Manifest.fileName)"
        guard manifest.cluster == identity.cluster else {
            throw .foreign(file: file, found: manifest.cluster, expected: identity.cluster)
        }
        guard
            manifest.history == identity.history
                || identity.earlierHistories.contains(manifest.history)
        else {
            throw .foreign(file: file, found: manifest.history, expected: identity.history)
        }
    }

    /// A chunk file's bytes, whose size and hash are as the manifest says.
    package func file(_ chunk: Chunk, of point: LSN) throws(SnapshotFailure) -> [UInt8] {
        let path = "\(Self.path(point))/\(chunk.name)"
        let bytes = try read(path, limit: chunk.bytes)
        guard bytes.count == chunk.bytes, cryptography.sha256(bytes) == chunk.sha256 else {
            throw .corrupt(
                Corruption(
                    file: path, offset: 0, expected: "the \(chunk.bytes) bytes of the manifest",
                    found: "\(bytes.count) with another hash"))
        }
        return bytes
    }

    /// Calls `visit` for each piece of a chunk, in order, having checked its hash. The chunks of a
    /// snapshot may be read in any order, and side by side, by who can put the pieces together
    /// again.
    package func forEachPiece(
        in chunk: Chunk, of point: LSN,
        _ visit: (borrowing SnapshotPiece) throws(Corruption) -> Void
    ) throws(SnapshotFailure) {
        try forEachPiece(in: try expanded(chunk, of: point), chunk, of: point, visit)
    }

    /// Calls `visit` for each piece of a snapshot, in order, having checked the hash of its chunk.
    package func forEachPiece(
        of manifest: Manifest, _ visit: (borrowing SnapshotPiece) throws(Corruption) -> Void
    ) throws(SnapshotFailure) {
        for chunk in manifest.chunks { try forEachPiece(in: chunk, of: manifest.point, visit) }
    }

    /// The same; the chunks are read, checked and expanded ahead, where there is a thread for it.
    package func forEachPiece(
        of manifest: Manifest, ahead scheduler: any Scheduler,
        _ visit: (borrowing SnapshotPiece) throws(Corruption) -> Void
    ) throws(SnapshotFailure) {
        var failure: SnapshotFailure?
        var next = 0
        scheduler.makeAhead(manifest.chunks.count) { index in
            Result { () throws(SnapshotFailure) in
                try expanded(manifest.chunks[index], of: manifest.point)
            }
        } _: { result in
            do throws(SnapshotFailure) {
                try forEachPiece(
                    in: try result.get(), manifest.chunks[next], of: manifest.point, visit)
                next += 1
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
    }

    /// What a chunk's file holds, whose size and hash are as the manifest says.
    private func expanded(_ chunk: Chunk, of point: LSN) throws(SnapshotFailure) -> [UInt8] {
        let frame = try file(chunk, of: point)
        do throws(Corruption) {
            let raw = try LZ4.decompressFrame(frame, limit: SnapshotLimits.chunkBytes)
            guard raw.count == chunk.rawBytes else {
                throw Corruption(
                    offset: 0, expected: "\(chunk.rawBytes) bytes when expanded",
                    found: "\(raw.count)")
            }
            return raw
        } catch {
            throw corrupt(chunk, of: point, error)
        }
    }

    private func forEachPiece(
        in raw: [UInt8], _ chunk: Chunk, of point: LSN,
        _ visit: (borrowing SnapshotPiece) throws(Corruption) -> Void
    ) throws(SnapshotFailure) {
        do throws(Corruption) {
            try SnapshotPiece.forEach(in: raw, visit)
        } catch {
            throw corrupt(chunk, of: point, error)
        }
    }

    private func corrupt(_ chunk: Chunk, of point: LSN, _ found: Corruption) -> SnapshotFailure {
        .corrupt(found.within(file: "\(Self.path(point))/\(chunk.name)", at: 0))
    }

    func read(_ path: String, limit: Int) throws(SnapshotFailure) -> [UInt8] {
        do throws(DiskError) {
            let file = try disk.open(path, .read)
            defer { file.close() }
            return try file.read(at: 0, count: min(try file.size(), limit + 1))
        } catch {
            throw .disk(error)
        }
    }
}

/// Why a snapshot cannot be used, or made.
package enum SnapshotFailure: Error, Equatable, Sendable, CustomStringConvertible {
    case disk(DiskError)
    /// A file of it is not what its manifest says, or the manifest is not whole.
    case corrupt(Corruption)
    /// It belongs to another cluster or history.
    case foreign(file: String, found: Identity, expected: Identity)
    /// A newer program has made it.
    case newer(ForeignFile)

    package var description: String {
        switch self {
        case .disk(let error): error.description
        case .corrupt(let corruption):
            "\(corruption); the snapshot before it is used, if there is one"
        case .foreign(let file, let found, let expected):
            "\(file): belongs to \(found), not \(expected); move it away"
        case .newer(let file): file.description
        }
    }
}

// MARK: - Changing what is there

extension SnapshotStore {
    /// Removes what a crash has left half-made, and nothing that somebody else has put there. For
    /// the start.
    package func removeLeftovers() throws(DiskError) {
        for name in try disk.list(Self.folder) where name.hasPrefix("tmp-") {
            try disk.removeFolder("\(Self.folder)/\(name)")
        }
        // A snapshot that is seen may have been named by a process that was killed right then.
        if try disk.exists(Self.folder) { try disk.flushDirectory(Self.folder) }
    }

    /// Removes a snapshot: the manifest first, so that half of one is none.
    package func remove(_ point: LSN) throws(DiskError) {
        let path = Self.path(point)
        if try disk.exists("\(path)/\(Manifest.fileName)") {
            try disk.remove("\(path)/\(Manifest.fileName)")
            try disk.flushDirectory(path)
        }
        try disk.removeFolder(path)
        try disk.flushDirectory(Self.folder)
    }

    /// Gives a finished folder its name, durably. A snapshot of that point which is there already
    /// is replaced: it has the same content, or is bad.
    static func publish(
        _ disk: any Disk, from temporary: String, point: LSN, manifest: [UInt8]
    ) throws(DiskError) {
        let file = try disk.open("\(temporary)/\(Manifest.fileName)", .create)
        defer { file.close() }
        try file.write(manifest, at: 0)
        try file.flush()
        try disk.flushDirectory(temporary)
        let path = Self.path(point)
        if try disk.exists(path) { try disk.removeFolder(path) }
        try disk.rename(temporary, to: path)
        try disk.flushDirectory(folder)
    }
}
