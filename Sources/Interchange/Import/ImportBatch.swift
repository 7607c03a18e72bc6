internal import ByteCoding
package import WorkProtocol

/// Items to be applied together, as the bytes that go to the store.
package struct ImportBatch: Sendable {
    /// What an item is, as far as who counts them cares.
    package enum Kind: UInt8, Sendable {
        case team, label, field, project, task, dependencies, comment, story, attachment
    }

    /// An `Import` of the items.
    package private(set) var payload: [UInt8] = []
    /// One an item.
    package private(set) var kinds: [Kind] = []
    /// The projects among the items: which of them, and their external ids.
    package private(set) var projects: [(index: Int, external: String)] = []

    init() {}

    /// The items themselves. O(bytes).
    package var items: [ImportItem] {
        do { return try Import(decoding: payload).items } catch {
            preconditionFailure("items that were encoded just now do not decode: \(error)")
        }
    }

    /// The same, asked for to see what it would do.
    package var dryRun: [UInt8] {
        var request = Import()
        request.dryRun = true
        return payload + request.encoded()
    }

    mutating func append(_ item: RawSpan, _ kind: Kind) {
        var head = ByteWriter(capacity: 16)
        head.append(tag: 1 << 3 | 2, varint: UInt64(item.byteCount))
        payload += head.bytes
        unsafe item.withUnsafeBytes { unsafe payload.append(contentsOf: $0) }
        kinds.append(kind)
    }

    mutating func append(_ item: RawSpan, project external: String) {
        projects.append((kinds.count, external))
        append(item, .project)
    }
}

extension ImportItem {
    /// What it is; nil for one of no kind.
    var batchKind: ImportBatch.Kind? {
        switch kind {
        case .team: .team
        case .label: .label
        case .field: .field
        case .project: .project
        case .task: .task
        case .dependencies: .dependencies
        case .story(let story): story.kind == .comment ? .comment : .story
        case .attachment: .attachment
        case nil: nil
        }
    }
}
