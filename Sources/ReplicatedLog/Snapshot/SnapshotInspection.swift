package import Environment

/// Looks at the snapshots of a node that is not running: what `holdfast-tools snapshot` prints.
/// Reads only.
package struct SnapshotInspection {
    let store: SnapshotStore

    package init(disk: any Disk, cryptography: any Cryptography) {
        store = SnapshotStore(disk: disk, cryptography: cryptography)
    }

    /// A snapshot, by its manifest alone or with everything verified.
    package struct Summary: Equatable, Sendable {
        package var point: LSN
        /// Nil if there is no good one; `problem` says why.
        package var manifest: Manifest?
        package var problem: String?
        /// The bytes of its chunk files, as the manifest says.
        package var bytes: Int { manifest?.chunks.reduce(0) { $0 + $1.bytes } ?? 0 }
    }

    /// All snapshots, newest first, by their manifests; chunks are not read.
    package func list() throws(DiskError) -> [Summary] {
        try store.list().map { point throws(DiskError) in
            try summary(point) { point throws(SnapshotFailure) in try store.manifest(point) }
        }
    }

    /// All snapshots, newest first, every hash checked and every chunk expanded.
    package func verify() throws(DiskError) -> [Summary] {
        try store.list().map { point throws(DiskError) in
            try summary(point) { point throws(SnapshotFailure) in
                let manifest = try store.verified(point)
                try store.forEachPiece(of: manifest) { _ in }
                return manifest
            }
        }
    }

    private func summary(
        _ point: LSN, _ look: (LSN) throws(SnapshotFailure) -> Manifest
    ) throws(DiskError) -> Summary {
        do throws(SnapshotFailure) {
            return Summary(point: point, manifest: try look(point))
        } catch {
            if case .disk(let failure) = error, failure.kind != .missing { throw failure }
            return Summary(point: point, problem: error.description)
        }
    }
}
