internal import ByteCoding
package import WorkProtocol

/// Gathers import items into batches that fit one request.
package struct ImportBatches {
    /// Items that no batch has yet, last first.
    private var waiting: [ImportItem] = []
    private var held: [ImportItem] = []
    private var heldBytes = 0
    /// The item of a project that was asked for, which has to lead every batch: only it tells which
    /// project the external id stands for.
    private var destination: ImportItem?

    /// The most items a batch has.
    package static let itemsMax = 1000
    /// The most bytes a batch has when encoded.
    package static let bytesMax = 1 << 20
    /// Bytes an item costs besides its own: tag and length.
    private static let overhead = 8

    package init() {}

    package mutating func add(_ items: [ImportItem]) { waiting = items.reversed() + waiting }

    /// A batch that is full; nil if more items are needed for one.
    package mutating func next() -> [ImportItem]? {
        while let item = waiting.popLast() {
            if let batch = take(item) { return batch }
        }
        return nil
    }

    /// What is left, when no more items come; nil if nothing is.
    package mutating func rest() -> [ImportItem]? {
        defer {
            held = []
            heldBytes = 0
        }
        return held.isEmpty ? nil : held
    }

    /// Adds an item to what is held; answers what was held, if the item would be too much.
    private mutating func take(_ item: ImportItem) -> [ImportItem]? {
        let bytes = ImportBatches.bytes(item)
        var batch: [ImportItem]?
        if held.count >= ImportBatches.itemsMax || heldBytes + bytes > ImportBatches.bytesMax {
            batch = rest()
            if let destination { hold(destination, ImportBatches.bytes(destination)) }
        }
        if case .project(let project) = item.kind, project.into != 0 { destination = item }
        hold(item, bytes)
        return batch
    }

    private mutating func hold(_ item: ImportItem, _ bytes: Int) {
        held.append(item)
        heldBytes += bytes
    }

    private static func bytes(_ item: ImportItem) -> Int {
        var writer = ByteWriter(capacity: 1024)
        item.encode(into: &writer)
        return writer.count + overhead
    }
}
