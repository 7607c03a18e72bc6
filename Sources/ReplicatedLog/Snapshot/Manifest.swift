/// What makes a folder of chunks a snapshot: the file written last.
///
/// A snapshot is fuzzy: each workspace lies in it as it was at a position of its own. It is
/// restored by loading the chunks and applying the log's records after `start`, of each workspace
/// those after its position; from `complete` on the state is one that existed.
///
/// - Invariant: `start.last ≤ complete.last`, and every workspace's `lsn` is between the two.
/// - Invariant: workspaces are sorted by their number, chunks by their name, each name once.
package struct Manifest: Equatable, Sendable {
    package var cluster: Identity
    package var history: Identity
    /// The epochs up to `complete`.
    package var epochs: EpochHistory
    /// The log's head before the first record that is needed.
    package var start: LogHead
    /// The log's head at the newest record that is in any workspace: the snapshot's name.
    package var complete: LogHead
    /// When it was taken, milliseconds since 1970.
    package var time: Int64
    /// The program that made it, for people.
    package var software: String
    package var workspaces: [WorkspaceImage]
    package var chunks: [Chunk]
    /// How many objects of each kind there are, in all workspaces; sorted by kind.
    package var counts: [KindCount]

    package init(
        cluster: Identity, history: Identity, epochs: EpochHistory, start: LogHead,
        complete: LogHead, time: Int64, software: String, workspaces: [WorkspaceImage],
        chunks: [Chunk] = [], counts: [KindCount] = []
    ) {
        self.cluster = cluster
        self.history = history
        self.epochs = epochs
        self.start = start
        self.complete = complete
        self.time = time
        self.software = software
        self.workspaces = workspaces
        self.chunks = chunks
        self.counts = counts
    }

    /// The snapshot point: its name.
    package var point: LSN { complete.last }

    /// Where a log begins that goes on from this snapshot.
    package var logStart: LogStart {
        var known = epochs
        known.truncate(after: start.last)
        return LogStart(head: start, epochs: known)
    }
}

/// A workspace in a snapshot: how far its changes are in it.
package struct WorkspaceImage: Equatable, Sendable {
    package var workspace: UInt64
    /// The workspace's own position; records up to it are in the image, later ones are not.
    package var position: UInt64
    /// The log's head point when the image was taken.
    package var lsn: LSN
    /// The state's digest at that position, at most 64 bytes.
    package var digest: [UInt8]

    package init(workspace: UInt64, position: UInt64, lsn: LSN, digest: [UInt8]) {
        self.workspace = workspace
        self.position = position
        self.lsn = lsn
        self.digest = digest
    }
}

/// A file of a snapshot: an LZ4 frame that holds pieces of workspaces.
package struct Chunk: Equatable, Sendable {
    package var name: String
    /// Its size as a file, and expanded.
    package var bytes: Int
    package var rawBytes: Int
    /// The hash of the file's bytes, 32 bytes.
    package var sha256: [UInt8]

    package init(name: String, bytes: Int, rawBytes: Int, sha256: [UInt8]) {
        self.name = name
        self.bytes = bytes
        self.rawBytes = rawBytes
        self.sha256 = sha256
    }

    /// Whether a name may be used as a file's: `^[a-z0-9.-]{1,128}$`, and neither `.` nor `..`.
    package static func isName(_ text: String) -> Bool {
        guard (1...128).contains(text.utf8.count), text != ".", text != ".." else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 45, 46, 48...57, 97...122: true
            default: false
            }
        }
    }

    /// The name of the chunk with this number, from 1.
    package static func name(_ number: Int) -> String {
        let digits = String(number)
        return "c-" + String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits + ".lz4"
    }
}

/// How many objects of a kind a snapshot holds. What a kind is, is the state's business.
package struct KindCount: Equatable, Sendable {
    package var kind: UInt16
    package var count: UInt64

    package init(kind: UInt16, count: UInt64) {
        self.kind = kind
        self.count = count
    }
}

/// The limits of snapshots.
package enum SnapshotLimits {
    /// A chunk expanded, at most: what a reader must have room for.
    package static let chunkBytes = 16 << 20
    package static let chunks = 1 << 20
    package static let workspaces = 1 << 22
    package static let digestBytes = 64
    package static let softwareBytes = 128
    package static let kinds = 1_024
    /// A manifest, at most.
    package static let manifestBytes = 256 << 20
}
