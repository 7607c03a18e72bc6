internal import ByteCoding
package import WorkProtocol

/// Gathers import items into batches that fit one request. Each item is encoded once.
package struct ImportBatches: Sendable {
    /// Batches that are full, oldest first.
    private var full: [ImportBatch] = []
    private var held = ImportBatch()
    private var heldBytes = 0
    /// The item of a project that was asked for, which has to lead every batch: only it tells which
    /// project the external id stands for.
    private var destination: ImportItem?

    /// The bytes of tasks that are longer than `logged`, by hashes of their external ids: what
    /// gives a task dependencies writes all of it anew.
    private var longTasks: [UInt64: Int] = [:]
    /// What each task is taken for that is not among `longTasks`.
    private static let logged = 1024

    /// The most items a batch has.
    package static let itemsMax = 1000
    /// The most bytes a batch has when encoded, and of rows it makes the store write, about.
    package static let bytesMax = 1 << 20
    /// Bytes an item costs besides its own: tag and length.
    private static let overhead = 8

    package init() {}

    package mutating func add(_ items: [ImportItem]) {
        var writer = ByteWriter(capacity: 1024)
        for item in items {
            writer.removeAll()
            item.encode(into: &writer)
            makeRoom(for: writer.count + rewritten(item, bytes: writer.count))
            hold(item, writer.span)
            if case .project(let project) = item.kind, project.into != 0 { destination = item }
        }
    }

    /// Adds the item of a task whose bytes these are, and whose external id this is.
    mutating func add(task item: RawSpan, _ external: @autoclosure () -> Foreign) {
        if item.byteCount > Self.logged { learn(external(), bytes: item.byteCount) }
        makeRoom(for: item.byteCount)
        held.append(item, .task)
    }

    /// The bytes of the row that an item makes the store write besides its own. Remembers tasks.
    private mutating func rewritten(_ item: ImportItem, bytes: Int) -> Int {
        switch item.kind {
        case .task(let task):
            if bytes > Self.logged, let external = task.external {
                learn(Foreign(external.gid, ordinal: external.ordinal), bytes: bytes)
            }
            return 0
        case .dependencies(let dependencies):
            return dependencies.task.map { longTasks[Self.hash($0)] ?? Self.logged } ?? 0
        default: return 0
        }
    }

    private mutating func learn(_ task: Foreign, bytes: Int) {
        let hash = Self.hash(task)
        longTasks[hash] = max(bytes, longTasks[hash] ?? 0)
    }

    private static func hash(_ task: Foreign) -> UInt64 {
        CSVSurvey.hash(task.gid) &+ UInt64(task.ordinal)
    }

    /// A batch that is full; nil if more items are needed for one.
    package mutating func next() -> ImportBatch? { full.isEmpty ? nil : full.removeFirst() }

    /// What is left, when no more items come; nil if nothing is.
    package mutating func rest() -> ImportBatch? {
        guard !held.kinds.isEmpty else { return nil }
        var rest = ImportBatch()
        swap(&rest, &held)
        heldBytes = 0
        return rest
    }

    /// Begins another batch if the next item would be too much for this one.
    private mutating func makeRoom(for bytes: Int) {
        let cost = bytes + ImportBatches.overhead
        let isFull =
            held.kinds.count >= ImportBatches.itemsMax
            || heldBytes + cost > ImportBatches.bytesMax
        if isFull, let batch = rest() {
            full.append(batch)
            if let destination {
                var writer = ByteWriter(capacity: 1024)
                destination.encode(into: &writer)
                heldBytes = writer.count + ImportBatches.overhead
                hold(destination, writer.span)
            }
        }
        heldBytes += cost
    }

    private mutating func hold(_ item: ImportItem, _ bytes: RawSpan) {
        if case .project(let project) = item.kind {
            held.append(bytes, project: project.external?.gid ?? "")
        } else if let kind = item.batchKind {
            held.append(bytes, kind)
        }
    }
}
