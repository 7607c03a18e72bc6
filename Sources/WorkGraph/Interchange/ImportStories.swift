internal import WorkProtocol

/// What hangs on imported tasks: dependencies, stories, attachments.
extension WorkspaceGraph {
    func take(
        _ item: ImportDependencies, _ importing: inout Importing
    ) throws(Rejection) -> Imported {
        guard let row = try resolve(item.task, .task, "task", &importing),
            let before = load(TaskRow.self, row)
        else { return try Self.skipped(item.task, importing) }
        guard mayImport(over: row, importing.caller) else { return (.unchanged, row) }
        var after = before
        for (index, foreign) in item.dependencies.enumerated() {
            let field = "dependencies[\(index)]"
            guard let other = try resolve(foreign, .task, field, &importing),
                !after.dependencies.contains(other)
            else { continue }
            try requireNoCircle(from: other, to: row, importing.caller)
            after.dependencies.append(other)
            try requireFewDependencies(row, after.dependencies, more: 0, importing.caller)
            let others = taskKeys(other).map { Array($0.dependencies) } ?? []
            try requireFewDependencies(other, others, more: 1, importing.caller)
        }
        guard after != before else { return (.unchanged, row) }
        put(row, .task, after)
        return (.updated, row)
    }

    /// In a dry run, what hangs on a task that an earlier batch would have made.
    private static func skipped(
        _ task: Foreign?, _ importing: Importing
    ) throws(Rejection) -> Imported {
        guard importing.isDry, let task, !task.gid.isEmpty else {
            throw .badField("\(importing.path).task", "Of which task?")
        }
        return (.created, 0)
    }

    func take(_ item: ImportStory, _ importing: inout Importing) throws(Rejection) -> Imported {
        let name = try importing.name(item.external)
        guard let task = try resolve(item.task, .task, "task", &importing) else {
            return try Self.skipped(item.task, importing)
        }
        guard mayImport(over: task, importing.caller) else { return (.unchanged, 0) }
        let known = rows(name, .story, in: task).first { row in
            guard let story = load(Story.self, row) else { return false }
            return story.task == UInt64(task) && story.external?.gid == name.gid
        }
        let before = known.flatMap { load(Story.self, $0) }
        let row: UInt32
        if let known { row = known } else { row = try allocate() }
        var after = before ?? Story()
        after.gid = gid(row).rawValue
        after.task = UInt64(task)
        after.external = item.external
        after.kind = item.kind
        if after.text != item.text {
            after.text = item.text
            after.htmlText = ""
        }
        after.oldValue = item.oldValue
        after.newValue = item.newValue
        after.createdBy = try person(item.createdBy, "created_by", importing)
        if item.createdAt != 0 { after.createdAt = item.createdAt }
        if after.createdAt == 0 { after.createdAt = importing.now }
        if item.editedAt != 0 { after.editedAt = item.editedAt }
        after.likes = try likes(after.likes, and: item.likes, importing)
        return write(row, .story, after, before, version: nil)
    }

    func take(
        _ item: ImportAttachment, _ importing: inout Importing
    ) throws(Rejection) -> Imported {
        let name = try importing.name(item.external)
        guard let task = try resolve(item.task, .task, "task", &importing) else {
            return try Self.skipped(item.task, importing)
        }
        guard mayImport(over: task, importing.caller) else { return (.unchanged, 0) }
        let known = rows(name, .attachment, in: task).first { row in
            guard let attachment = load(FileAttachment.self, row) else { return false }
            return attachment.task == UInt64(task) && attachment.external?.gid == name.gid
        }
        let before = known.flatMap { load(FileAttachment.self, $0) }
        let count = Int(indexes.hanging.counts(task).attachments)
        guard known != nil || count < GraphLimits.attachmentsPerTask else {
            throw .limit(GraphLimits.attachmentsPerTask, "Attachments of a task")
        }
        let row: UInt32
        if let known { row = known } else { row = try allocate() }
        var after = before ?? FileAttachment()
        after.gid = gid(row).rawValue
        after.task = UInt64(task)
        after.external = item.external
        after.name = item.name
        after.host = item.host
        // Other schemes could run something in the browser of whoever follows the link.
        let scheme = item.url.prefix(8).lowercased()
        guard item.url.isEmpty || scheme.hasPrefix("https://") || scheme.hasPrefix("http://") else {
            throw .badField("\(importing.path).url", "It begins with https:// or http://.")
        }
        after.url = item.url
        after.size = item.size
        after.createdBy = try person(item.createdBy, "created_by", importing)
        if item.createdAt != 0 { after.createdAt = item.createdAt }
        if after.createdAt == 0 { after.createdAt = importing.now }
        return write(row, .attachment, after, before, version: nil)
    }
}
