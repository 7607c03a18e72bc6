package import ByteCoding
internal import WorkProtocol

extension WorkspaceGraph {
    /// Applies a record's body: what recovery and the follower do, and, through `write` and
    /// `conclude`, the primary itself. Total: it decides nothing, and fails only on bytes that no
    /// primary wrote.
    package func apply(_ body: RawSpan) throws(Corruption) {
        var changes: [RecordedChange] = []
        swap(&changes, &recorded)
        defer {
            changes.removeAll(keepingCapacity: changes.count < 1024)
            swap(&changes, &recorded)
        }
        let head = try RecordHead(decoding: body, changes: &changes)
        for change in changes {
            if let start = change.start {
                try write(change.row, change.kind, body.extracting(start..<change.end))
            } else {
                try remove(change.row, change.kind)
            }
        }
        conclude(head)
    }

    /// Removes a row, if there is one.
    func remove(_ row: UInt32, _ kind: EntityKind) throws(Corruption) {
        if let task = try forget(row) { indexes.change(task: row, from: task, to: nil) }
        rows.remove(row)
        notice(kind)
    }

    /// Writes one row, and brings the digest and the indexes along.
    func write(_ row: UInt32, _ kind: EntityKind, _ content: RawSpan) throws(Corruption) {
        let old = try forget(row)
        rows.set(row, kind: kind, content)
        rowDigest &+= Self.hash(row, kind, content)
        if kind == .task {
            indexes.change(task: row, from: old, to: try TaskKeys(decoding: content))
        } else {
            if let old { indexes.change(task: row, from: old, to: nil) }
            try indexes.insert(row, kind, content)
        }
        if kind == .workspace, ordinal != 0 || row == 1 { try adopt(content) }
        notice(kind)
    }

    /// Takes a row out of the digest and the indexes before it is written over. Of a task the keys
    /// are answered instead: most changes leave most entries of the indexes as they are.
    private func forget(_ row: UInt32) throws(Corruption) -> TaskKeys? {
        var keys: TaskKeys?
        try rows.withRow(row) { (kind, content) throws(Corruption) in
            rowDigest &-= Self.hash(row, kind, content)
            if kind == .task {
                keys = try TaskKeys(decoding: content)
            } else {
                try indexes.remove(row, kind, content)
            }
        }
        return keys
    }

    /// What was found out about access may be otherwise now.
    private func notice(_ kind: EntityKind) {
        switch kind {
        case .project, .team, .membership, .workspace, .account: accessCache.forget()
        case .none, .token, .serviceAccount, .section, .task, .story, .label, .field, .option,
            .attachment, .errand:
            break
        }
    }

    /// The workspace's own row says how its counter becomes gids.
    private func adopt(_ content: RawSpan) throws(Corruption) {
        let key = try WorkspaceRow(decoding: content).gidKey
        gids = GidPermutation(workspace: ordinal, key: key)
        cursors = CursorSeal(key: key)
    }

    static func hash(_ row: UInt32, _ kind: EntityKind, _ content: RawSpan) -> UInt64 {
        XXH3.hash(content, seed: UInt64(kind.rawValue) << 32 | UInt64(row))
    }

    /// What every record does besides its changes.
    func conclude(_ record: RecordHead) {
        position += 1
        time = max(time, record.time)
        nextRow = max(nextRow, record.nextRow)
        guard let request = record.request else { return }
        history.remember(
            request, Gid(record.principal),
            RequestHistory.Outcome(
                sequence: request.sequence, requestHash: record.requestHash,
                answer: record.answer, method: record.method, position: position),
            at: record.time)
    }
}
