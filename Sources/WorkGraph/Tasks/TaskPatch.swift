internal import ByteCoding
internal import WorkProtocol

/// What an update changes of a task's name, notes and completion, and where in its row these lie:
/// the row is made anew by copying what stays, and never read as a message.
///
/// Only for rows as this program writes them, their fields in order; any other is left to the
/// message (`init` is nil).
struct TaskPatch {
    // What changes.
    private var changesName = false
    private var changesNotes = false
    private(set) var completed: Bool?
    /// As it was, without what stamps add.
    let version: UInt32

    // Where the fields lie that may change, with their tags; empty where one would be.
    private let versionRange: Range<Int>
    private let nameRange: Range<Int>
    private let notesRange: Range<Int>
    private let modifiedRange: Range<Int>
    private let completionRange: Range<Int>
    // The texts alone.
    private let oldName: Range<Int>
    private let oldNotes: Range<Int>

    /// The patch that a request comes to; nil if it has to be done another way.
    ///
    /// - Parameter keys: those of the row `bytes`.
    static func make(_ request: UpdateTask, _ bytes: RawSpan, _ keys: TaskKeys) -> TaskPatch? {
        guard keys.version > 0, keys.version < .max, keys.importedBy == 0,
            var patch = TaskPatch(
                bytes, version: keys.version, allowsFormatting: request.notes == nil)
        else { return nil }
        if let wanted = request.completed, wanted != keys.completed { patch.completed = wanted }
        if let wanted = request.name {
            patch.changesName = compare(bytes.extracting(patch.oldName), wanted) == .other
        }
        guard let wanted = request.notes else { return patch }
        switch compare(bytes.extracting(patch.oldNotes), wanted) {
        case .same: break
        case .other: patch.changesNotes = true
        // Other bytes, and yet no other text: whether they are kept depends on the rest.
        case .alike: return nil
        }
        return patch
    }

    /// - Parameter allowsFormatting: formatted notes may stay as they are.
    private init?(_ bytes: RawSpan, version known: UInt32, allowsFormatting: Bool) {
        version = known
        var scan = RowScan(bytes)
        _ = scan.fixed64(1)
        let version = scan.offset
        _ = scan.varint(2)
        let name = scan.offset
        oldName = scan.content(3) ?? name..<name
        let notes = scan.offset
        oldNotes = scan.content(4) ?? notes..<notes
        let formatting = scan.offset
        let hasFormatting = scan.content(5) != nil
        _ = scan.varint(6)
        _ = scan.fixed64(7)
        _ = scan.varint(8)
        let modified = scan.offset
        _ = scan.varint(9)
        let completion = scan.offset
        _ = scan.varint(10)
        _ = scan.varint(11)
        _ = scan.fixed64(12)
        guard scan.nextField > 12, allowsFormatting || !hasFormatting else { return nil }
        versionRange = version..<name
        nameRange = name..<notes
        notesRange = notes..<formatting
        modifiedRange = modified..<completion
        completionRange = completion..<scan.offset
    }

    /// Whether a request asks for nothing else than what a patch can do.
    static func suffices(for request: UpdateTask) -> Bool {
        guard request.htmlNotes == nil, request.subtype == nil, request.assignee == nil,
            request.bucket == nil, request.startOn == nil, request.startAt == nil,
            request.dueOn == nil, request.dueAt == nil, request.external == nil,
            request.fields.isEmpty, request.clear.isEmpty
        else { return false }
        // Who is mentioned becomes a collaborator.
        return request.notes.map { RichText.mentions(in: $0).isEmpty } ?? true
    }

    var isEmpty: Bool { !changesName && !changesNotes && completed == nil }

    /// Appends the row it becomes: the bytes that the changed message has.
    func write(
        _ bytes: RawSpan, name: String?, notes: String?, by account: UInt64, at now: Int64,
        into writer: inout ByteWriter
    ) {
        writer.append(bytes.extracting(0..<versionRange.lowerBound))
        writer.append(tag: 2 << 3, varint: UInt64(version) + 1)
        var rest = versionRange.upperBound
        if changesName, let name {
            if !name.isEmpty { writer.append(tag: 3 << 3 | 2, text: name) }
            rest = nameRange.upperBound
        }
        if changesNotes, let notes {
            writer.append(bytes.extracting(rest..<notesRange.lowerBound))
            if !notes.isEmpty { writer.append(tag: 4 << 3 | 2, text: notes) }
            rest = notesRange.upperBound
        }
        writer.append(bytes.extracting(rest..<modifiedRange.lowerBound))
        if now != 0 { writer.append(tag: 9 << 3, int64: now) }
        rest = modifiedRange.upperBound
        if let completed {
            if completed {
                writer.append(tag: 10 << 3, varint: 1)
                if now != 0 { writer.append(tag: 11 << 3, int64: now) }
                if account != 0 { writer.append(tag: 12 << 3 | 1, fixed: account) }
            }
            rest = completionRange.upperBound
        }
        writer.append(bytes.extracting(rest..<bytes.byteCount))
    }

    /// The name in the row that it was made for, if that changes.
    func changedName(_ bytes: RawSpan) -> String? {
        changesName ? Self.text(bytes.extracting(oldName)) : nil
    }

    /// Whether there is a story to tell of the notes.
    var tellsNotes: Bool { changesNotes }

    // MARK: - Texts

    private static func text(_ bytes: RawSpan) -> String {
        unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    private enum Comparison { case same, alike, other }

    /// How texts differ as texts do: other bytes may be the same letters (é in one piece and in
    /// two), but not where all are ASCII.
    private static func compare(_ old: RawSpan, _ new: String) -> Comparison {
        var new = new
        let known = new.withUTF8 { characters -> Comparison? in
            let other = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(characters))
            if old.hasSameBytes(as: other) { return .same }
            return old.isASCII && other.isASCII ? .other : nil
        }
        return known ?? (text(old) == new ? .alike : .other)
    }
}

extension WorkspaceGraph {
    /// Runs an update that a patch suffices for; nil if the task's row is not as most are. Does and
    /// refuses what the other way does and refuses (`draft`, `save`).
    func patchTask(
        _ request: UpdateTask, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed? {
        guard let row = row(request.task, .task) else { throw .notFound }
        // What the stamps of projects add to the version that this caller knows.
        var stamped: UInt32 = 0
        var oldName: String?
        let found = try rows.withRow(row) { (_, bytes) throws(Rejection) -> TaskPatch? in
            let keys = keys(bytes, row)
            let level = access(task: row, keys, caller)
            guard level > .none else { throw .notFound }
            guard level >= .editor else { throw Self.tooLow(.editor, "task") }
            let version = revision(of: keys, caller).version
            guard request.ifVersion == 0 || request.ifVersion == version else {
                throw .version("task", request.task, is: version)
            }
            stamped = version &- keys.version
            let patch = TaskPatch.make(request, bytes, keys)
            oldName = patch?.changedName(bytes)
            return patch
        }
        guard let patch = found ?? nil else { return nil }
        guard !patch.isEmpty else {
            return Changed(request.task, version: patch.version &+ stamped, unchanged: true)
        }
        let (name, notes, account) = (request.name, request.notes, caller.account)
        put(task: row, keepsKeys: patch.completed == nil) { bytes, writer in
            patch.write(bytes, name: name, notes: notes, by: account, at: now, into: &writer)
        }
        if let oldName {
            try tell(row, .nameChanged, old: oldName, new: request.name ?? "", caller, at: now)
        }
        if patch.tellsNotes { try tell(row, .notesChanged, caller, at: now) }
        if let completed = patch.completed {
            try tell(row, completed ? .markedComplete : .markedIncomplete, caller, at: now)
        }
        return Changed(request.task, version: patch.version &+ 1 &+ stamped)
    }

    /// Writes a story of a task that says no more than what happened: the row that its message
    /// encodes to.
    private func tell(
        _ task: UInt32, _ kind: StoryKind, old: String = "", new: String = "", _ caller: Caller,
        at now: Int64
    ) throws(Rejection) {
        let row = try allocate()
        let gid = gid(row).rawValue
        var keys = StoryKeys()
        keys.task = task
        keys.kind = kind
        keys.createdAt = now
        put(story: row, keys) { writer in
            writer.append(tag: 1 << 3 | 1, fixed: gid)
            writer.append(tag: 2 << 3 | 1, fixed: UInt64(task))
            writer.append(tag: 3 << 3, varint: UInt64(kind.rawValue))
            if caller.account != 0 { writer.append(tag: 6 << 3 | 1, fixed: caller.account) }
            if now != 0 { writer.append(tag: 7 << 3, int64: now) }
            if !old.isEmpty { writer.append(tag: 11 << 3 | 2, text: old) }
            if !new.isEmpty { writer.append(tag: 12 << 3 | 2, text: new) }
        }
    }
}
