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
        let record = try RecordReading(body, changes: &changes)
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
        conclude(record.head, answer: body.extracting(record.answer))
    }

    /// Removes a row, if there is one.
    func remove(_ row: UInt32, _ kind: EntityKind) throws(Corruption) {
        try forget(row)
        rows.remove(row)
        notice(kind)
    }

    /// Writes one row, and brings the digest and the indexes along.
    func write(_ row: UInt32, _ kind: EntityKind, _ content: RawSpan) throws(Corruption) {
        switch kind {
        case .task: try index(task: row, content)
        case .story where rows.kind(of: row) == nil:
            return insert(story: row, try StoryKeys(decoding: content), content)
        default:
            try forget(row)
            try indexes.insert(row, kind, content)
        }
        rows.set(row, kind: kind, content)
        rowDigest &+= Self.hash(row, kind, content)
        if case .workspace = kind, ordinal != 0 || row == 1 { try adopt(content) }
        notice(kind)
    }

    /// Writes a task's row over the one that is there, of which the indexes need not know.
    func rewrite(task row: UInt32, _ content: RawSpan) {
        rows.withRow(row) { kind, content in rowDigest &-= Self.hash(row, kind, content) }
        rows.set(row, kind: .task, content)
        rowDigest &+= Self.hash(row, .task, content)
    }

    /// Writes the row of a task that is new.
    ///
    /// - Parameter keys: those of the row, as far as indexes ask for them.
    func insert(task row: UInt32, _ keys: TaskKeys, _ content: RawSpan) {
        #if DEBUG
            let read = self.keys(content, row)
            precondition(
                keys.standsLike(read) && keys.completed == read.completed
                    && keys.externalKey == read.externalKey, "keys of another row")
        #endif
        indexes.set(task: row, keys, true)
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
        let wasThere = try rows.withRow(row) { (kind, old) throws(Corruption) in
            rowDigest &-= Self.hash(row, kind, old)
            guard case .task = kind else {
                try indexes.remove(row, kind, old)
                return false
            }
            if TaskKeys.areAlike(old, content) { return true }
            let new = try TaskKeys(decoding: content)
            indexes.change(task: row, from: try TaskKeys(decoding: old), to: new)
            return true
        }
        if wasThere != true { indexes.set(task: row, try TaskKeys(decoding: content), true) }
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
    func conclude(_ record: RecordHead, answer: RawSpan) {
        position += 1
        time = max(time, record.time)
        nextRow = max(nextRow, record.nextRow)
        guard let request = record.request else { return }
        let done = RequestHistory.Done(
            sequence: request.sequence, requestHash: record.requestHash, method: record.method,
            position: position)
        history.remember(request, Gid(record.principal), done, answer, at: record.time)
    }
}
