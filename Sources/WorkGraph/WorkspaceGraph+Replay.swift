internal import ByteCoding
internal import WorkProtocol

/// Many rows at a time, while nobody asks for anything: a snapshot is loaded, or a log replayed.
extension WorkspaceGraph {
    /// Writes a row. What `write` does, but that the entries of lists go into `runs`; they are put
    /// in when some of them have to be changed there, and at the end (`Indexes.take`).
    func load(
        _ row: UInt32, _ kind: EntityKind, _ content: RawSpan, _ runs: IndexRuns
    ) throws(Corruption) {
        if runs.isLarge { indexes.take(runs) }
        let old = rows.kind(of: row)
        switch (kind, old) {
        case (.task, nil):
            indexes.collect(task: row, try TaskKeys(decoding: content), in: runs)
        case (.story, nil):
            indexes.collect(row, story: try StoryKeys(decoding: content), in: runs)
        case (.task, .task):
            try change(task: row, to: content, runs)
        default:
            settle(row, runs)
            return try write(row, kind, content)
        }
        rows.set(row, kind: kind, content)
        rowDigest &+= Self.hash(row, kind, content)
    }

    /// Brings the indexes up to what was replayed.
    func endReplay() {
        if let replay { indexes.take(replay) }
        replay = nil
    }

    private func change(
        task row: UInt32, to content: RawSpan, _ runs: IndexRuns
    ) throws(Corruption) {
        try rows.withRow(row) { (kind, old) throws(Corruption) in
            rowDigest &-= Self.hash(row, kind, old)
            if TaskKeys.areAlike(old, content) { return }
            let old = try TaskKeys(decoding: old)
            let new = try TaskKeys(decoding: content)
            if !old.standsLike(new) { indexes.take(runs) }
            indexes.change(task: row, from: old, to: new)
        }
    }

    /// Sees to it that all entries of a row are in the indexes, for them to be taken out.
    func settle(_ row: UInt32, _ runs: IndexRuns) {
        switch rows.kind(of: row) {
        case .task, .story: indexes.take(runs)
        default: break
        }
    }
}

extension TaskKeys {
    /// Whether it stands in the same lists at the same places.
    func standsLike(_ other: TaskKeys) -> Bool {
        deletedAt == other.deletedAt && placements == other.placements
            && parent == other.parent && parentRank == other.parentRank
            && assignee == other.assignee && bucket == other.bucket
            && bucketRank == other.bucketRank && collaborators == other.collaborators
            && labels == other.labels && dependencies == other.dependencies
    }
}
