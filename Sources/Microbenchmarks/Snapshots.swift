internal import ByteCoding
internal import WorkGraph

extension Microbenchmark {
    static let snapshotRows = Microbenchmark(name: "snapshot, rows to bytes", unit: "task") {
        SnapshotEncoding(try SampleWorkspace(tasks: $0.tasks))
    }

    static let snapshotCompression = Microbenchmark(
        name: "snapshot, bytes to LZ4", unit: "task"
    ) { SnapshotCompression(try SampleWorkspace(tasks: $0.tasks)) }

    static let snapshotLoading = Microbenchmark(name: "snapshot, load", unit: "task") {
        SnapshotLoading(try SampleWorkspace(tasks: $0.tasks))
    }
}

extension SampleWorkspace {
    /// As much as lies in one chunk of a snapshot.
    fileprivate static let chunkBytes = 4 << 20

    /// The workspace's image, in chunks.
    fileprivate func image() -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        graph.frozen().encode(pieceBytes: Self.chunkBytes) { pieces.append($0) }
        return pieces
    }

    /// Throws if the pieces are not an image of this workspace.
    fileprivate func check(_ pieces: [[UInt8]]) throws {
        var loader = WorkspaceLoader()
        for piece in pieces { try loader.take(piece) }
        try WrongResult.unless(try loader.finish().digest, is: graph.digest, "digest")
    }
}

/// Freezes a workspace and writes all of it.
private final class SnapshotEncoding: MeasuredWork {
    let units: Int
    private let workspace: SampleWorkspace
    private var pieces: [[UInt8]] = []

    init(_ workspace: SampleWorkspace) {
        self.workspace = workspace
        units = workspace.tasks.count
    }

    func makeReady() { pieces = [] }
    func run() { pieces = workspace.image() }
    func check() throws { try workspace.check(pieces) }
}

/// Compresses a workspace's image.
private final class SnapshotCompression: MeasuredWork {
    let units: Int
    private let workspace: SampleWorkspace
    private let pieces: [[UInt8]]
    private var frames: [[UInt8]] = []

    init(_ workspace: SampleWorkspace) {
        self.workspace = workspace
        units = workspace.tasks.count
        pieces = workspace.image()
    }

    func makeReady() { frames = [] }
    func run() { frames = pieces.map { LZ4.compressFrame($0) } }

    func check() throws {
        try workspace.check(
            frames.map { try LZ4.decompressFrame($0, limit: 2 * SampleWorkspace.chunkBytes) })
    }
}

/// Decompresses an image and builds the workspace out of it, with its indexes.
private final class SnapshotLoading: MeasuredWork {
    let units: Int
    private let workspace: SampleWorkspace
    private let frames: [[UInt8]]
    private var loaded: WorkspaceGraph?

    init(_ workspace: SampleWorkspace) {
        self.workspace = workspace
        units = workspace.tasks.count
        frames = workspace.image().map { LZ4.compressFrame($0) }
    }

    func makeReady() { loaded = nil }

    func run() throws {
        var loader = WorkspaceLoader()
        for frame in frames {
            try loader.take(
                try LZ4.decompressFrame(frame, limit: 2 * SampleWorkspace.chunkBytes))
        }
        loaded = try loader.finish()
    }

    func check() throws {
        try WrongResult.unless(loaded?.digest, is: workspace.graph.digest, "digest")
        try WrongResult.unless(loaded?.statistics.tasks, is: units, "tasks")
    }
}
