internal import ByteCoding
package import WorkProtocol

/// One workspace: its rows, what is derived from them, and the memory of requests.
///
/// Every object is a row. A command runs as a transaction: each write is applied at once, by the
/// same `write` that recovery and the follower use, and remembered with the row it replaced; a
/// rejection puts the old rows back, last first. Indexes are functions of rows, so putting a row
/// back puts its index entries back. What the command wrote is the content of one log record.
///
/// The directory (ordinal 0) is a workspace like the others, with other kinds of rows.
///
/// Confined to its shard; no locks. Invariants: `digest` is that of the rows; every index is what
/// rebuilding it from the rows would give (`checkInvariants`); outside of a transaction the journal
/// is empty.
package final class WorkspaceGraph {
    package let ordinal: UInt32
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var rows = RowStore()
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var indexes = Indexes()
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var history = RequestHistory()
    /// How many records have been applied: the workspace's own position.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    package internal(set) var position: UInt64 = 0
    /// The number of the next row to be made.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var nextRow: UInt32 = 1
    /// The log time: that of the newest record. Never goes back.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var time: Int64 = 0
    /// The sum of the hashes of all rows.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var rowDigest: UInt64 = 0
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var gids: GidPermutation
    /// Seals the cursors of pages.
    var cursors: CursorSeal
    /// Tasks that the command under way has walked to look for circles.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var walked = 0
    /// What was found out about access to projects. Not state: forgetting it changes nothing.
    let accessCache = AccessCache()
    /// 64 random bits for the directory's next command, set by the node: whatever is made of them
    /// ends in rows, so that replay needs none.
    package var entropy: UInt64 = 0
    /// The other workspaces, for the directory to ask who somebody is in them while it decides.
    /// Never asked by `apply`.
    package var peer: (UInt32) -> WorkspaceGraph? = { _ in nil }
    /// What the transaction under way has written.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var journal = Journal()
    /// What replayed records have not put into the indexes yet; nil while no log is replayed.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var replay: IndexRuns?
    /// The tasks whose rows the answer being made has looked at, in any way, while somebody asks.
    var lookedAt: [UInt32] = []
    var notesLooks = false
    /// Memory for the changes of a record that is applied.
    var recorded: [RecordedChange] = []
    /// Memory for records.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var scratch = ByteWriter(capacity: 4096)

    package init(ordinal: UInt32) {
        self.ordinal = ordinal
        gids = GidPermutation(workspace: ordinal, key: 0)
        cursors = CursorSeal(key: 0)
    }

    /// A digest of the state: equal on two nodes at equal positions, or one of them is wrong.
    package var digest: UInt64 {
        var writer = ByteWriter(capacity: 48)
        writer.append(fixed: rowDigest)
        writer.append(fixed: position)
        writer.append(fixed: UInt64(nextRow))
        writer.append(fixed: UInt64(rows.count))
        writer.append(fixed: UInt64(history.count))
        writer.append(fixed: time)
        return XXH3.hash(writer.bytes)
    }

    /// The same of the requests whose answers are kept.
    package var requestDigest: UInt64 { history.digest }

    package var rowCount: Int { rows.count }

    // MARK: - Rows

    func gid(_ row: UInt32) -> Gid { gids.gid(row) }

    /// The row that `gid` names, if it is one of this workspace and of this kind.
    func row(_ gid: UInt64, _ kind: EntityKind) -> UInt32? {
        let gid = Gid(gid)
        guard gid.isValid, gid.workspace == ordinal else { return nil }
        let row = gids.row(gid)
        // Whoever asks for a task reads its row next.
        if kind == .task {
            indexes.hanging.prefetch(row)
            rows.prefetch(row)
        }
        return rows.has(row, kind) ? row : nil
    }

    /// The message in a row.
    /// - Precondition: the row's bytes are such a message: they were checked when they were
    ///   applied.
    func load<Row: Message>(_ type: Row.Type, _ row: UInt32) -> Row? {
        rows.withRow(row) { _, bytes in
            do { return try Row(decoding: bytes) } catch {
                preconditionFailure("row \(row) of workspace \(ordinal) is damaged: \(error)")
            }
        }
    }

    /// The number of a new row. Given back if the transaction is undone.
    func allocate() throws(Rejection) -> UInt32 {
        // The directory's gids are their low 32 bits alone, and 0 names nothing.
        if ordinal == 0, gids.gid(nextRow) == .none { nextRow += 1 }
        guard nextRow < UInt32.max else {
            throw Rejection(.limitReached, "The workspace has had 2^32 objects; make another one.")
        }
        nextRow += 1
        return nextRow - 1
    }

    /// Writes a row, within a transaction.
    func put<Row: Message>(_ row: UInt32, _ kind: EntityKind, _ message: Row) {
        let entry = journal.note(row, kind, in: rows) { message.encode(into: &$0) }
        mustWrite(row, kind, entry.new, in: journal.bytes)
    }

    /// Writes the row of a new task, within a transaction.
    func put(newTask row: UInt32, _ task: TaskRow) {
        let content = journal.note(newTask: row, parent: task.parent) { task.encode(into: &$0) }
        insert(task: row, TaskKeys.indexing(task), content, in: journal.bytes)
    }

    private func insert(
        task row: UInt32, _ keys: TaskKeys, _ content: Journal.Content,
        in bytes: borrowing ByteWriter
    ) {
        insert(task: row, keys, bytes.span.extracting(content.start..<content.end))
    }

    /// Writes a task's row anew within a transaction: `write` is given the row's bytes as they are.
    ///
    /// - Parameter keepsKeys: nothing changes that the indexes ask for.
    func put(
        task row: UInt32, keepsKeys: Bool, patchedBy write: (RawSpan, inout ByteWriter) -> Void
    ) {
        let entry = journal.note(patching: row, keepsKeys: keepsKeys, in: rows, write)
        #if DEBUG
            requireCanonical(TaskRow.self, entry.new, in: journal.bytes)
        #endif
        guard keepsKeys, let content = entry.new else {
            return mustWrite(row, .task, entry.new, in: journal.bytes)
        }
        rewrite(task: row, content, in: journal.bytes)
    }

    /// Writes the row of a new story, within a transaction: what `write` appends.
    ///
    /// - Parameter keys: those of the row.
    func put(story row: UInt32, _ keys: StoryKeys, _ write: (inout ByteWriter) -> Void) {
        let content = journal.note(new: row, .story, of: keys.task, write)
        #if DEBUG
            requireCanonical(Story.self, content, in: journal.bytes)
        #endif
        insert(story: row, keys, content, in: journal.bytes)
    }

    private func rewrite(
        task row: UInt32, _ content: Journal.Content, in bytes: borrowing ByteWriter
    ) {
        rewrite(task: row, bytes.span.extracting(content.start..<content.end))
    }

    private func insert(
        story row: UInt32, _ keys: StoryKeys, _ content: Journal.Content,
        in bytes: borrowing ByteWriter
    ) {
        insert(story: row, keys, bytes.span.extracting(content.start..<content.end))
    }

    #if DEBUG
        /// Checks that a row is what its message encodes to.
        private func requireCanonical<Row: Message>(
            _ type: Row.Type, _ content: Journal.Content?, in bytes: borrowing ByteWriter
        ) {
            guard let content else { return }
            let bytes = bytes.span.extracting(content.start..<content.end)
            do {
                let again = try Row(decoding: bytes).encoded()
                let isSame = unsafe bytes.withUnsafeBytes { unsafe $0.elementsEqual(again) }
                precondition(isSame, "a row was written as one that no message has")
            } catch { preconditionFailure("a row was written as no row: \(error)") }
        }
    #endif

    /// Removes a row, within a transaction.
    func erase(_ row: UInt32) {
        guard let kind = rows.kind(of: row) else { return }
        journal.note(removing: row, kind, in: rows)
        mustWrite(row, kind, nil, in: journal.bytes)
    }

    /// Writes what this program encoded itself; if it cannot read that, it is wrong.
    private func mustWrite(
        _ row: UInt32, _ kind: EntityKind, _ content: Journal.Content?,
        in bytes: borrowing ByteWriter
    ) {
        do throws(Corruption) {
            guard let content else { return try remove(row, kind) }
            try write(row, content.kind, bytes.span.extracting(content.start..<content.end))
        } catch {
            preconditionFailure("a row this program wrote is damaged: \(error)")
        }
    }

    // MARK: - Transactions

    /// Runs `body`; if it rejects, everything it wrote is undone. May be nested.
    func transact<Result>(_ body: () throws(Rejection) -> Result) throws(Rejection) -> Result {
        let mark = Mark(entries: journal.entries.count, nextRow: nextRow)
        do { return try body() } catch {
            undo(to: mark)
            throw error
        }
    }

    /// Where a transaction began.
    private struct Mark {
        var entries: Int
        var nextRow: UInt32
    }

    private func undo(to mark: Mark) {
        while journal.entries.count > mark.entries, let entry = journal.popLast() {
            mustWrite(entry.row, entry.kind, entry.old, in: journal.bytes)
            journal.forget(entry)
        }
        nextRow = mark.nextRow
    }

    /// Bytes of rows, old and new, that a transaction may remember: a request of many parts that
    /// each change one large row would else take memory without bound.
    static let journalMax = 64 << 20

    /// Refuses to go on with a request that has changed too much already.
    func requireRoom() throws(Rejection) {
        guard journal.bytes.count <= Self.journalMax else {
            throw Rejection(
                .tooLarge,
                "The request changes more than \(Self.journalMax) bytes of rows over and over; ask "
                    + "for fewer changes at a time.")
        }
    }

    /// What a command did, or had done before.
    package struct Performed: Sendable {
        /// The answer's bytes.
        package var answer: [UInt8]
        /// The body of the record to append to the log; none if the answer was recalled.
        package var record: [UInt8]?
        /// The workspace's position after the record (for a recalled answer: when it was done).
        package var position: UInt64
        /// The rows of the tasks whose own answers alone the record may have changed, those that it
        /// made among them: an answer that has not looked at them is the same before it and after.
        /// Nil: it may be any answer.
        package var rewrittenTasks: [UInt32]?
    }

    /// A record's body, at most. Any request fits; what it changes must, too.
    static let recordMax = (2 << 20) - 1024

    /// Runs one command: authorises, recalls, decides and applies. O(what it changes).
    ///
    /// What a recalled answer tells (gids and versions of what the caller itself made or changed)
    /// needs no right to the objects any more, only that the caller is one of the workspace. Who
    /// was let go meanwhile is refused, and told that it was done.
    ///
    /// - Parameters:
    ///   - requestHash: a hash of method and payload, to tell a retry from a reused request ID.
    ///   - wallTime: the primary's clock; the record gets it, or the log time where that is later.
    package func perform(
        _ command: consuming Command, as principal: Principal, request: RequestID?,
        requestHash: UInt64, wallTime: Int64
    ) throws(Rejection) -> Performed {
        precondition(journal.entries.isEmpty && replay == nil, "a transaction was left open")
        let now = max(wallTime, time)
        let (caller, recalled) = try recall(request, principal, requestHash, now)
        if let recalled { return recalled }
        walked = 0
        var head = RecordHead()
        head.time = now
        head.principal = principal.account.rawValue
        head.method = UInt32(command.method.id)
        head.request = request
        if request != nil { head.requestHash = requestHash }
        let mark = Mark(entries: 0, nextRow: nextRow)
        defer { journal.clear() }
        do throws(Rejection) {
            let answer = try decide(consume command, caller, now)
            if journal.entries.isEmpty && request == nil && nextRow == mark.nextRow {
                return Performed(answer: answer, record: nil, position: position)
            }
            head.nextRow = nextRow
            let body = try encoded(head, answer)
            conclude(head, answer: unsafe answer.span.bytes)
            return Performed(
                answer: answer, record: body, position: position,
                rewrittenTasks: journal.rewrittenTasks)
        } catch {
            undo(to: mark)
            throw error
        }
    }

    /// An answer's bytes.
    func encoded(_ answer: Changed) -> [UInt8] {
        scratch.removeAll()
        answer.encode(into: &scratch)
        return scratch.bytes
    }

    private static let keptBytes = 256 << 10

    private func encoded(
        _ head: RecordHead, _ answer: [UInt8]
    ) throws(Rejection) -> [UInt8] {
        scratch.removeAll()
        // One large record shall not keep its memory in every workspace.
        defer { if scratch.capacity > Self.keptBytes { scratch = ByteWriter(capacity: 4096) } }
        head.encode(journal, answer: answer, into: &scratch)
        guard scratch.count <= Self.recordMax else {
            throw Rejection(
                .tooLarge,
                "The request changes \(scratch.count) bytes of rows, and one record of "
                    + "the log holds \(Self.recordMax); ask for fewer changes at a time.")
        }
        return scratch.bytes
    }

    private func recall(
        _ request: RequestID?, _ principal: Principal, _ hash: UInt64, _ now: Int64
    ) throws(Rejection) -> (caller: Caller, recalled: Performed?) {
        var recalled: RequestHistory.Recall?
        if let request {
            recalled = history.recall(request, principal.account, hash: hash, at: now)
        }
        // To a stranger, what is known of a session tells that there is a workspace.
        let caller: Caller
        do throws(Rejection) { caller = try self.caller(principal) } catch {
            var refusal = error
            if case .known = recalled { refusal.wasExecuted = true }
            throw refusal
        }
        switch recalled {
        case nil: return (caller, nil)
        case .new:
            if let request, request.after > 0,
                !history.keeps(request.after, sessionOf: request, principal.account)
            {
                throw Rejection(
                    .outOfOrder, "The request before it, \(request.after), has not been executed.")
            }
            return (caller, nil)
        case .known(let outcome):
            let performed = Performed(
                answer: outcome.answer, record: nil, position: outcome.position)
            return (caller, performed)
        case .reused:
            throw Rejection(
                .requestIDReused,
                "This request ID was used for another request; make a new one.")
        case .expired:
            throw Rejection(
                .sessionExpired,
                "The session of this request ID is too old to know whether it was done; look, and "
                    + "ask again with a new one.")
        }
    }
}
