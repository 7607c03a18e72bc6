package import ByteCoding
internal import WorkProtocol

extension WorkspaceGraph {
    /// Applies a record's body: what recovery and the follower do, and, through `write` and
    /// `conclude`, the primary itself. Total: it decides nothing, and fails only on bytes that no
    /// primary wrote.
    package func apply(_ body: RawSpan) throws(Corruption) {
        let record = try ChangeRecord(decoding: body)
        for change in record.changes {
            try write(change.row, change.kind, change.content)
        }
        conclude(record)
    }

    /// Writes a row, or removes it where there is no content.
    func write(_ row: UInt32, _ kind: EntityKind, _ content: [UInt8]?) throws(Corruption) {
        guard let content else {
            try forget(row)
            rows.remove(row)
            return
        }
        try unsafe write(row, kind, content.span.bytes)
    }

    /// Writes one row, and brings the digest and the indexes along.
    func write(_ row: UInt32, _ kind: EntityKind, _ content: RawSpan) throws(Corruption) {
        try forget(row)
        rows.set(row, kind: kind, content)
        rowDigest &+= Self.hash(row, kind, content)
        try indexes.insert(row, kind, content)
        if kind == .workspace, ordinal != 0 || row == 1 { try adopt(content) }
    }

    private func forget(_ row: UInt32) throws(Corruption) {
        let old = rows.bytes(of: row)
        let oldKind = rows.kind(of: row)
        if let old, let oldKind {
            unsafe rowDigest &-= Self.hash(row, oldKind, old.span.bytes)
            try unsafe indexes.remove(row, oldKind, old.span.bytes)
        }
    }

    /// The workspace's own row says how its counter becomes gids.
    private func adopt(_ content: RawSpan) throws(Corruption) {
        gids = GidPermutation(workspace: ordinal, key: try WorkspaceRow(decoding: content).gidKey)
    }

    static func hash(_ row: UInt32, _ kind: EntityKind, _ content: RawSpan) -> UInt64 {
        XXH3.hash(content, seed: UInt64(kind.rawValue) << 32 | UInt64(row))
    }

    /// What every record does besides its changes.
    func conclude(_ record: ChangeRecord) {
        position += 1
        time = max(time, record.time)
        nextRow = max(nextRow, record.nextRow)
        guard let (high, low) = RequestHistory.words(record.session) else { return }
        history.remember(
            RequestID(
                high: high, low: low, sequence: record.sequence, acknowledged: record.acknowledged),
            Gid(record.principal),
            RequestHistory.Outcome(
                sequence: record.sequence, requestHash: record.requestHash, answer: record.answer,
                method: record.method, position: position),
            at: record.time)
    }
}
