internal import ByteCoding
internal import WorkProtocol

/// Files that lie elsewhere, by reference.
extension WorkspaceGraph {
    func addAttachment(
        _ request: AddAttachment, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draft(task: request.task, needs: .editor, caller)
        // Other schemes could run something in the browser of whoever follows the link.
        let url = request.url.prefix(8).lowercased()
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
            throw .badField("url", "An attachment's address begins with https:// or http://.")
        }
        try requireNew(request.external, .attachment, FileAttachment.self, on: draft.row) {
            ($0.task, $0.external)
        }
        guard Int(indexes.hanging.counts(draft.row).attachments) < GraphLimits.attachmentsPerTask
        else {
            throw .limit(GraphLimits.attachmentsPerTask, "Attachments of a task")
        }
        var attachment = FileAttachment()
        let row = try allocate()
        attachment.gid = gid(row).rawValue
        attachment.task = UInt64(draft.row)
        attachment.name = request.name.isEmpty ? request.url : request.name
        attachment.host = request.host
        attachment.url = request.url
        attachment.size = request.size
        attachment.createdBy = caller.account
        attachment.createdAt = now
        attachment.external = request.external
        put(row, .attachment, attachment)
        draft.isTouched = true
        draft.tell(.attachmentAdded, new: attachment.name, newGid: attachment.gid)
        _ = try save(&draft, caller, at: now)
        return Changed(attachment.gid)
    }

    func deleteAttachment(
        _ request: DeleteAttachment, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        guard let row = row(request.attachment, .attachment),
            let attachment = load(FileAttachment.self, row)
        else { throw .notFound }
        let task = UInt32(truncatingIfNeeded: attachment.task)
        var draft = try draft(task: gid(task).rawValue, needs: .editor, caller)
        erase(row)
        draft.isTouched = true
        draft.tell(.attachmentRemoved, old: attachment.name, oldGid: attachment.gid)
        _ = try save(&draft, caller, at: now)
        return Changed(attachment.gid)
    }

    /// All of a task's attachments. What other systems keep with them goes along where all of it
    /// fits into an answer.
    func listAttachments(
        _ request: ListAttachments, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        guard let task = row(request.task, .task), let keys = taskKeys(task),
            access(task: task, keys, caller) > .none
        else { throw .notFound }
        var list = AttachmentList()
        var names = NameList()
        var bytes = 0
        indexes.hanging[.attachment, task]?.forEach { entry in
            guard var attachment = load(FileAttachment.self, entry.row) else { return true }
            attachment.task = request.task
            if !knows(attachment.createdBy, on: keys, caller) { attachment.createdBy = 0 }
            names.note(.account, attachment.createdBy)
            list.attachments.append(attachment)
            bytes += rows.byteCount(of: entry.row)
            return true
        }
        if bytes > 2 * VisiblePage.bytesMax {
            for index in list.attachments.indices { list.attachments[index].external?.data = "" }
        }
        list.names = named(names, caller)
        list.encode(into: &writer)
    }
}
