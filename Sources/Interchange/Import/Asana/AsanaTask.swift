internal import WorkProtocol

/// The task that an object of Asana's JSON becomes, and what has to be kept of it besides.
struct AsanaTask {
    var task = ImportTask()
    private let node: JSONNode
    private let gid: String
    private var notesRest = ""

    /// Members that are told by the task itself, or that no export has (`hearts` repeat `likes`).
    private static let toldMembers: Set<String> = [
        "gid", "id", "resource_type", "name", "notes", "html_notes", "resource_subtype",
        "completed",
        "completed_at", "completed_by", "created_at", "created_by", "modified_at", "assignee",
        "due_on", "due_at", "start_on", "start_at", "followers", "hearts", "likes", "num_hearts",
        "num_likes", "memberships", "projects", "tags", "subtasks", "custom_fields", "stories",
        "attachments", "dependencies", "dependents", "num_subtasks",
    ]

    init(_ node: JSONNode, _ gid: String, hasParent: Bool, _ ledger: inout ImportLedger)
        throws(TextProblem)
    {
        self.node = node
        self.gid = gid
        takeTexts(&ledger)
        try takeTimes()
        try takeRelations(&ledger)
        try takeFields(&ledger)
        task.external = External(gid: gid, data: kept(hasParent: hasParent, &ledger))
    }

    private mutating func takeTexts(_ ledger: inout ImportLedger) {
        task.name = ledger.line(node.text("name"), node.place, "the name")
        let notes = ledger.prose(node.text("notes"), node.place, "the notes")
        task.notes = notes.text
        notesRest = notes.rest
        let html = node.text("html_notes")
        if !html.isEmpty, PlainHTML.accepts(html) { task.htmlNotes = html }
        if !html.isEmpty, task.htmlNotes.isEmpty {
            ledger.warn(node.place, "the notes' formatting cannot be kept, their text is")
        }
        if node.text("resource_subtype") == "milestone" { task.subtype = .milestone }
    }

    private mutating func takeTimes() throws(TextProblem) {
        task.createdAt = try node.pastMoment("created_at") ?? 0
        task.modifiedAt = try node.pastMoment("modified_at") ?? task.createdAt
        task.completedAt = try node.pastMoment("completed_at") ?? 0
        task.completed = node["completed"]?.bool ?? (task.completedAt != 0)
        if !task.completed { task.completedAt = 0 }
        task.dueOn = try AsanaSurvey.day(node, "due_on")
        task.startOn = try AsanaSurvey.day(node, "start_on")
        task.dueAt = try node.moment("due_at")
        task.startAt = try node.moment("start_at")
    }

    private mutating func takeRelations(_ ledger: inout ImportLedger) throws(TextProblem) {
        task.assignee = AsanaTask.person(node["assignee"], &ledger)
        task.createdBy = AsanaTask.person(node["created_by"], &ledger)
        task.completedBy = AsanaTask.person(node["completed_by"], &ledger)
        if task.assignee != 0 { task.bucket = AsanaTask.bucket(node.text("assignee_status")) }
        task.collaborators = TrackerComments.distinct(
            (node["followers"]?.elements ?? []).map { AsanaTask.person($0, &ledger) })
        task.likes = TrackerComments.distinct(
            (node["likes"] ?? node["hearts"])?.elements.map {
                AsanaTask.person($0["user"] ?? $0, &ledger)
            } ?? [])
        for placement in try AsanaSurvey.placements(node) {
            var item = ImportPlacement()
            item.project = Foreign(try AsanaSurvey.gid(placement.project))
            if let section = placement.section {
                item.section = Foreign(try AsanaSurvey.gid(section))
            }
            task.placements.append(item)
        }
        for tag in node["tags"]?.elements ?? [] {
            let label = Foreign(try AsanaSurvey.gid(tag))
            if !task.labels.contains(label) { task.labels.append(label) }
        }
    }

    /// The bucket of My Tasks that a status names; `inbox` is what *New* was called.
    static func bucket(_ status: String) -> Bucket {
        switch status {
        case "inbox", "new": .new
        case "today": .today
        case "upcoming": .upcoming
        case "later": .later
        default: .none
        }
    }

    private mutating func takeFields(_ ledger: inout ImportLedger) throws(TextProblem) {
        for field in node["custom_fields"]?.elements ?? [] {
            var value = ImportFieldValue()
            value.field = Foreign(try AsanaSurvey.gid(field))
            switch AsanaSurvey.kind(field) {
            case .text:
                value.text = CleanText.prose(field.text("text_value"), limit: 4096).text
                if value.text.isEmpty { continue }
            case .number:
                guard let text = field["number_value"]?.identifier else { continue }
                guard let number = Decimal(text) else {
                    ledger.warn(field.place, "the number \(text.prefix(40)) cannot be kept")
                    continue
                }
                value.number = number
            case .enum:
                let name = CleanText.line(field["enum_value"]?.text("name") ?? "").text
                if name.isEmpty { continue }
                value.options = [name]
            case .multiEnum:
                value.options = (field["multi_enum_values"]?.elements ?? [])
                    .map { CleanText.line($0.text("name")).text }
                if value.options.isEmpty { continue }
            case .date:
                guard let date = field["date_value"], !date.isNull else { continue }
                value.date = try AsanaSurvey.day(date, "date")
                value.dateTime = try date.moment("date_time")
                if value.date == nil, value.dateTime == nil { continue }
            case .people:
                value.people = (field["people_value"]?.elements ?? [])
                    .map { AsanaTask.person($0, &ledger) }
                if value.people.isEmpty { continue }
            }
            task.fields.append(value)
        }
    }

    static func person(_ node: JSONNode?, _ ledger: inout ImportLedger) -> UInt64 {
        guard let node, !node.isNull else { return 0 }
        let gid = CleanText.line(node["gid"]?.identifier ?? node["id"]?.identifier ?? "").text
        return ledger.people.gid(
            external: gid, name: node.text("name"), email: node.text("email"))
    }

    /// What only the other system knows: the address, the workspace, whether the one who exported
    /// likes it, and whatever members this program does not know.
    private func kept(hasParent: Bool, _ ledger: inout ImportLedger) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("json")
        writer.beginObject()
        for member in node.members where !AsanaTask.toldMembers.contains(member.name) {
            if member.name == "parent", hasParent || member.value.isNull { continue }
            if member.name == "assignee_status",
                member.value.isNull || member.value.string == AsanaTask.status(task.bucket)
            {
                continue
            }
            writer.key(member.name)
            writer.node(member.value)
        }
        writer.endObject()
        writer.endObject()
        let text = CleanText.prose(String(decoding: writer.bytes, as: UTF8.self)).text
        if text.utf8.count > 32_768 {
            ledger.warn(node.place, "what only Asana knows of this task is too long to be kept")
            return ""
        }
        return text == #"{"json":{}}"# ? "" : text
    }

    /// What a bucket is called in the member `assignee_status`.
    static func status(_ bucket: Bucket) -> String {
        switch bucket {
        case .none, .new: "inbox"
        case .today: "today"
        case .upcoming: "upcoming"
        case .later: "later"
        }
    }

    /// The comments, system stories and attachments.
    func stories(_ ledger: inout ImportLedger) throws(TextProblem) -> [ImportItem] {
        let rest = ContinuedText.stories(notesRest, of: task)
        var items: [ImportItem] = rest.map { .story($0) }
        for story in node["stories"]?.elements ?? [] {
            items.append(.story(try AsanaTask.story(story, task: gid, &ledger)))
        }
        for file in node["attachments"]?.elements ?? [] {
            items.append(.attachment(try AsanaTask.attachment(file, task: gid, &ledger)))
        }
        return items
    }

    private static func story(_ node: JSONNode, task: String, _ ledger: inout ImportLedger)
        throws(TextProblem) -> ImportStory
    {
        var story = ImportStory()
        story.external = External(gid: try AsanaSurvey.gid(node))
        story.task = Foreign(task)
        let isComment = node["type"]?.string.map { $0 == "comment" } ?? true
        story.kind =
            isComment ? .comment : StoryKind(spelled: node.text("resource_subtype")) ?? .foreign
        story.text = ledger.prose(node.text("text"), node.place, "a comment").text
        story.createdBy = person(node["created_by"], &ledger)
        story.createdAt = try node.pastMoment("created_at") ?? 0
        story.oldValue = CleanText.prose(node.text("old_value")).text
        story.newValue = CleanText.prose(node.text("new_value")).text
        story.likes = TrackerComments.distinct(
            (node["likes"]?.elements ?? []).map { person($0["user"] ?? $0, &ledger) })
        if isComment, !story.text.isEmpty { ledger.countComments(1) }
        return story
    }

    private static func attachment(_ node: JSONNode, task: String, _ ledger: inout ImportLedger)
        throws(TextProblem) -> ImportAttachment
    {
        var attachment = ImportAttachment()
        attachment.external = External(gid: try AsanaSurvey.gid(node))
        attachment.task = Foreign(task)
        attachment.name = ledger.line(node.text("name"), node.place, "the file's name")
        attachment.host = AttachmentHost(spelled: node.text("host"))
        let url = node["url"]?.string ?? node["view_url"]?.string ?? ""
        attachment.url = WebAddress.accepted(url)
        if attachment.url.isEmpty, !url.isEmpty {
            ledger.warn(node.place, "the file's address is none of the web's and was left out")
        }
        attachment.size = UInt64(clamping: node["size"]?.integer ?? 0)
        attachment.createdBy = person(node["created_by"], &ledger)
        attachment.createdAt = try node.pastMoment("created_at") ?? 0
        return attachment
    }
}
