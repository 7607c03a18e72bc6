internal import WorkProtocol

/// Prints a generated organization as JSON Lines, one object a line with its `resource_type`,
/// parents first; or its largest project as one document in the shape of Asana's export, which can
/// be imported.
package struct GeneratedJSON: Sendable {
    /// How it is printed.
    package enum Layout: String, Sendable, CaseIterable {
        case lines = "jsonl"
        case document = "json"
    }

    private let layout: Layout
    private var generator: Generator
    private let definitions: GeneratedDefinitions
    private let fields: [ImportField]
    private let labels: [ImportLabel]
    private var writer: JSONWriter
    private var hasBegun = false
    private var isAtEnd = false

    package init(_ options: GeneratorOptions, _ layout: Layout) {
        self.layout = layout
        generator = Generator(options)
        definitions = GeneratedDefinitions(options: options)
        fields = definitions.fields
        labels = definitions.labels
        writer = JSONWriter()
    }

    /// The next bytes; nil at the end. Memory does not grow with the number of tasks.
    package mutating func next() -> [UInt8]? {
        if !hasBegun {
            hasBegun = true
            begin()
            return writer.take()
        }
        if isAtEnd { return nil }
        while writer.bytes.count < 1 << 16 {
            let next = generator.nextTask()
            guard let task = next, layout == .lines || generator.project == 0 else {
                isAtEnd = true
                if layout == .document { finish() }
                break
            }
            write(task, parent: nil)
        }
        return writer.take()
    }

    private mutating func begin() {
        guard layout == .lines else {
            writer.beginObject()
            writer.key("data")
            writer.beginArray()
            return
        }
        for number in 0..<generator.options.peopleCount {
            line("user") { $0.person(UInt64(number + 1), in: $1) }
        }
        for label in labels {
            line("tag") { writer, _ in writer.members(label.external, label.name) }
        }
        for field in fields {
            line("custom_field") { writer, _ in
                writer.members(field.external, field.name)
                writer.string("resource_subtype", field.kind.spelled)
            }
        }
        for number in 0..<generator.options.projectCount {
            let project = definitions.project(number)
            line("project") { writer, _ in
                writer.members(project.external, project.name)
                writer.string("notes", project.notes)
                writer.string("created_at", Timestamp.text(project.createdAt))
            }
            for section in project.sections {
                line("section") { writer, _ in
                    writer.members(section.external, section.name)
                    writer.key("project")
                    writer.object(project.external, project.name)
                }
            }
        }
    }

    private mutating func finish() {
        writer.endArray()
        writer.endObject()
        writer.endDocument()
    }

    /// One line: an object with what `body` writes.
    private mutating func line(
        _ type: String, _ body: (inout JSONWriter, GeneratedDefinitions) -> Void
    ) {
        writer.beginObject()
        writer.string("resource_type", type)
        body(&writer, definitions)
        writer.endObject()
        writer.endDocument()
    }

    // MARK: - Tasks

    private mutating func write(_ generated: GeneratedTask, parent: ImportTask?) {
        let task = generated.task
        writer.beginObject()
        writer.string("resource_type", "task")
        writer.members(task.external, task.name)
        writer.string("notes", task.notes)
        writer.string("resource_subtype", task.subtype == .milestone ? "milestone" : "default_task")
        times(task)
        writer.key("assignee")
        person(task.assignee)
        writer.string("assignee_status", AsanaTask.status(task.bucket))
        writer.key("created_by")
        person(task.createdBy)
        people("followers", task.collaborators)
        writer.key("likes")
        writer.beginArray()
        for gid in task.likes {
            writer.beginObject()
            writer.key("user")
            person(gid)
            writer.endObject()
        }
        writer.endArray()
        if let parent {
            writer.key("parent")
            writer.object(parent.external, parent.name)
        }
        relations(task, generated.dependencies)
        if !task.fields.isEmpty { customFields(task) }
        if layout == .document {
            list("stories", generated.stories) { $0.story($1) }
            list("subtasks", generated.subtasks) { $0.write($1, parent: task) }
            writer.endObject()
        } else {
            writer.endObject()
            writer.endDocument()
            for story in generated.stories {
                self.story(story, task: task)
                writer.endDocument()
            }
            for subtask in generated.subtasks { write(subtask, parent: task) }
        }
    }

    private mutating func list<Element>(
        _ name: String, _ elements: [Element], _ write: (inout GeneratedJSON, Element) -> Void
    ) {
        writer.key(name)
        writer.beginArray()
        for element in elements { write(&self, element) }
        writer.endArray()
    }

    private mutating func times(_ task: ImportTask) {
        writer.bool("completed", task.completed)
        writer.string(
            "completed_at", orNull: task.completed ? Timestamp.text(task.completedAt) : nil)
        writer.string("created_at", Timestamp.text(task.createdAt))
        writer.string("modified_at", Timestamp.text(task.modifiedAt))
        writer.string("due_on", orNull: task.dueOn.flatMap { CivilDate(days: $0)?.description })
        writer.string("start_on", orNull: task.startOn.flatMap { CivilDate(days: $0)?.description })
    }

    private mutating func relations(_ task: ImportTask, _ dependencies: [Foreign]) {
        list("memberships", task.placements) { json, placement in
            let numbers = json.numbers(placement)
            let names = json.definitions.sectionNames(numbers.project)
            json.writer.beginObject()
            json.writer.key("project")
            json.writer.object(
                External(gid: placement.project?.gid ?? ""),
                json.definitions.projectName(numbers.project))
            json.writer.key("section")
            json.writer.object(
                External(gid: placement.section?.gid ?? ""),
                numbers.section < names.count ? names[numbers.section] : "")
            json.writer.endObject()
        }
        list("tags", task.labels) { json, reference in
            let label = json.labels.first { $0.external?.gid == reference.gid }
            json.writer.object(External(gid: reference.gid), label?.name ?? "")
        }
        list("dependencies", dependencies) { json, reference in
            json.writer.object(External(gid: reference.gid), "")
        }
    }

    /// The numbers of the project and the section, which are the ends of their ids.
    private func numbers(_ placement: ImportPlacement) -> (project: Int, section: Int) {
        let last = { (key: String?) in Int(key?.split(separator: "/").last ?? "") ?? 0 }
        return (last(placement.project?.gid), last(placement.section?.gid))
    }

    private mutating func customFields(_ task: ImportTask) {
        list("custom_fields", task.fields) { json, value in
            guard let field = json.fields.first(where: { $0.external?.gid == value.field?.gid })
            else {
                return json.writer.null()
            }
            json.writer.beginObject()
            json.writer.members(field.external, field.name)
            json.writer.string("resource_subtype", field.kind.spelled)
            json.value(value, field)
            json.writer.endObject()
        }
    }

    private mutating func value(_ value: ImportFieldValue, _ field: ImportField) {
        switch field.kind {
        case .text: writer.string("text_value", value.text)
        case .number:
            writer.number("precision", Int64(field.precision))
            writer.key("number_value")
            writer.number(value.number?.text ?? "0")
        case .enum:
            writer.key("enum_value")
            writer.object(External(gid: "option"), value.options.first ?? "")
        case .multiEnum:
            list("multi_enum_values", value.options) { json, option in
                json.writer.object(External(gid: "option"), option)
            }
        case .date:
            writer.key("date_value")
            writer.beginObject()
            writer.string("date", orNull: value.date.flatMap { CivilDate(days: $0)?.description })
            writer.endObject()
        case .people: people("people_value", value.people)
        }
    }

    private mutating func story(_ story: ImportStory, task: ImportTask? = nil) {
        writer.beginObject()
        writer.string("resource_type", "story")
        writer.string("gid", story.external?.gid ?? "")
        writer.string("type", "comment")
        writer.string("text", story.text)
        writer.string("created_at", Timestamp.text(story.createdAt))
        writer.key("created_by")
        person(story.createdBy)
        if let task {
            writer.key("target")
            writer.object(task.external, task.name)
        }
        writer.endObject()
    }

    private mutating func people(_ name: String, _ gids: [UInt64]) {
        list(name, gids) { $0.person($1) }
    }

    private mutating func person(_ gid: UInt64) {
        if gid == 0 { return writer.null() }
        writer.beginObject()
        writer.person(gid, in: definitions)
        writer.endObject()
    }
}

extension JSONWriter {
    fileprivate mutating func members(_ external: External?, _ name: String) {
        string("gid", external?.gid ?? "")
        string("name", name)
    }

    fileprivate mutating func object(_ external: External?, _ name: String) {
        beginObject()
        members(external, name)
        endObject()
    }

    /// The members of a person, whose gid here is the number from 1.
    fileprivate mutating func person(_ gid: UInt64, in definitions: GeneratedDefinitions) {
        let account = definitions.person(Int(clamping: gid) - 1)
        members(account.external, account.name)
        string("email", account.email)
    }
}
