internal import WorkProtocol

/// Comments on tasks: written by those who may comment, changed by their author alone.
extension WorkspaceGraph {
    func addComment(
        _ request: AddComment, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draft(task: request.task, needs: .commenter, caller)
        let writing = try Writing(text: request.text, html: request.htmlText, "text")
        guard !writing.text.isEmpty else { throw .badField("text", "A comment says something.") }
        try requireNew(request.external, .story, Story.self, on: draft.row) {
            ($0.task, $0.external)
        }
        follow(&draft.task, caller.account)
        mention(writing.mentions, in: &draft.task, caller)
        draft.isTouched = true
        _ = try save(&draft, caller, at: now)
        var story = Story()
        story.kind = .comment
        story.text = writing.text
        story.htmlText = writing.html
        story.isPinned = request.isPinned
        story.external = request.external
        return Changed(try write(story, on: draft.row, caller, at: now))
    }

    /// Makes collaborators of the people mentioned; other gids are links, not people.
    func mention(_ gids: [UInt64], in task: inout TaskRow, _ caller: Caller) {
        for gid in gids {
            guard let person = indexes.people[gid], person.isActive, canSee(person: gid, caller)
            else { continue }
            follow(&task, gid)
        }
    }

    func updateComment(
        _ request: UpdateComment, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var (row, story) = try comment(request.story, needs: .commenter, caller)
        let before = story
        let isOwn = story.createdBy == caller.account
        if request.text != nil || request.htmlText != nil {
            guard isOwn else {
                throw Rejection(.forbidden, "Only its author changes a comment.")
            }
            let writing = try Writing(
                text: request.text ?? "", html: request.htmlText ?? "", "text")
            guard !writing.text.isEmpty else {
                throw .badField("text", "A comment says something; delete it instead.")
            }
            story.text = writing.text
            story.htmlText = writing.html
            if story != before { story.editedAt = now }
            let task = UInt32(truncatingIfNeeded: story.task)
            var draft = try draft(task: gid(task).rawValue, needs: .commenter, caller)
            mention(writing.mentions, in: &draft.task, caller)
            _ = try save(&draft, caller, at: now)
        }
        if let isPinned = request.isPinned, isPinned != story.isPinned {
            if !isOwn { _ = try comment(request.story, needs: .editor, caller) }
            story.isPinned = isPinned
        }
        if story != before { put(row, .story, story) }
        return Changed(story.gid, unchanged: story == before)
    }

    /// Removes a comment for good: its author may, and whoever administers the task.
    func deleteComment(
        _ request: DeleteComment, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let (row, story) = try comment(request.story, needs: .commenter, caller)
        if story.createdBy != caller.account {
            _ = try comment(request.story, needs: .admin, caller)
        }
        erase(row)
        let task = UInt32(truncatingIfNeeded: story.task)
        var draft = try draft(task: gid(task).rawValue, needs: .commenter, caller)
        draft.isTouched = true
        _ = try save(&draft, caller, at: now)
        return Changed(story.gid)
    }

    /// A comment that a request names, on a task with at least `level` for the caller.
    func comment(
        _ gid: UInt64, needs level: AccessLevel, _ caller: Caller
    ) throws(Rejection) -> (row: UInt32, story: Story) {
        guard let row = row(gid, .story), let story = load(Story.self, row),
            case let task = UInt32(truncatingIfNeeded: story.task),
            case let access = access(task: task, caller), access > .none,
            canSee(story: story, caller)
        else { throw .notFound }
        guard access >= level else { throw Self.tooLow(level, "comment") }
        guard story.kind == .comment else {
            throw Rejection(
                .forbidden,
                "Only comments can be changed, liked and deleted, not what the "
                    + "store itself recorded.")
        }
        return (row, story)
    }
}
