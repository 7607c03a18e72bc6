internal import ByteCoding
internal import WorkProtocol

/// Pages of tasks.
extension WorkspaceGraph {
    /// The tasks of a project in the order of its sections, of a section, under a parent, with a
    /// label, or of a person: of these what the caller may see. O(rows passed over).
    func listTasks(
        _ request: ListTasks, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        let named = [
            request.project, request.section, request.parent, request.label, request.assignee,
        ]
        guard named.count(where: { $0 != 0 }) == 1 else {
            throw .badField(
                "project", "Name one of a project, a section, a parent, a tag and an assignee.")
        }
        var page = TaskPageDraft(
            most: try Self.pageSize(request.limit), withNames: request.withNames,
            list: PageCursor.list(.listTasks, named))
        page.completedSince = request.completedSince
        page.modifiedSince = request.modifiedSince
        let after = try cursor(request.cursor, of: page.list)
        if request.project != 0 {
            try list(project: request.project, after, caller, &page, into: &writer)
        } else if request.section != 0 {
            try list(section: request.section, after, caller, &page, into: &writer)
        } else if request.parent != 0 {
            guard let parent = row(request.parent, .task), access(task: parent, caller) > .none
            else { throw .notFound }
            page.allVisible = true
            list(indexes.hanging[.subtask, parent], after, caller, &page, into: &writer)
        } else if request.label != 0 {
            guard let label = row(request.label, .label), canSee(label: label, caller) else {
                throw .notFound
            }
            list(indexes.tasksOfLabel[label], after, caller, &page, into: &writer)
        } else {
            guard canSee(person: request.assignee, caller) else { throw .notFound }
            list(assignee: request.assignee, Self.buckets, after, caller, &page, into: &writer)
        }
        finish(&page, caller, into: &writer)
    }

    /// My Tasks, or those of somebody else as far as the caller sees them.
    func listMyTasks(
        _ request: ListMyTasks, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        let user = request.user == 0 ? caller.account : request.user
        guard canSee(person: user, caller) else { throw .notFound }
        var page = TaskPageDraft(
            most: try Self.pageSize(request.limit), withNames: request.withNames,
            list: PageCursor.list(.listMyTasks, [user, UInt64(request.bucket.rawValue)]))
        if !request.withCompleted { page.completedSince = .max }
        let after = try cursor(request.cursor, of: page.list)
        let buckets = request.bucket == .none ? Self.buckets : [request.bucket]
        list(assignee: user, buckets, after, caller, &page, into: &writer)
        finish(&page, caller, into: &writer)
    }

    private static let buckets: [Bucket] = [.new, .today, .upcoming, .later, .none]

    private func list(
        project gid: UInt64, _ after: PageCursor?, _ caller: Caller,
        _ page: inout TaskPageDraft, into writer: inout ByteWriter
    ) throws(Rejection) {
        guard let project = row(gid, .project), access(project: project, caller) > .none else {
            throw .notFound
        }
        // Whoever sees a project sees what is in it.
        page.allVisible = true
        guard let sections = indexes.sectionsOfProject[project] else { return }
        if let after, sections.contains(after.outer) {
            page.outer = after.outer
            list(indexes.tasksOfSection[after.outer.row], after, caller, &page, into: &writer)
        }
        sections.forEach(after: after?.outer) { section in
            guard !page.isFull else { return false }
            page.outer = section
            list(indexes.tasksOfSection[section.row], nil, caller, &page, into: &writer)
            return true
        }
    }

    private func list(
        section gid: UInt64, _ after: PageCursor?, _ caller: Caller,
        _ page: inout TaskPageDraft, into writer: inout ByteWriter
    ) throws(Rejection) {
        guard let section = row(gid, .section), let project = indexes.projectOfSection[section],
            access(project: project, caller) > .none
        else { throw .notFound }
        page.allVisible = true
        list(indexes.tasksOfSection[section], after, caller, &page, into: &writer)
    }

    private func list(
        assignee: UInt64, _ buckets: [Bucket], _ after: PageCursor?, _ caller: Caller,
        _ page: inout TaskPageDraft, into writer: inout ByteWriter
    ) {
        for (index, bucket) in buckets.enumerated() where !page.isFull {
            page.outer = RankedList.Entry(rank: Int64(index), row: 0)
            if let after, after.outer.rank > page.outer.rank { continue }
            let key = Indexes.Assigned(account: assignee, bucket: bucket)
            let isSame = after?.outer.rank == page.outer.rank
            list(indexes.assigned[key.number], isSame ? after : nil, caller, &page, into: &writer)
        }
    }

    /// Goes on with the page through one list.
    private func list(
        _ list: RankedList?, _ after: PageCursor?, _ caller: Caller,
        _ page: inout TaskPageDraft, into writer: inout ByteWriter
    ) {
        guard let list else { return }
        var last = after?.inner
        while !page.isFull {
            // One more than there is room for, to know that there is more.
            let wanted = min(page.most - page.count + 1, Self.rowsAtATime)
            let entries = list.entries(after: last, atMost: wanted)
            prefetch(entries)
            for (index, entry) in entries.enumerated() where !page.isFull {
                if index + Self.rowsAhead < entries.count {
                    fetch(entries[index + Self.rowsAhead].row)
                }
                take(entry, caller, &page, into: &writer)
            }
            guard entries.count == wanted else { return }
            last = entries.last
        }
    }

    private static let rowsAtATime = 128
    private static let rowsAhead = 6

    /// Asks for where the rows lie, and for the first of them: they may be anywhere in memory, and
    /// are waited for together.
    private func prefetch(_ entries: [RankedList.Entry]) {
        for entry in entries {
            rows.prefetchSlot(entry.row)
            indexes.hanging.prefetch(entry.row)
        }
        for entry in entries.prefix(Self.rowsAhead) { fetch(entry.row) }
    }

    private func fetch(_ row: UInt32) {
        rows.prefetch(row)
        indexes.hanging.prefetchCounts(row)
    }

    private func take(
        _ entry: RankedList.Entry, _ caller: Caller, _ page: inout TaskPageDraft,
        into writer: inout ByteWriter
    ) {
        look(at: entry.row)
        guard let keys = taskKeys(entry.row), page.wants(keys),
            page.modifiedSince == 0
                || revision(of: keys, caller).modifiedAt >= page.modifiedSince,
            page.allVisible || canSee(task: entry.row, keys, caller)
        else { return }
        guard page.count < page.most, page.bytes < VisiblePage.bytesMax else {
            page.isFull = true
            return
        }
        let start = writer.count
        writer.append(tag: 1 << 3 | 2)
        var names = page.names.take()
        writer.appendLengthDelimited { writer in
            write(task: entry.row, keys, caller, &names, into: &writer)
        }
        page.names = names
        page.bytes += writer.count - start
        page.count += 1
        page.last = PageCursor(list: page.list, outer: page.outer, inner: entry)
    }

    private func finish(
        _ page: inout TaskPageDraft, _ caller: Caller, into writer: inout ByteWriter
    ) {
        if page.isFull, let last = page.last {
            writer.append(tag: 2 << 3 | 2, blob: encode(last))
        }
        write(page.names, caller, into: &writer)
    }
}

/// A page of tasks being written.
struct TaskPageDraft {
    let most: Int
    let list: UInt32
    var completedSince: Int64 = 0
    var modifiedSince: Int64 = 0
    /// The list holds nothing the caller may not see: no need to ask for each.
    var allVisible = false
    var names: NameList?
    var outer = RankedList.Entry(rank: 0, row: 0)
    var last: PageCursor?
    var count = 0
    var bytes = 0
    /// There is more that the caller may see than the page holds.
    var isFull = false

    init(most: Int, withNames: Bool, list: UInt32) {
        self.most = most
        self.list = list
        names = withNames ? NameList() : nil
    }

    func wants(_ keys: TaskKeys) -> Bool {
        completedSince == 0 || !keys.completed || keys.completedAt >= completedSince
    }
}
