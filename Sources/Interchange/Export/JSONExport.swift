internal import WorkProtocol

/// The JSON export: the members of Asana's file of 2022 in its order, without `hearts` (they repeat
/// the likes) and the gids of likes; then what we add: `html_notes`, `dependencies`,
/// `custom_fields` where there are any, and with stories `created_by`, `completed_by`, `stories`
/// and `attachments`; at the end of the file the member `export`, by whose absence a file that was
/// cut shows.
struct JSONExport: Sendable {
    /// The version of the layout, in `export`.
    static let schemaVersion: Int64 = 1

    private let options: ExportOptions
    private let fields: [Field]
    private let workspace: Workspace
    private var writer = JSONWriter(pretty: true)
    /// The tasks that have begun and not ended.
    private var open: [ExportedTask] = []

    init(
        _ options: ExportOptions, _ project: Project?, fields: [Field], workspace: Workspace
    ) {
        self.options = options
        self.fields = fields
        self.workspace = workspace
    }

    var pendingBytes: Int { writer.bytes.count }
    mutating func take() -> [UInt8] { writer.take() }

    mutating func begin() {
        writer.beginObject()
        writer.key("data")
        writer.beginArray()
    }

    mutating func finish(position: UInt64, tasks: UInt64) {
        precondition(open.isEmpty, "every task has ended")
        writer.endArray()
        writer.key("export")
        writer.beginObject()
        writer.number("schema_version", JSONExport.schemaVersion)
        writer.key("position")
        // Positions tell how much others do, and are for operators.
        if position == 0 { writer.null() } else { writer.number(Int64(clamping: position)) }
        writer.number("tasks", Int64(clamping: tasks))
        writer.bool("complete", true)
        writer.endObject()
        writer.endObject()
        writer.endDocument()
    }

    // MARK: - Tasks

    mutating func begin(_ exported: ExportedTask, _ lookup: some ExportLookup) {
        let task = exported.task
        let kept = kept(task)
        open.append(exported)
        writer.beginObject()
        writer.string("gid", task.id(options.ids))
        writer.key("assignee")
        person(task.assignee, lookup)
        writer.string("assignee_status", status(task, kept))
        if let section = kept?["assignee_section"] { member("assignee_section", section) }
        writer.bool("completed", task.completed)
        moment("completed_at", task.completed ? task.completedAt : nil)
        moment("created_at", task.createdAt)
        moment("due_at", task.dueAt)
        day("due_on", task.dueOn)
        people("followers", task.collaborators, lookup)
        member("hearted", kept?["hearted"] ?? JSONNode(.bool(task.liked)))
        member("liked", kept?["liked"] ?? JSONNode(.bool(task.liked)))
        likes(task.likes, lookup)
        memberships(task, lookup)
        moment("modified_at", task.modifiedAt)
        writer.string("name", task.name)
        writer.string("notes", task.notes)
        writer.number("num_hearts", Int64(task.likes.count))
        writer.number("num_likes", Int64(task.likes.count))
        parent(task, kept, lookup)
        permalink(task, kept)
        objects("projects", task.memberships.map(\.project), "project", lookup)
        writer.string("resource_type", "task")
        moment("start_at", task.startAt)
        day("start_on", task.startOn)
        writer.key("subtasks")
        writer.beginArray()
    }

    mutating func end(_ lookup: some ExportLookup) {
        guard let exported = open.popLast() else { preconditionFailure("no task has begun") }
        let task = exported.task
        let kept = kept(task)
        writer.endArray()
        objects("tags", task.labels, "tag", lookup)
        writer.string(
            "resource_subtype", task.subtype == .milestone ? "milestone" : "default_task")
        if let workspace = kept?["workspace"] {
            member("workspace", workspace)
        } else {
            writer.key("workspace")
            object(String(workspace.gid), workspace.name, "workspace")
        }
        if !task.htmlNotes.isEmpty { writer.string("html_notes", task.htmlNotes) }
        if !task.dependencies.isEmpty {
            objects("dependencies", task.dependencies, "task", lookup)
        }
        customFields(task, lookup)
        if options.withStories { stories(exported, lookup) }
        for member in kept?.members ?? [] where !JSONExport.printedMembers.contains(member.name) {
            self.member(member.name, member.value)
        }
        writer.endObject()
    }

    /// Members of what was kept that have a place of their own.
    private static let printedMembers: Set<String> = [
        "assignee_status", "assignee_section", "hearted", "liked", "parent", "permalink_url",
        "workspace", "export",
    ]

    /// What only the other system knows of the task, if foreign ids are asked for.
    private func kept(_ task: WorkTask) -> JSONNode? {
        guard options.ids == .external, let data = task.external?.data, data.utf8.first == 0x7B
        else {
            return nil
        }
        return JSONNode(parsing: data)?["json"]
    }

    private func status(_ task: WorkTask, _ kept: JSONNode?) -> String {
        if task.bucket == .none, let status = kept?["assignee_status"]?.string { return status }
        return AsanaTask.status(task.bucket)
    }

    private mutating func parent(
        _ task: WorkTask, _ kept: JSONNode?, _ lookup: some ExportLookup
    ) {
        writer.key("parent")
        if task.parent != 0, let name = lookup.name(of: task.parent) {
            object(lookup.id(task.parent, options.ids), name.name, "task")
        } else if let parent = kept?["parent"] {
            writer.node(parent)
        } else {
            writer.null()
        }
    }

    private mutating func permalink(_ task: WorkTask, _ kept: JSONNode?) {
        if let link = kept?["permalink_url"] { return member("permalink_url", link) }
        let owner = task.memberships.first?.project ?? task.gid
        writer.string("permalink_url", "https://\(options.host)/0/\(owner)/\(task.gid)")
    }

    private mutating func memberships(_ task: WorkTask, _ lookup: some ExportLookup) {
        writer.key("memberships")
        writer.beginArray()
        for membership in task.memberships {
            writer.beginObject()
            writer.key("project")
            object(membership.project, "project", lookup)
            writer.key("section")
            if membership.section == 0 {
                writer.null()
            } else {
                object(membership.section, "section", lookup)
            }
            writer.endObject()
        }
        writer.endArray()
    }

    private mutating func likes(_ gids: [UInt64], _ lookup: some ExportLookup) {
        writer.key("likes")
        writer.beginArray()
        for gid in gids {
            writer.beginObject()
            writer.key("user")
            person(gid, lookup)
            writer.endObject()
        }
        writer.endArray()
    }

    // MARK: - Fields, stories, attachments

    private mutating func customFields(_ task: WorkTask, _ lookup: some ExportLookup) {
        let others = task.fields.map(\.field).filter { gid in !fields.contains { $0.gid == gid } }
        let all = fields + others.compactMap { lookup.field($0) }
        if all.isEmpty { return }
        writer.key("custom_fields")
        writer.beginArray()
        for field in all {
            customField(field, task.fields.first { $0.field == field.gid }, lookup)
        }
        writer.endArray()
    }

    private mutating func customField(
        _ field: Field, _ value: FieldValue?, _ lookup: some ExportLookup
    ) {
        writer.beginObject()
        writer.string("gid", lookup.id(field.gid, options.ids))
        writer.string("name", field.name)
        writer.string("resource_type", "custom_field")
        writer.string("resource_subtype", field.kind.spelled)
        writer.string("display_value", orNull: value.map { $0.text(of: field, lookup) })
        switch field.kind {
        case .text: writer.string("text_value", orNull: value?.text)
        case .number:
            writer.number("precision", Int64(field.precision))
            writer.key("number_value")
            if let number = value?.number {
                writer.number(number.text(precision: field.precision))
            } else {
                writer.null()
            }
        case .enum:
            writer.key("enum_value")
            if let option = value?.options.first {
                self.option(option, field, lookup)
            } else {
                writer.null()
            }
        case .multiEnum:
            writer.key("multi_enum_values")
            writer.beginArray()
            for option in value?.options ?? [] { self.option(option, field, lookup) }
            writer.endArray()
        case .date: date(value)
        case .people: people("people_value", value?.people ?? [], lookup)
        }
        writer.endObject()
    }

    private mutating func option(_ gid: UInt64, _ field: Field, _ lookup: some ExportLookup) {
        let name = field.options.first { $0.gid == gid }?.name ?? lookup.text(gid)
        object(lookup.id(gid, options.ids), name, "enum_option")
    }

    private mutating func date(_ value: FieldValue?) {
        writer.key("date_value")
        guard value?.date != nil || value?.dateTime != nil else { return writer.null() }
        writer.beginObject()
        day("date", value?.date)
        moment("date_time", value?.dateTime)
        writer.endObject()
    }

    private mutating func stories(_ exported: ExportedTask, _ lookup: some ExportLookup) {
        writer.key("created_by")
        person(exported.task.createdBy, lookup)
        writer.key("completed_by")
        person(exported.task.completedBy, lookup)
        writer.key("stories")
        writer.beginArray()
        for story in exported.stories { self.story(story, lookup) }
        writer.endArray()
        writer.key("attachments")
        writer.beginArray()
        for attachment in exported.attachments { self.attachment(attachment, lookup) }
        writer.endArray()
    }

    private mutating func story(_ story: Story, _ lookup: some ExportLookup) {
        writer.beginObject()
        writer.string("gid", id(story.gid, story.external))
        writer.string("resource_type", "story")
        writer.string("type", story.kind == .comment ? "comment" : "system")
        writer.string("resource_subtype", story.kind.spelled)
        writer.string("text", story.text)
        moment("created_at", story.createdAt)
        writer.key("created_by")
        person(story.createdBy, lookup)
        if !story.oldValue.isEmpty { writer.string("old_value", story.oldValue) }
        if !story.newValue.isEmpty { writer.string("new_value", story.newValue) }
        writer.bool("is_edited", story.editedAt != 0)
        writer.bool("is_pinned", story.isPinned)
        likes(story.likes, lookup)
        writer.number("num_likes", Int64(story.likes.count))
        writer.endObject()
    }

    private mutating func attachment(_ file: FileAttachment, _ lookup: some ExportLookup) {
        writer.beginObject()
        writer.string("gid", id(file.gid, file.external))
        writer.string("resource_type", "attachment")
        writer.string("name", file.name)
        writer.string("host", file.host.spelled)
        writer.string("view_url", file.url)
        writer.number("size", Int64(clamping: file.size))
        moment("created_at", file.createdAt)
        writer.key("created_by")
        person(file.createdBy, lookup)
        writer.endObject()
    }

    // MARK: - Values

    private func id(_ gid: UInt64, _ external: External?) -> String {
        guard options.ids == .external, let foreign = external?.gid, !foreign.isEmpty,
            !ForeignKey.isMadeUp(foreign)
        else { return String(gid) }
        return foreign
    }

    private mutating func member(_ name: String, _ node: JSONNode) {
        writer.key(name)
        writer.node(node)
    }

    private mutating func moment(_ name: String, _ milliseconds: Int64?) {
        writer.string(name, orNull: milliseconds.map { Timestamp.text($0) })
    }

    private mutating func day(_ name: String, _ days: Int32?) {
        writer.string(name, orNull: days.flatMap { CivilDate(days: $0)?.description })
    }

    private mutating func person(_ gid: UInt64, _ lookup: some ExportLookup) {
        if gid == 0 { return writer.null() }
        object(gid, "user", lookup)
    }

    private mutating func people(
        _ name: String, _ gids: [UInt64], _ lookup: some ExportLookup
    ) {
        objects(name, gids, "user", lookup)
    }

    private mutating func objects(
        _ name: String, _ gids: [UInt64], _ type: String, _ lookup: some ExportLookup
    ) {
        writer.key(name)
        writer.beginArray()
        for gid in gids { object(gid, type, lookup) }
        writer.endArray()
    }

    private mutating func object(_ gid: UInt64, _ type: String, _ lookup: some ExportLookup) {
        object(lookup.id(gid, options.ids), lookup.text(gid), type)
    }

    /// An object in short: id, name and type.
    private mutating func object(_ id: String, _ name: String, _ type: String) {
        writer.beginObject()
        writer.string("gid", id)
        writer.string("name", name)
        writer.string("resource_type", type)
        writer.endObject()
    }
}
