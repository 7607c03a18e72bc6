internal import ByteCoding
internal import WorkProtocol

/// The stories of a task, oldest first.
extension WorkspaceGraph {
    func listStories(
        _ request: ListStories, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        guard let task = row(request.task, .task), access(task: task, caller) > .none else {
            throw .notFound
        }
        let most = try Self.pageSize(request.limit)
        let list = PageCursor.list(.listStories, [request.task, request.commentsOnly ? 1 : 0])
        let after = try cursor(request.cursor, of: list)
        var page = StoryPage()
        var names = NameList()
        var bytes = 0
        var last: RankedList.Entry?
        indexes.stories[task]?.forEach(after: after?.inner) { entry in
            guard let story = load(Story.self, entry.row),
                !request.commentsOnly || story.kind == .comment, canSee(story: story, caller)
            else { return true }
            if let last, page.stories.count == most || bytes >= TaskPageDraft.bytesMax {
                page.next = encode(PageCursor(list: list, inner: last))
                return false
            }
            page.stories.append(answer(story, on: request.task, caller))
            if request.withNames { note(story, in: &names) }
            bytes += story.encoded().count
            last = entry
            return true
        }
        page.names = named(names, caller)
        page.encode(into: &writer)
    }

    /// The story as the caller sees it.
    private func answer(_ story: Story, on task: UInt64, _ caller: Caller) -> Story {
        var story = story
        story.task = task
        story.liked = story.likes.contains(caller.account)
        guard story.kind == .assigned || story.kind == .unassigned else { return story }
        if story.oldGid != 0, !canSee(person: story.oldGid, caller) {
            story.oldGid = 0
            story.oldValue = ""
        }
        if story.newGid != 0, !canSee(person: story.newGid, caller) {
            story.newGid = 0
            story.newValue = ""
        }
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
        case .sectionChanged, .addedToProject, .removedFromProject, .parentChanged,
            .dependencyAdded, .dependencyRemoved:
            let named = [story.oldGid, story.newGid].filter { $0 != 0 }
            let visible = named.compactMap { canSee(named: $0, caller) }
            return named.isEmpty || (!visible.isEmpty && visible.allSatisfy { $0 })
        case .fieldChanged:
            guard let keys = taskKeys(UInt32(truncatingIfNeeded: story.task)) else { return false }
            return canSee(field: story.field, on: keys.placements.map(\.project), caller)
        case .comment, .created, .nameChanged, .notesChanged, .assigned, .unassigned,
            .dueDateChanged, .startDateChanged, .labelAdded, .labelRemoved, .markedComplete,
            .markedIncomplete, .liked, .subtypeChanged, .madePublic, .madePrivate,
            .attachmentAdded, .attachmentRemoved, .foreign, .collaboratorAdded,
            .collaboratorRemoved:
            return true
        }
    }

    /// Whether the caller sees a project, section or task; nil if it is gone for good.
    private func canSee(named gid: UInt64, _ caller: Caller) -> Bool? {
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
