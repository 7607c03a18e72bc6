internal import WorkProtocol

/// A task that a command is changing: what it was, what it becomes, and the stories to tell of it.
struct TaskDraft {
    let row: UInt32
    let before: TaskRow
    var task: TaskRow
    /// What the caller may do with it.
    let level: AccessLevel
    var stories: [Story] = []
    /// Something of it changed that its row does not hold: a comment, an attachment.
    var isTouched = false

    /// Takes down a story, to be written when the draft is saved.
    mutating func tell(
        _ kind: StoryKind, old: String = "", new: String = "", oldGid: UInt64 = 0,
        newGid: UInt64 = 0, field: UInt64 = 0
    ) {
        var story = Story()
        story.kind = kind
        story.oldValue = old
        story.newValue = new
        story.oldGid = oldGid
        story.newGid = newGid
        story.field = field
        stories.append(story)
    }

    /// Whether `modified_at` moves for everybody, once the changes are counted.
    fileprivate var isModified: Bool { isTouched || task.version != before.version }
}

extension WorkspaceGraph {
    /// A task that a request names, with at least `level` for the caller, at the version asked for.
    func draft(
        task gid: UInt64, needs level: AccessLevel, _ caller: Caller, ifVersion: UInt32 = 0
    ) throws(Rejection) -> TaskDraft {
        guard let row = row(gid, .task) else { throw .notFound }
        let access = access(task: row, caller)
        guard access > .none, let task = load(TaskRow.self, row) else { throw .notFound }
        guard access >= level else { throw Self.tooLow(level, "task") }
        let version = revision(of: task, caller).version
        guard ifVersion == 0 || ifVersion == version else {
            throw .version("task", gid, is: version)
        }
        return TaskDraft(row: row, before: task, task: task, level: access)
    }

    /// The refusal for somebody who sees a thing and may not do this much with it.
    static func tooLow(_ level: AccessLevel, _ thing: String) -> Rejection {
        let deed =
            switch level {
            case .none, .viewer: "see"
            case .commenter: "comment on"
            case .editor: "change"
            case .admin: "administer"
            }
        return Rejection(
            .forbidden, "You see this \(thing), but may not \(deed) it; ask for more access.")
    }

    /// Writes a draft and its stories, if anything changed.
    func save(
        _ draft: inout TaskDraft, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let isSame = draft.task == draft.before
        let isUnchanged = isSame && draft.stories.isEmpty
        count(&draft.task, since: draft.before, at: now)
        if draft.isModified { draft.task.modifiedAt = now }
        if !isUnchanged || draft.isTouched, draft.task.importedBy != 0,
            draft.task.importedBy != caller.account
        {
            draft.task.isAdopted = true
        }
        // What differed before it was counted differs after.
        if !isSame || draft.task != draft.before { put(draft.row, .task, draft.task) }
        for story in draft.stories { _ = try write(story, on: draft.row, caller, at: now) }
        return Changed(
            draft.task.gid, version: revision(of: draft.task, caller).version,
            unchanged: isUnchanged)
    }

    /// Writes a story of a task; answers its gid.
    func write(
        _ story: consuming Story, on task: UInt32, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> UInt64 {
        let row = try allocate()
        story.gid = gid(row).rawValue
        story.task = UInt64(task)
        story.createdBy = caller.account
        story.createdAt = now
        put(row, .story, story)
        return story.gid
    }
}

/// The path of a field in a request, made into text only for a refusal.
struct FieldPath: CustomStringConvertible {
    private let name: StaticString
    private let index: Int?

    /// - Parameter index: the place in a field that is repeated.
    init(_ name: StaticString, _ index: Int? = nil) {
        self.name = name
        self.index = index
    }

    var description: String { index.map { "\(name)[\($0)]" } ?? "\(name)" }
}

extension Rejection {
    /// As `notFound`, telling which field of the request names what is not there, or is hidden.
    static func notFound(_ field: String) -> Rejection {
        var rejection = Rejection.notFound
        var problem = FieldProblem()
        problem.field = field
        problem.message = rejection.message
        rejection.fields = [problem]
        return rejection
    }

    /// A limit of the graph was reached.
    static func limit(_ most: Int, _ what: String) -> Rejection {
        Rejection(.limitReached, "\(what): at most \(most).")
    }
}
