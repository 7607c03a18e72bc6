internal import ByteCoding
internal import WorkProtocol

/// What an update changes of a task's name, notes and completion, and where in its row these lie:
/// the row is made anew by copying what stays, and never read as a message.
///
/// Only for rows as this program writes them, their fields in order; any other is left to the
/// message (`init` is nil).
struct TaskPatch {
    // What it becomes; nil: it stays as it is.
    private var name: String?
    private var notes: String?
    private var completed: Bool?
    private(set) var keys: TaskKeys
    private var oldName = ""

    // Where the fields lie that may change, with their tags; empty where one would be.
    private let versionRange: Range<Int>
    private let nameRange: Range<Int>
    private let notesRange: Range<Int>
    private let modifiedRange: Range<Int>
    private let completionRange: Range<Int>

    /// - Parameter keys: those of the row `bytes`.
    init?(_ request: UpdateTask, _ bytes: RawSpan, _ keys: TaskKeys) {
        self.keys = keys
        var scan = RowScan(bytes)
        _ = scan.fixed64(1)
        let version = scan.offset
        _ = scan.varint(2)
        let name = scan.offset
        let oldName = scan.content(3)
        let notes = scan.offset
        let oldNotes = scan.content(4)
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
        guard scan.nextField > 12, keys.version > 0, keys.version < .max, keys.importedBy == 0,
            request.notes == nil || !hasFormatting
        else { return nil }
        versionRange = version..<name
        nameRange = name..<notes
        notesRange = notes..<formatting
        modifiedRange = modified..<completion
        completionRange = completion..<scan.offset
        if let wanted = request.completed, wanted != keys.completed { completed = wanted }
        if let wanted = request.name {
            let old = bytes.extracting(oldName ?? 0..<0)
            if Self.compare(old, wanted) == .other {
                self.name = wanted
                self.oldName = Self.text(old)
            }
        }
        guard let wanted = request.notes else { return }
        switch Self.compare(bytes.extracting(oldNotes ?? 0..<0), wanted) {
        case .same: break
        case .other: self.notes = wanted
        // Other bytes, and yet no other text: whether they are kept depends on the rest.
        case .alike: return nil
        }
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

    var isEmpty: Bool { name == nil && notes == nil && completed == nil }

    /// The keys of the row it becomes, as far as indexes ask for them.
    func newKeys(_ caller: Caller, at now: Int64) -> TaskKeys {
        var new = keys
        new.version += 1
        new.modifiedAt = now
        guard let completed else { return new }
        new.completed = completed
        new.completedAt = completed ? now : 0
        new.completedBy = completed ? caller.account : 0
        return new
    }

    /// Appends the row it becomes: the bytes that the changed message has.
    func write(_ bytes: RawSpan, as new: TaskKeys, into writer: inout ByteWriter) {
        writer.append(bytes.extracting(0..<versionRange.lowerBound))
        writer.append(tag: 2 << 3, varint: UInt64(new.version))
        if let name {
            if !name.isEmpty { writer.append(tag: 3 << 3 | 2, text: name) }
        } else {
            writer.append(bytes.extracting(nameRange))
        }
        if let notes {
            if !notes.isEmpty { writer.append(tag: 4 << 3 | 2, text: notes) }
        } else {
            writer.append(bytes.extracting(notesRange))
        }
        writer.append(bytes.extracting(notesRange.upperBound..<modifiedRange.lowerBound))
        if new.modifiedAt != 0 { writer.append(tag: 9 << 3, int64: new.modifiedAt) }
        if completed != nil {
            if new.completed { writer.append(tag: 10 << 3, varint: 1) }
            if new.completedAt != 0 { writer.append(tag: 11 << 3, int64: new.completedAt) }
            if new.completedBy != 0 { writer.append(tag: 12 << 3 | 1, fixed: new.completedBy) }
        } else {
            writer.append(bytes.extracting(completionRange))
        }
        writer.append(bytes.extracting(completionRange.upperBound..<bytes.byteCount))
    }

    /// Calls `body` with what there is to tell of it: kind, old and new value.
    func forEachStory(
        _ body: (StoryKind, String, String) throws(Rejection) -> Void
    ) throws(Rejection) {
        if let name { try body(.nameChanged, oldName, name) }
        if notes != nil { try body(.notesChanged, "", "") }
        if let completed { try body(completed ? .markedComplete : .markedIncomplete, "", "") }
    }

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
            if isSame(old, other) { return .same }
            return isASCII(old) && isASCII(other) ? .other : nil
        }
        return known ?? (text(old) == new ? .alike : .other)
    }

    private static func isSame(_ left: RawSpan, _ right: RawSpan) -> Bool {
        guard left.byteCount == right.byteCount else { return false }
        var differs: UInt64 = 0
        forEachWord(of: left.byteCount) { place, width in
            differs |= word(left, place, width) ^ word(right, place, width)
        }
        return differs == 0
    }

    private static func isASCII(_ bytes: RawSpan) -> Bool {
        var all: UInt64 = 0
        forEachWord(of: bytes.byteCount) { place, width in all |= word(bytes, place, width) }
        return all & 0x8080_8080_8080_8080 == 0
    }

    /// Calls `body` with the places of words of eight bytes, then of single ones.
    @inline(__always)
    private static func forEachWord(of count: Int, _ body: (Int, Int) -> Void) {
        var place = 0
        while place &+ 8 <= count {
            body(place, 8)
            place &+= 8
        }
        while place < count {
            body(place, 1)
            place &+= 1
        }
    }

    @inline(__always)
    private static func word(_ bytes: RawSpan, _ place: Int, _ width: Int) -> UInt64 {
        width == 8
            ? unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: place, as: UInt64.self)
            : UInt64(unsafe bytes.unsafeLoad(fromUncheckedByteOffset: place, as: UInt8.self))
    }
}

extension WorkspaceGraph {
    /// Runs an update that a patch suffices for; nil if the task's row is not as most are. Does and
    /// refuses what the other way does and refuses (`draft`, `save`).
    func patchTask(
        _ request: UpdateTask, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed? {
        guard let row = row(request.task, .task) else { throw .notFound }
        let patch = try rows.withRow(row) { (_, bytes) throws(Rejection) -> TaskPatch? in
            let keys = keys(bytes, row)
            let level = access(task: row, keys, caller)
            guard level > .none else { throw .notFound }
            guard level >= .editor else { throw Self.tooLow(.editor, "task") }
            let version = revision(of: keys, caller).version
            guard request.ifVersion == 0 || request.ifVersion == version else {
                throw .version("task", request.task, is: version)
            }
            return TaskPatch(request, bytes, keys)
        }
        guard let patch = patch ?? nil else { return nil }
        guard !patch.isEmpty else {
            let version = revision(of: patch.keys, caller).version
            return Changed(request.task, version: version, unchanged: true)
        }
        let new = patch.newKeys(caller, at: now)
        let isReindexed = patch.keys.completed != new.completed
        put(task: row, isReindexed ? (patch.keys, new) : nil) { bytes, writer in
            patch.write(bytes, as: new, into: &writer)
        }
        try patch.forEachStory { (kind, old, value) throws(Rejection) in
            var story = Story()
            story.kind = kind
            story.oldValue = old
            story.newValue = value
            _ = try write(story, on: row, caller, at: now)
        }
        return Changed(request.task, version: revision(of: new, caller).version)
    }
}
