internal import WorkProtocol

/// Asana's JSON export of a project as an import: `{"data": [task …]}`, subtasks nested, of the
/// years 2013 to 2026, and our own, which adds stories, attachments, custom fields and a last
/// member that says that the file is whole.
///
/// The file becomes the project that all its top-level tasks are in, or else one of its own, named
/// after the file. Other projects are stubs. A task that stands in the file twice (in a section and
/// under its parent) is one task.
struct AsanaFile: ImportedFile {
    private let source: any ByteSource
    private let options: ImportOptions
    private var lists: JSONLists
    private(set) var survey = AsanaSurvey()
    private(set) var place = TextPlace.start
    private var rejected: Set<TextPlace> = []
    private var given: Set<String> = []
    private var hasDefinitions = false
    private var isAtEnd = false
    /// Tasks whose parents come later, and dependencies: told when all tasks are there.
    private var late: [ImportItem] = []

    init(_ source: any ByteSource, _ options: ImportOptions) {
        self.source = source
        self.options = options
        lists = JSONLists(source)
    }

    var projectKey: String { survey.mainProject ?? ForeignKey.file(projectName) }

    private var projectName: String {
        let found = survey.projects.first { $0.gid == survey.mainProject }
        return found?.name ?? CleanText.line(options.name).text
    }

    mutating func survey(_ ledger: inout ImportLedger) throws(TextProblem) {
        while let (name, value) = try lists.next() {
            for notice in lists.takeNotices() { ledger.warn(notice) }
            switch name {
            case "data":
                do {
                    try AsanaSurvey.check(value)
                    try survey.take(value, isTop: true)
                } catch {
                    ledger.refuse(error)
                    ledger.summary.skipped += 1
                    rejected.insert(value.place)
                }
            case "export":
                if value["complete"]?.bool != true {
                    ledger.refuse(
                        TextProblem(value.place, "the export that made this file did not finish"))
                }
            case "errors":
                throw TextProblem(value.place, "this is an answer that reports an error")
            default: break
            }
        }
    }

    mutating func restart() throws(TextProblem) {
        try source.rewind()
        lists = JSONLists(source)
        given = []
        late = []
        hasDefinitions = false
        isAtEnd = false
    }

    mutating func next(_ ledger: inout ImportLedger) throws(TextProblem) -> [ImportItem]? {
        if !hasDefinitions {
            hasDefinitions = true
            return definitions(&ledger)
        }
        while let (name, value) = try lists.next() {
            guard name == "data", !rejected.contains(value.place) else { continue }
            place = value.place
            var items: [ImportItem] = []
            try add(value, parent: nil, to: &items, &ledger)
            return items
        }
        if isAtEnd { return nil }
        isAtEnd = true
        return late
    }

    private func definitions(_ ledger: inout ImportLedger) -> [ImportItem] {
        var items = survey.labels.map { found -> ImportItem in
            var label = ImportLabel()
            label.external = External(gid: found.gid)
            label.name = found.name
            return .label(label)
        }
        items += survey.fields.map { found in
            var field = ImportField()
            field.external = External(gid: found.gid)
            field.name = found.name
            field.kind = found.kind
            field.precision = min(found.precision, Decimal.scaleMax)
            field.options = found.options.texts
            return .field(field)
        }
        if survey.mainProject == nil {
            var project = ImportProject()
            project.external = External(gid: projectKey)
            project.name = projectName
            project.into = options.into
            project.fields = survey.fields.prefix(CSVColumns.fieldsMax).map { Foreign($0.gid) }
            items.append(.project(project))
            ledger.tell("the tasks share no project: all are in a new one, \"\(projectName)\"")
        }
        let isMain = { (found: AsanaSurvey.FoundProject) in found.gid == survey.mainProject }
        for found in survey.projects.filter(isMain) + survey.projects.filter({ !isMain($0) }) {
            items.append(.project(project(found, isStub: !isMain(found))))
        }
        return items
    }

    private func project(_ found: AsanaSurvey.FoundProject, isStub: Bool) -> ImportProject {
        var project = ImportProject()
        project.external = External(gid: found.gid)
        project.name = found.name
        project.isStub = isStub
        if !isStub { project.into = options.into }
        project.sections = found.sections.map { gid, name in
            var section = ImportSection()
            section.external = External(gid: gid)
            section.name = name
            return section
        }
        project.fields = found.fields.prefix(CSVColumns.fieldsMax).map { Foreign($0) }
        return project
    }

    /// Adds a task, its stories and attachments, and its subtasks.
    private mutating func add(
        _ node: JSONNode, parent: String?, to items: inout [ImportItem],
        _ ledger: inout ImportLedger
    ) throws(TextProblem) {
        let gid = try AsanaSurvey.gid(node)
        guard given.insert(gid).inserted else { return }
        let named =
            parent ?? node["parent"].flatMap { $0["gid"]?.identifier ?? $0["id"]?.identifier }
        let isKnown = named.map { survey.taskOrder[$0] != nil } ?? false
        var draft = try AsanaTask(node, gid, hasParent: isKnown, &ledger)
        if survey.mainProject == nil, named == nil {
            draft.task.placements.insert(ownPlacement, at: 0)
        }
        if let named, isKnown {
            if given.contains(named) {
                draft.task.parent = Foreign(named)
            } else {
                var task = draft.task
                task.parent = Foreign(named)
                late.append(.task(task))
            }
        }
        ledger.countTask(isSubtask: named != nil)
        items.append(.task(draft.task))
        items += try draft.stories(&ledger)
        let dependencies = (node["dependencies"]?.elements ?? [])
            .compactMap { $0["gid"]?.identifier ?? $0["id"]?.identifier }
            .filter { survey.taskOrder[$0] != nil && $0 != gid }
        if !dependencies.isEmpty {
            var item = ImportDependencies()
            item.task = Foreign(gid)
            item.dependencies = dependencies.map { Foreign($0) }
            late.append(.dependencies(item))
        }
        for subtask in node["subtasks"]?.elements ?? [] {
            try add(subtask, parent: gid, to: &items, &ledger)
        }
    }

    private var ownPlacement: ImportPlacement {
        var placement = ImportPlacement()
        placement.project = Foreign(projectKey)
        return placement
    }
}
