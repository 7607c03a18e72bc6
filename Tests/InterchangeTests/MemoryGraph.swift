import Testing
import WorkProtocol

@testable import Interchange

/// The smallest thing that import items can be applied to and exports read from: plain
/// dictionaries, with the rules of the store for external ids and order.
struct MemoryGraph: ExportLookup {
    private(set) var tasks: [UInt64: WorkTask] = [:]
    private(set) var projects: [UInt64: Project] = [:]
    private(set) var sections: [UInt64: Section] = [:]
    private(set) var stories: [UInt64: [Story]] = [:]
    private(set) var attachments: [UInt64: [FileAttachment]] = [:]
    private(set) var outcomes: [ImportOutcome] = []
    private var fields: [UInt64: Field] = [:]
    private var names: [UInt64: Name] = [:]
    private var foreign: [String: UInt64] = [:]
    private var placed: [UInt64: [UInt64]] = [:]
    private var children: [UInt64: [UInt64]] = [:]
    private var nextGid: UInt64 = 1 << 32

    func name(of gid: UInt64) -> Name? { names[gid] }
    func field(_ gid: UInt64) -> Field? { fields[gid] }

    // MARK: - Applying

    /// Makes sure of people, and gives their gids.
    mutating func ensure(_ people: [Account]) -> [UInt64] {
        people.map { account in
            let key =
                account.external.map { "person:\($0.gid)" } ?? "mail:\(account.email.lowercased())"
            return make(key, account.name, .account, account.external, email: account.email).gid
        }
    }

    mutating func apply(_ items: [ImportItem]) throws {
        #expect(items.count <= ImportBatches.itemsMax)
        var request = Import()
        request.items = items
        #expect(request.encoded().count <= ImportBatches.bytesMax)
        try request.validate()
        for item in items { outcomes.append(try apply(item)) }
    }

    mutating func forgetOutcomes() { outcomes = [] }

    private mutating func apply(_ item: ImportItem) throws -> ImportOutcome {
        switch item.kind {
        case .label(let label):
            return make("label", label.external, label.name, .label).outcome
        case .field(let field): return apply(field)
        case .project(let project): return try apply(project)
        case .task(let task): return try apply(task)
        case .story(let story): return try apply(story)
        case .attachment(let attachment): return try apply(attachment)
        case .dependencies(let dependencies): return try apply(dependencies)
        case .team, nil: return .unchanged
        }
    }

    private mutating func apply(_ item: ImportField) -> ImportOutcome {
        let (gid, outcome) = make("field", item.external, item.name, .field)
        var field = fields[gid] ?? Field()
        field.gid = gid
        field.name = item.name
        field.kind = item.kind
        field.precision = item.precision
        for name in item.options where !field.options.contains(where: { $0.name == name }) {
            var option = FieldOption()
            option.gid = make("option:\(gid):\(name)", name, .option, nil).gid
            option.name = name
            field.options.append(option)
        }
        fields[gid] = field
        return outcome
    }

    private mutating func apply(_ item: ImportProject) throws -> ImportOutcome {
        let (gid, outcome) = make("project", item.external, item.name, .project)
        var project = projects[gid] ?? Project()
        project.gid = gid
        project.name = item.name
        project.external = item.external
        for section in item.sections {
            let made = make("section", section.external, section.name, .section)
            sections[made.gid] = Section()
            if !project.sections.contains(made.gid) { project.sections.append(made.gid) }
        }
        project.fields = try item.fields.map {
            var setting = FieldSetting()
            setting.field = try find("field", $0)
            return setting
        }
        projects[gid] = project
        return outcome
    }

    private mutating func apply(_ item: ImportTask) throws -> ImportOutcome {
        let (gid, outcome) = make("task", item.external, item.name, .task)
        let before = tasks[gid]
        var task = before ?? WorkTask()
        task.gid = gid
        task.external = item.external
        task.name = item.name
        task.notes = item.notes
        task.htmlNotes = item.htmlNotes
        task.subtype = item.subtype
        task.createdBy = item.createdBy
        task.createdAt = item.createdAt
        task.modifiedAt = item.modifiedAt
        task.completed = item.completed
        task.completedAt = item.completedAt
        task.completedBy = item.completedBy
        task.assignee = item.assignee
        task.bucket = item.bucket
        (task.startOn, task.dueOn) = (item.startOn, item.dueOn)
        (task.startAt, task.dueAt) = (item.startAt, item.dueAt)
        task.collaborators = item.collaborators
        task.likes = item.likes
        task.labels = try item.labels.map { try find("label", $0) }
        task.fields = try item.fields.map { try value($0) }
        if let parent = item.parent {
            task.parent = try find("task", parent)
            if !(children[task.parent] ?? []).contains(gid) {
                children[task.parent, default: []].append(gid)
            }
        }
        for placement in item.placements { try place(&task, placement) }
        tasks[gid] = task
        if outcome == .created { return .created }
        return task == before ? .unchanged : .updated
    }

    private mutating func place(_ task: inout WorkTask, _ placement: ImportPlacement) throws {
        var membership = TaskMembership()
        membership.project = try find("project", try #require(placement.project))
        if let section = placement.section { membership.section = try find("section", section) }
        if membership.section == 0 { membership.section = 0 }
        if !task.memberships.contains(membership) {
            task.memberships.append(membership)
            placed[membership.section == 0 ? membership.project : membership.section, default: []]
                .append(task.gid)
        }
    }

    private func value(_ item: ImportFieldValue) throws -> FieldValue {
        var value = FieldValue()
        value.field = try find("field", try #require(item.field))
        value.text = item.text
        value.number = item.number
        value.date = item.date
        value.dateTime = item.dateTime
        value.people = item.people
        let options = fields[value.field]?.options ?? []
        value.options = options.filter { item.options.contains($0.name) }.map(\.gid)
        #expect(value.options.count == item.options.count, "every option exists")
        return value
    }

    private mutating func apply(_ item: ImportStory) throws -> ImportOutcome {
        let (gid, outcome) = make("story", item.external, "", .story)
        guard outcome == .created else { return .unchanged }
        var story = Story()
        story.gid = gid
        story.external = item.external
        story.kind = item.kind
        story.text = item.text
        story.createdBy = item.createdBy
        story.createdAt = item.createdAt
        story.oldValue = item.oldValue
        story.newValue = item.newValue
        story.likes = item.likes
        stories[try find("task", try #require(item.task)), default: []].append(story)
        return .created
    }

    private mutating func apply(_ item: ImportAttachment) throws -> ImportOutcome {
        let (gid, outcome) = make("attachment", item.external, item.name, .attachment)
        guard outcome == .created else { return .unchanged }
        var file = FileAttachment()
        file.gid = gid
        file.external = item.external
        file.name = item.name
        file.host = item.host
        file.url = item.url
        file.size = item.size
        file.createdBy = item.createdBy
        file.createdAt = item.createdAt
        attachments[try find("task", try #require(item.task)), default: []].append(file)
        return .created
    }

    private mutating func apply(_ item: ImportDependencies) throws -> ImportOutcome {
        let gid = try find("task", try #require(item.task))
        var outcome = ImportOutcome.unchanged
        for reference in item.dependencies {
            let other = try find("task", reference)
            if tasks[gid]?.dependencies.contains(other) == true { continue }
            tasks[gid]?.dependencies.append(other)
            tasks[other]?.dependents.append(gid)
            outcome = .updated
        }
        return outcome
    }

    private mutating func make(
        _ kind: String, _ external: External?, _ name: String, _ entity: EntityKind
    ) -> (gid: UInt64, outcome: ImportOutcome) {
        let gid = external?.gid ?? ""
        #expect(!gid.isEmpty, "every \(kind) has an external id")
        return make("\(kind):\(external?.ordinal ?? 0):\(gid)", name, entity, external)
    }

    private mutating func make(
        _ key: String, _ name: String, _ kind: EntityKind, _ external: External?, email: String = ""
    ) -> (gid: UInt64, outcome: ImportOutcome) {
        let known = foreign[key]
        let gid = known ?? nextGid
        if known == nil { nextGid += 1 }
        foreign[key] = gid
        var found = Name()
        found.gid = gid
        found.name = name
        found.kind = kind
        found.external = external?.gid ?? ""
        found.email = email
        names[gid] = found
        return (gid, known == nil ? .created : .unchanged)
    }

    private func find(_ kind: String, _ reference: Foreign) throws -> UInt64 {
        try #require(
            foreign["\(kind):\(reference.ordinal):\(reference.gid)"],
            "\(kind) \(reference.gid) was made before it is referred to")
    }

    // MARK: - Exporting

    func project(external key: String) -> Project? {
        foreign["project:0:" + key].flatMap { projects[$0] }
    }

    func task(external gid: String, ordinal: UInt32 = 0) -> WorkTask? {
        foreign["task:\(ordinal):\(gid)"].flatMap { tasks[$0] }
    }

    /// Exports a project as the store does.
    func export(_ project: Project, _ options: ExportOptions, chunk: (inout ExportWriter) -> Void)
        -> ExportWriter
    {
        var workspace = Workspace()
        workspace.gid = 1
        workspace.name = "Test"
        var writer = ExportWriter(
            options, project: project, fields: project.fields.compactMap { fields[$0.field] },
            workspace: workspace)
        writer.begin()
        let order = topLevel(project)
        if options.ids == .external, options.format == .csv, ExportOrder.isByRows(project) {
            var byRows = ExportOrder()
            for gid in order { collect(gid, project, &byRows) }
            for gid in byRows.sorted() {
                guard let task = tasks[gid] else { continue }
                writer.begin(exported(task), self)
                writer.end(self)
                chunk(&writer)
            }
        } else {
            for gid in order { walk(gid, project, &writer, chunk) }
        }
        writer.finish(position: 7)
        chunk(&writer)
        return writer
    }

    func export(_ project: Project, _ options: ExportOptions) -> [UInt8] {
        var bytes: [UInt8] = []
        _ = export(project, options) { bytes += $0.take() }
        return bytes
    }

    private func exported(_ task: WorkTask) -> ExportedTask {
        ExportedTask(
            task, stories: stories[task.gid] ?? [], attachments: attachments[task.gid] ?? [])
    }

    private func topLevel(_ project: Project) -> [UInt64] {
        (placed[project.gid] ?? []) + project.sections.flatMap { placed[$0] ?? [] }
    }

    private func ownChildren(_ gid: UInt64, _ project: Project) -> [UInt64] {
        (children[gid] ?? []).filter { child in
            tasks[child]?.memberships.contains { $0.project == project.gid } != true
        }
    }

    private func collect(_ gid: UInt64, _ project: Project, _ order: inout ExportOrder) {
        order.append(gid, external: tasks[gid]?.external)
        for child in ownChildren(gid, project) { collect(child, project, &order) }
    }

    private func walk(
        _ gid: UInt64, _ project: Project, _ writer: inout ExportWriter,
        _ chunk: (inout ExportWriter) -> Void
    ) {
        guard let task = tasks[gid] else { return }
        writer.begin(exported(task), self)
        chunk(&writer)
        for child in ownChildren(gid, project) { walk(child, project, &writer, chunk) }
        writer.end(self)
    }

    /// Imports a whole file.
    mutating func load(_ bytes: [UInt8], _ options: ImportOptions, chunkBytes: Int = 1 << 16) throws
        -> ImportReader
    {
        var reader = ImportReader(
            ByteArraySource(bytes, chunkBytes: chunkBytes), options: options)
        try reader.check()
        try reader.begin(people: ensure(reader.people))
        while let batch = try reader.nextBatch() { try apply(batch.items) }
        return reader
    }
}

extension ExportOptions {
    static func test(_ format: ExportFormat, ids: ExportIds = .external) -> ExportOptions {
        var request = Export()
        request.format = format
        request.ids = ids
        return ExportOptions(request, host: "holdfast.test")
    }
}
