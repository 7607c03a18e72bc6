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
                let content = body.extracting(start..<change.end)
                if let replay {
                    try load(change.row, change.kind, content, replay)
                } else {
                    try write(change.row, change.kind, content)
                }
            } else {
                if let replay { settle(change.row, replay) }
                try remove(change.row, change.kind)
            }
        }
        conclude(head)
    }

    /// Removes a row, if there is one.
    func remove(_ row: UInt32, _ kind: EntityKind) throws(Corruption) {
        try forget(row)
        rows.remove(row)
        notice(kind)
    }

    /// Writes one row, and brings the digest and the indexes along.
    func write(_ row: UInt32, _ kind: EntityKind, _ content: RawSpan) throws(Corruption) {
        if kind == .task {
            try index(task: row, content)
        } else {
            try forget(row)
            try indexes.insert(row, kind, content)
        }
        rows.set(row, kind: kind, content)
        rowDigest &+= Self.hash(row, kind, content)
        if kind == .workspace, ordinal != 0 || row == 1 { try adopt(content) }
        notice(kind)
    }

    /// Writes a task's row over the one that is there, of which the indexes need not know.
    func rewrite(task row: UInt32, _ content: RawSpan) {
        rows.withRow(row) { kind, content in rowDigest &-= Self.hash(row, kind, content) }
        rows.set(row, kind: .task, content)
        rowDigest &+= Self.hash(row, .task, content)
    }

    /// Writes the row of a story that is new.
    func insert(story row: UInt32, _ keys: StoryKeys, _ content: RawSpan) {
        indexes.index(row, story: keys, true)
        rows.set(row, kind: .story, content)
        rowDigest &+= Self.hash(row, .story, content)
    }

    /// Takes up a task that is about to be written. Most changes of one leave most entries of the
    /// indexes as they are.
    private func index(task row: UInt32, _ content: RawSpan) throws(Corruption) {
        let new = try TaskKeys(decoding: content)
        let wasThere = try rows.withRow(row) { (kind, content) throws(Corruption) in
            rowDigest &-= Self.hash(row, kind, content)
            guard kind == .task else {
                try indexes.remove(row, kind, content)
                return false
            }
            indexes.change(task: row, from: try TaskKeys(decoding: content), to: new)
            return true
        }
        if wasThere != true { indexes.set(task: row, new, true) }
    }

    /// Takes a row out of the digest and the indexes before it is written over or removed.
    private func forget(_ row: UInt32) throws(Corruption) {
        try rows.withRow(row) { (kind, content) throws(Corruption) in
            rowDigest &-= Self.hash(row, kind, content)
            try indexes.remove(row, kind, content)
        }
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
