internal import ByteCoding
internal import WorkProtocol

/// What a transaction has written, with what was there before: enough to undo it, and to tell the
/// log what it came to.
///
/// The rows' bytes lie one after the other in memory that is kept from one command to the next, so
/// that a write allocates nothing.
struct Journal: ~Copyable {
    struct Entry {
        var row: UInt32
        var kind: EntityKind
        /// The row's bytes before, and its kind then; nil: there was none.
        var old: Content?
        /// Its bytes now; nil: it was removed.
        var new: Content?
        /// The task whose own answers alone may be others after this write; 0: it may be anything.
        var rewrittenTask: UInt32 = 0
        /// The parent of that task, if it is new: the parent's answers count it.
        var parent: UInt32 = 0
    }

    /// The bytes of a row, in `bytes`.
    struct Content {
        var kind: EntityKind
        var start: Int
        var end: Int
    }

    /// Memory beyond this is given back after a command.
    private static let kept = 1 << 20

    private(set) var entries: [Entry] = []
    private(set) var bytes = ByteWriter(capacity: 4096)

    /// Notes that `row` is about to become what `write` appends.
    @inline(__always)
    mutating func note(
        _ row: UInt32, _ kind: EntityKind, in rows: borrowing RowStore,
        _ write: (inout ByteWriter) -> Void
    ) -> Entry {
        var entry = began(row, kind, in: rows)
        let start = bytes.count
        write(&bytes)
        entry.new = Content(kind: kind, start: start, end: bytes.count)
        entries.append(entry)
        return entry
    }

    /// Notes that there is about to be a row which was not, and is what `write` appends; it belongs
    /// to `task`, and nobody else's answers tell of it.
    @inline(__always)
    mutating func note(
        new row: UInt32, _ kind: EntityKind, of task: UInt32,
        _ write: (inout ByteWriter) -> Void
    ) -> Content {
        let start = bytes.count
        write(&bytes)
        let content = Content(kind: kind, start: start, end: bytes.count)
        entries.append(Entry(row: row, kind: kind, new: content, rewrittenTask: task))
        return content
    }

    /// Notes that there is about to be a task which was not, and is what `write` appends. No answer
    /// becomes another that does not come across it, but its parent's.
    @inline(__always)
    mutating func note(
        newTask row: UInt32, parent: UInt32, _ write: (inout ByteWriter) -> Void
    ) -> Content {
        let content = note(new: row, .task, of: row, write)
        entries[entries.count - 1].parent = parent
        return content
    }

    /// Notes that a task's row that is there is about to become what `write` makes of its bytes.
    ///
    /// - Parameter keepsKeys: nothing changes that others are found or seen by.
    @inline(__always)
    mutating func note(
        patching row: UInt32, keepsKeys: Bool, in rows: borrowing RowStore,
        _ write: (RawSpan, inout ByteWriter) -> Void
    ) -> Entry {
        var entry = Entry(row: row, kind: .none)
        entry.rewrittenTask = keepsKeys ? row : 0
        rows.withRow(row) { kind, content in
            let start = bytes.count
            bytes.append(content)
            entry.kind = kind
            entry.old = Content(kind: kind, start: start, end: bytes.count)
            write(content, &bytes)
            entry.new = Content(kind: kind, start: start + content.byteCount, end: bytes.count)
        }
        entries.append(entry)
        return entry
    }

    /// Notes that `row` is about to be removed.
    mutating func note(removing row: UInt32, _ kind: EntityKind, in rows: borrowing RowStore) {
        entries.append(began(row, kind, in: rows))
    }

    private mutating func began(
        _ row: UInt32, _ kind: EntityKind, in rows: borrowing RowStore
    ) -> Entry {
        var entry = Entry(row: row, kind: kind)
        let start = bytes.count
        rows.withRow(row) { kind, content in
            bytes.append(content)
            entry.old = Content(kind: kind, start: start, end: bytes.count)
        }
        return entry
    }

    /// The tasks whose own answers alone may be others now; nil: it may be anything.
    var rewrittenTasks: [UInt32]? {
        guard entries.allSatisfy({ $0.rewrittenTask != 0 }) else { return nil }
        var tasks = entries.map(\.rewrittenTask)
        for entry in entries where entry.parent != 0 { tasks.append(entry.parent) }
        return tasks
    }

    /// The newest entry, for undoing. Its bytes stay until `forget`.
    mutating func popLast() -> Entry? { entries.popLast() }

    /// Forgets the bytes of an entry that was undone, and of those after it.
    mutating func forget(_ entry: Entry) {
        guard let first = entry.old ?? entry.new else { return }
        bytes.truncate(to: first.start)
    }

    /// Forgets everything: the command is over.
    mutating func clear() {
        entries.removeAll(keepingCapacity: entries.count < 1024)
        if bytes.capacity > Self.kept {
            bytes = ByteWriter(capacity: 4096)
        } else {
            bytes.removeAll()
        }
    }

    // MARK: - For the log

    /// Appends the changes of a `ChangeRecord`, one a row: what it is now. A row's first write
    /// gives it its place, its last one its content. O(writes).
    func encodeChanges(into writer: inout ByteWriter) {
        guard entries.count > 1 else {
            if let entry = entries.first { encode(entry, into: &writer) }
            return
        }
        // A table pays only where many rows were written.
        if entries.count <= 16 {
            for index in entries.indices where isFirst(index) {
                encode(entries[newest(of: index)], into: &writer)
            }
            return
        }
        var last: [UInt32: Int] = [:]
        for (index, entry) in entries.enumerated() { last[entry.row] = index }
        for entry in entries {
            if let index = last.removeValue(forKey: entry.row) {
                encode(entries[index], into: &writer)
            }
        }
    }

    /// Whether no entry before that at `index` is of the same row.
    private func isFirst(_ index: Int) -> Bool {
        for other in 0..<index where entries[other].row == entries[index].row { return false }
        return true
    }

    /// The last entry of the same row as that at `index`.
    private func newest(of index: Int) -> Int {
        var last = entries.count - 1
        while entries[last].row != entries[index].row { last -= 1 }
        return last
    }

    /// Appends a `Change`.
    private func encode(_ entry: Entry, into writer: inout ByteWriter) {
        let kind = UInt64(entry.kind.rawValue)
        var length = entry.row == 0 ? 0 : 5
        if kind != 0 { length += 1 + ByteWriter.width(ofVarint: kind) }
        if let new = entry.new {
            let count = new.end - new.start
            length += 1 + ByteWriter.width(ofVarint: UInt64(count)) + count
        }
        writer.append(tag: 8 << 3 | 2, varint: UInt64(length))
        if entry.row != 0 { writer.append(tag: 1 << 3 | 5, fixed: entry.row) }
        if kind != 0 { writer.append(tag: 2 << 3, varint: kind) }
        guard let new = entry.new else { return }
        writer.append(tag: 3 << 3 | 2, span: bytes.span.extracting(new.start..<new.end))
    }
}
