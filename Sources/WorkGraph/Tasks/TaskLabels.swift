internal import WorkProtocol

/// Labels, likes and openness of a task.
extension WorkspaceGraph {
    func changeLabels(
        _ request: ChangeLabels, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draft(task: request.task, needs: .editor, caller)
        for (index, gid) in request.remove.enumerated() {
            let label = try label(gid, "remove[\(index)]", caller)
            guard let place = draft.task.labels.firstIndex(of: label) else { continue }
            draft.task.labels.remove(at: place)
            draft.tell(.labelRemoved, old: name(ofLabel: label), oldGid: gid)
        }
        for (index, gid) in request.add.enumerated() {
            let label = try label(gid, "add[\(index)]", caller)
            guard !draft.task.labels.contains(label) else { continue }
            guard draft.task.labels.count < GraphLimits.labelsPerTask else {
                throw .limit(GraphLimits.labelsPerTask, "Tags of a task")
            }
            draft.task.labels.append(label)
            draft.tell(.labelAdded, new: name(ofLabel: label), newGid: gid)
        }
        return try save(&draft, caller, at: now)
    }

    func label(
        _ gid: UInt64, _ field: String, _ caller: Caller
    ) throws(Rejection) -> UInt32 {
        guard let label = row(gid, .label), canSee(label: label, caller) else {
            throw .notFound(field)
        }
        return label
    }

    func name(ofLabel row: UInt32) -> String { load(Label.self, row)?.name ?? "" }

    /// Shows a task that is in nobody's project to the whole workspace, or hides it again.
    func setTaskPublic(
        _ request: SetTaskPublic, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draft(task: request.task, needs: .editor, caller)
        if draft.task.isPublic != request.isPublic {
            draft.task.isPublic = request.isPublic
            draft.tell(request.isPublic ? .madePublic : .madePrivate)
        }
        return try save(&draft, caller, at: now)
    }

    /// Likes a task or a comment, or takes the like back.
    func setLike(
        _ request: SetLike, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        if row(request.target, .story) != nil { return try likeComment(request, caller) }
        var draft = try draft(task: request.target, needs: .commenter, caller)
        let hadLiked = draft.task.likes.contains(caller.account)
        try like(&draft.task.likes, request.liked, caller)
        if request.liked, !hadLiked { draft.tell(.liked) }
        return try save(&draft, caller, at: now)
    }

    private func likeComment(
        _ request: SetLike, _ caller: Caller
    ) throws(Rejection) -> Changed {
        var (row, story) = try comment(request.target, needs: .commenter, caller)
        let before = story
        try like(&story.likes, request.liked, caller)
        if story != before { put(row, .story, story) }
        return Changed(story.gid, unchanged: story == before)
    }

    private func like(
        _ likes: inout [UInt64], _ liked: Bool, _ caller: Caller
    ) throws(Rejection) {
        guard liked else {
            likes.removeAll { $0 == caller.account }
            return
        }
        guard !likes.contains(caller.account) else { return }
        guard likes.count < GraphLimits.likesPerObject else {
            throw .limit(GraphLimits.likesPerObject, "Likes")
        }
        likes.append(caller.account)
    }
}
