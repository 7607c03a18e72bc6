internal import ByteCoding
internal import WorkProtocol

/// The stories of a task, oldest first.
extension WorkspaceGraph {
    func listStories(
        _ request: ListStories, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        guard let task = row(request.task, .task), let keys = taskKeys(task),
            access(task: task, keys, caller) > .none
        else { throw .notFound }
        let most = try Self.pageSize(request.limit)
        let list = PageCursor.list(.listStories, [request.task, request.commentsOnly ? 1 : 0])
        let after = try cursor(request.cursor, of: list)
        var page = StoryPage()
        var names = NameList()
        var bytes = 0
        var last: RankedList.Entry?
        indexes.hanging[.story, task]?.forEach(after: after?.inner) { entry in
            guard let story = load(Story.self, entry.row),
                !request.commentsOnly || story.kind == .comment, canSee(story: story, caller)
            else { return true }
            if let last, page.stories.count == most || bytes >= VisiblePage.bytesMax {
                page.next = encode(PageCursor(list: list, inner: last))
                return false
            }
            let shown = answer(story, on: request.task, keys, caller)
            page.stories.append(shown)
            if request.withNames { note(shown, in: &names) }
            bytes += story.encoded().count
            last = entry
            return true
        }
        page.names = named(names, caller)
        page.encode(into: &writer)
    }

    /// The story as the caller sees it: people that a guest does not know are nobody.
    private func answer(
        _ story: Story, on task: UInt64, _ keys: TaskKeys, _ caller: Caller
    ) -> Story {
        var story = story
        story.task = task
        story.liked = story.likes.contains(caller.account)
        if story.kind == .parentChanged {
            // From or to nothing, where the parent is one that the caller does not see.
            if story.oldGid != 0, canSee(named: story.oldGid, caller) != true { story.forgetOld() }
            if story.newGid != 0, canSee(named: story.newGid, caller) != true { story.forgetNew() }
        }
        guard caller.isGuest else { return story }
        if !knows(story.createdBy, on: keys, caller) { story.createdBy = 0 }
        story.likes.removeAll { !knows($0, on: keys, caller) }
        guard story.kind == .assigned || story.kind == .unassigned else { return story }
        if !knows(story.oldGid, on: keys, caller) { story.forgetOld() }
        if !knows(story.newGid, on: keys, caller) { story.forgetNew() }
        return story
    }

    private func note(_ story: Story, in names: inout NameList) {
        names.note(.account, story.createdBy)
        for person in story.likes { names.note(.account, person) }
        names.note(.field, story.field)
    }

    /// Whether the caller sees a story of a task it sees: all it names must be visible. Where
    /// something named is gone for good, the rest decides; where all is gone, the story is hidden,
    /// since nobody knows any more who might have seen it.
    func canSee(story: Story, _ caller: Caller) -> Bool {
        switch story.kind {
        case .parentChanged:
            // One of the two is enough; the other is then not told.
            return (story.oldGid == 0 && story.newGid == 0)
                || canSee(named: story.oldGid, caller) == true
                || canSee(named: story.newGid, caller) == true
        case .sectionChanged, .addedToProject, .removedFromProject, .dependencyAdded,
            .dependencyRemoved:
            let named = [story.oldGid, story.newGid].filter { $0 != 0 }
            let visible = named.compactMap { canSee(named: $0, caller) }
            return named.isEmpty || (!visible.isEmpty && visible.allSatisfy { $0 })
        case .fieldChanged:
            guard let keys = taskKeys(UInt32(truncatingIfNeeded: story.task)) else { return false }
            return canSee(field: story.field, in: homes(of: keys), caller)
        case .comment, .created, .nameChanged, .notesChanged, .assigned, .unassigned,
            .dueDateChanged, .startDateChanged, .labelAdded, .labelRemoved, .markedComplete,
            .markedIncomplete, .liked, .subtypeChanged, .madePublic, .madePrivate,
            .attachmentAdded, .attachmentRemoved, .foreign, .collaboratorAdded,
            .collaboratorRemoved:
            return true
        }
    }

    /// Whether the caller sees a project, section or task; nil if it is gone for good, and for 0.
    private func canSee(named gid: UInt64, _ caller: Caller) -> Bool? {
        if gid == 0 { return nil }
        let row = gids.row(Gid(gid))
        switch rows.kind(of: row) {
        case .project: return access(project: row, caller) > .none
        case .task: return access(task: row, caller) > .none
        case .section:
            return indexes.projectOfSection[row].map { access(project: $0, caller) > .none }
        default: return nil
        }
    }
}

extension Story {
    fileprivate mutating func forgetOld() {
        oldGid = 0
        oldValue = ""
    }

    fileprivate mutating func forgetNew() {
        newGid = 0
        newValue = ""
    }
}
