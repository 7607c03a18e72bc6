package import ByteCoding
package import WorkProtocol

/// What an export reads: a workspace at one position, as one principal sees it, task by task.
///
/// The copy it works on shares everything with the living workspace until that is written to, so
/// making one is O(blocks), and using it, on any queue, keeps no writer waiting. Access to each
/// task is what it was at the position; who may not ask for the export any more gets no more of it
/// (`WorkspaceGraph.checkExport`).
///
/// `@unchecked Sendable`: its copy is its own; handed from queue to queue, used by one at a time.
package final class ExportCursor: @unchecked Sendable {
    private let graph: WorkspaceGraph
    private let caller: Caller
    private let projectRow: UInt32?
    /// The bytes of a task that is given as a value.
    private var scratch = ByteWriter(capacity: 1024)
    /// The project; nil for My Tasks.
    package let project: Project?
    /// Its custom fields, in their order.
    package let fields: [Field]
    /// Lists still to be walked, innermost last, and how far each is.
    private var stack: [Walk] = []
    private var known: [UInt64: Name] = [:]

    private struct Walk {
        let list: RankedList
        /// Whether it is the subtasks of a task that has begun and must end after them.
        let isInside: Bool
        /// The entries at hand, and how many of them have been given.
        private(set) var entries: [RankedList.Entry]
        private var given = 0

        private static let atOnce = 256

        init(_ list: RankedList, isInside: Bool = false) {
            self.list = list
            self.isInside = isInside
            entries = list.isEmpty ? [] : list.entries(after: nil, atMost: Self.atOnce)
        }

        mutating func next() -> RankedList.Entry? {
            if given == entries.count {
                guard given == Self.atOnce else { return nil }
                entries = list.entries(after: entries.last, atMost: Self.atOnce)
                given = 0
                guard !entries.isEmpty else { return nil }
            }
            defer { given += 1 }
            return entries[given]
        }
    }

    /// Where a walk went.
    private enum Move {
        case begin
        case end
    }

    /// What comes next in an export.
    package enum Step {
        /// A task; its subtasks follow, each with its end, and then its own end.
        case begin(WorkTask)
        case end
    }

    /// The workspace's position that is shown; 0 unless the reader operates the store: it tells how
    /// much others do.
    package var position: UInt64 {
        caller.principal.isNode || caller.principal.scopes.contains(.operate) ? graph.position : 0
    }

    fileprivate init(
        _ graph: WorkspaceGraph, _ caller: Caller, _ project: UInt32?
    ) {
        self.graph = graph
        self.caller = caller
        projectRow = project
        if let project {
            let shown = graph.shown(project: project, caller)
            self.project = shown
            fields = shown.fields.compactMap { setting in
                graph.row(setting.field, .field).flatMap { graph.load(Field.self, $0) }
            }
            stack = graph.sections(of: project).reversed().compactMap { section in
                graph.indexes.tasksOfSection[section].map { Walk($0) }
            }
        } else {
            self.project = nil
            fields = []
            let buckets: [Bucket] = [.later, .upcoming, .today, .new]
            stack = buckets.compactMap { bucket in
                let key = Indexes.Assigned(account: caller.account, bucket: bucket)
                return graph.indexes.assigned[key.number].map { Walk($0) }
            }
        }
    }

    /// The next step; nil after the last. A subtask that stands in the project itself comes there,
    /// and not under its parent.
    package func next() -> Step? {
        scratch.removeAll()
        switch move(into: &scratch) {
        case .begin: return .begin(Self.task(scratch))
        case .end: return .end
        case nil: return nil
        }
    }

    /// The same for an export without levels: appends the bytes of the next task (a `WorkTask`) to
    /// `writer`. False after the last.
    package func nextTask(into writer: inout ByteWriter) -> Bool {
        while let move = move(into: &writer) {
            if move == .begin { return true }
        }
        return false
    }

    /// Goes on to the next task that is shown, whose bytes it appends, or to the end of one.
    private func move(into writer: inout ByteWriter) -> Move? {
        while let top = stack.indices.last {
            guard let entry = stack[top].next() else {
                if stack.removeLast().isInside { return .end }
                continue
            }
            guard let keys = graph.taskKeys(entry.row),
                !(stack[top].isInside && hasOwnPlace(keys)),
                graph.access(task: entry.row, keys, caller) > .none
            else { continue }
            // My Tasks lists every task by itself; in a project subtasks come under their parent.
            let subtasks = projectRow == nil ? nil : graph.indexes.hanging[.subtask, entry.row]
            stack.append(Walk(subtasks ?? RankedList(), isInside: true))
            write(entry.row, keys, into: &writer)
            return .begin
        }
        return nil
    }

    /// A task the export has shown before, by its gid.
    package func task(_ gid: UInt64) -> WorkTask? {
        guard let row = graph.row(gid, .task), let keys = graph.taskKeys(row) else { return nil }
        scratch.removeAll()
        write(row, keys, into: &scratch)
        return Self.task(scratch)
    }

    private func hasOwnPlace(_ keys: TaskKeys) -> Bool {
        keys.placements.contains { $0.project == projectRow }
    }

    private static func task(_ bytes: borrowing ByteWriter) -> WorkTask {
        do { return try WorkTask(decoding: bytes.span) } catch {
            preconditionFailure("a task this program encoded does not decode: \(error)")
        }
    }

    private func write(_ row: UInt32, _ keys: TaskKeys, into writer: inout ByteWriter) {
        var names: NameList? = nil
        graph.write(task: row, keys, caller, &names, into: &writer)
    }

    /// A task's stories, oldest first.
    package func stories(of task: UInt64) -> [Story] {
        var stories: [Story] = []
        var request = ListStories()
        request.task = task
        request.limit = UInt32(GraphLimits.pageMax)
        while true {
            var writer = ByteWriter(capacity: 4096)
            guard (try? graph.listStories(request, caller, into: &writer)) != nil,
                let page = try? StoryPage(decoding: writer.span)
            else { return stories }
            stories += page.stories
            guard !page.next.isEmpty else { return stories }
            request.cursor = page.next
        }
    }

    package func attachments(of task: UInt64) -> [FileAttachment] {
        var request = ListAttachments()
        request.task = task
        var writer = ByteWriter(capacity: 1024)
        guard (try? graph.listAttachments(request, caller, into: &writer)) != nil,
            let list = try? AttachmentList(decoding: writer.span)
        else { return [] }
        return list.attachments
    }

    /// The name and external id of something a task refers to, if the reader may see it.
    package func name(of gid: UInt64) -> Name? {
        if let name = known[gid] { return name }
        guard let kind = kind(of: gid) else { return nil }
        var list = NameList()
        if kind == .option {
            for field in fields where field.options.contains(where: { $0.gid == gid }) {
                list.note(.option, gid, field: field.gid)
            }
        } else {
            list.note(kind, gid)
        }
        guard let name = graph.named(list, caller).first else { return nil }
        // Tasks are many and named seldom; the others are few and named often.
        if kind != .task { known[gid] = name }
        return name
    }

    private func kind(of gid: UInt64) -> EntityKind? {
        let gid = Gid(gid)
        if gid.workspace == 0 { return .account }
        guard gid.workspace == graph.ordinal else { return nil }
        let row = graph.gids.row(gid)
        switch graph.rows.kind(of: row) {
        case .task: return graph.access(task: row, caller) > .none ? .task : nil
        case .project: return graph.access(project: row, caller) > .none ? .project : nil
        case .section:
            let project = graph.indexes.projectOfSection[row]
            return project.map { graph.access(project: $0, caller) > .none } == true
                ? .section : nil
        case .label: return graph.canSee(label: row, caller) ? .label : nil
        case .field: return graph.canSee(field: row, caller) ? .field : nil
        case .team: return .team
        case nil: return .option
        default: return nil
        }
    }

    package func field(_ gid: UInt64) -> Field? {
        fields.first { $0.gid == gid }
            ?? graph.row(gid, .field).flatMap { graph.load(Field.self, $0) }
    }
}

extension WorkspaceGraph {
    /// Begins an export as it is asked for. Complexity: O(blocks of rows and indexes).
    package func export(
        _ request: Export, as principal: Principal
    ) throws(Rejection) -> ExportCursor {
        let (caller, project) = try exporter(request, principal)
        return ExportCursor(copy(), caller, project)
    }

    /// Throws what `export(_:as:)` would throw now: an export that has begun may not go on then.
    /// O(1) but for the rules of access to the project.
    package func checkExport(
        _ request: Export, as principal: Principal
    ) throws(Rejection) {
        _ = try exporter(request, principal)
    }

    /// Who exports, and the project's row; nil for My Tasks.
    private func exporter(
        _ request: Export, _ principal: Principal
    ) throws(Rejection) -> (Caller, UInt32?) {
        let caller = try caller(principal)
        try caller.require(.read, "read")
        if request.project == 0 { return (caller, nil) }
        guard let row = row(request.project, .project), access(project: row, caller) > .none
        else { throw .notFound }
        return (caller, row)
    }

    /// Another workspace with the same content, sharing memory until one of them is written to.
    private func copy() -> WorkspaceGraph {
        let copy = WorkspaceGraph(ordinal: ordinal)
        copy.rows = rows.copy()
        copy.indexes = indexes
        copy.gids = gids
        copy.cursors = cursors
        copy.position = position
        copy.nextRow = nextRow
        copy.time = time
        return copy
    }
}
