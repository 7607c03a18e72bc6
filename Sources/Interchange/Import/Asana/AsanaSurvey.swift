internal import WorkProtocol

/// What the first reading of an Asana JSON export finds: the projects with their sections, the
/// tags, the custom fields, and which tasks there are.
struct AsanaSurvey {
    /// A project that tasks name.
    struct FoundProject {
        var gid: String
        var name: String
        var sections: [(gid: String, name: String)] = []
        var fields: [String] = []
    }

    /// A custom field that tasks have.
    struct FoundField {
        var gid: String
        var name: String
        var kind: FieldKind
        var precision: UInt32 = 0
        var options = Interned()
    }

    private(set) var projects: [FoundProject] = []
    private var projectNumbers: [String: Int] = [:]
    private(set) var labels: [(gid: String, name: String)] = []
    private var labelNumbers: [String: Int] = [:]
    private(set) var fields: [FoundField] = []
    private var fieldNumbers: [String: Int] = [:]
    /// The ids of all tasks, with the order in which they come.
    private(set) var taskOrder: [String: Int] = [:]
    private var common: [String]?

    /// The id of the project that all top-level tasks are in.
    var mainProject: String? { common?.first }

    /// Throws what makes a task, or one nested in it, unusable.
    static func check(_ task: JSONNode, depth: Int = 0) throws(TextProblem) {
        guard depth <= CSVSurvey.depthMax else {
            throw TextProblem(task.place, "subtasks nested deeper than \(CSVSurvey.depthMax + 1)")
        }
        _ = try gid(task)
        for name in ["created_at", "modified_at", "completed_at", "due_at", "start_at"] {
            _ = try task.moment(name)
        }
        for name in ["due_on", "start_on"] { _ = try day(task, name) }
        for placement in try placements(task) {
            if let section = placement.section { _ = try gid(section) }
        }
        for tag in task["tags"]?.elements ?? [] { _ = try gid(tag) }
        for field in task["custom_fields"]?.elements ?? [] {
            _ = try gid(field)
            if let date = field["date_value"], !date.isNull {
                _ = try day(date, "date")
                _ = try date.moment("date_time")
            }
        }
        for part in (task["stories"]?.elements ?? []) + (task["attachments"]?.elements ?? []) {
            _ = try gid(part)
            _ = try part.pastMoment("created_at")
        }
        for subtask in task["subtasks"]?.elements ?? [] { try check(subtask, depth: depth + 1) }
    }

    /// Takes a task that has been checked, and what is nested in it. `homes` are the projects of
    /// what it is nested in: fields of a subtask in no project of its own are theirs.
    mutating func take(
        _ task: JSONNode, isTop: Bool, in homes: [String] = []
    ) throws(TextProblem) {
        let gid = try AsanaSurvey.gid(task)
        if taskOrder[gid] == nil { taskOrder[gid] = taskOrder.count }
        let own = try takeProjects(
            task, in: homes, narrows: isTop && (task["parent"]?.isNull ?? true))
        for tag in task["tags"]?.elements ?? [] {
            let key = try AsanaSurvey.gid(tag)
            if labelNumbers.updateValue(labels.count, forKey: key) == nil {
                labels.append((key, CleanText.line(tag.text("name")).text))
            }
        }
        for subtask in task["subtasks"]?.elements ?? [] {
            try take(subtask, isTop: false, in: own)
        }
    }

    /// Takes a task's projects and fields; answers the projects whose fields it has.
    private mutating func takeProjects(
        _ task: JSONNode, in homes: [String], narrows: Bool
    ) throws(TextProblem) -> [String] {
        var gids: [String] = []
        for placement in try AsanaSurvey.placements(task) {
            let number = number(of: placement.project)
            gids.append(projects[number].gid)
            if let section = placement.section {
                let gid = try AsanaSurvey.gid(section)
                if !projects[number].sections.contains(where: { $0.gid == gid }) {
                    let name = CleanText.line(section.text("name")).text
                    projects[number].sections.append((gid, name))
                }
            }
        }
        if narrows { common = common.map { $0.filter(gids.contains) } ?? gids }
        let own = gids.isEmpty ? homes : gids
        for field in task["custom_fields"]?.elements ?? [] { try takeField(field, own) }
        return own
    }

    private mutating func number(of project: JSONNode) -> Int {
        let gid = project["gid"]?.identifier ?? project["id"]?.identifier ?? ""
        if let known = projectNumbers[gid] { return known }
        projectNumbers[gid] = projects.count
        projects.append(
            FoundProject(gid: gid, name: CleanText.line(project.text("name")).text))
        return projects.count - 1
    }

    private mutating func takeField(_ node: JSONNode, _ projectGids: [String]) throws(TextProblem) {
        let gid = try AsanaSurvey.gid(node)
        let number = fieldNumbers[gid] ?? fields.count
        if number == fields.count {
            fieldNumbers[gid] = number
            fields.append(
                FoundField(
                    gid: gid, name: CleanText.line(node.text("name")).text,
                    kind: AsanaSurvey.kind(node)))
        }
        fields[number].precision = max(
            fields[number].precision, UInt32(clamping: node["precision"]?.integer ?? 0),
            node["number_value"]?.identifier.flatMap { Decimal($0)?.scale } ?? 0)
        for option in AsanaSurvey.options(node) { _ = fields[number].options.number(option) }
        for gid in projectGids {
            if let project = projectNumbers[gid],
                !projects[project].fields.contains(fields[number].gid)
            {
                projects[project].fields.append(fields[number].gid)
            }
        }
    }

    // MARK: - Reading

    /// The id of an object: `gid`, or the number `id` of the years before 2019.
    static func gid(_ node: JSONNode) throws(TextProblem) -> String {
        let text = node["gid"]?.identifier ?? node["id"]?.identifier ?? ""
        guard !text.isEmpty, CleanText.line(text).changes.isEmpty else {
            throw TextProblem(node.place, "expected an object with a gid")
        }
        return text
    }

    static func day(_ node: JSONNode, _ name: String) throws(TextProblem) -> Int32? {
        guard let value = node[name], !value.isNull else { return nil }
        guard let text = value.string, let date = CivilDate(text) else {
            throw TextProblem(value.place, "\(name) is no date")
        }
        return date.days
    }

    /// The projects and sections of a task: its memberships, then projects that have none.
    static func placements(_ task: JSONNode) throws(TextProblem) -> [(
        project: JSONNode, section: JSONNode?
    )] {
        var placements: [(project: JSONNode, section: JSONNode?)] = []
        var seen: Set<String> = []
        for membership in task["memberships"]?.elements ?? [] {
            guard let project = membership["project"], !project.isNull,
                seen.insert(try gid(project)).inserted
            else { continue }
            let section = membership["section"]
            placements.append((project, section?.isNull == false ? section : nil))
        }
        for project in task["projects"]?.elements ?? [] where seen.insert(try gid(project)).inserted
        {
            placements.append((project, nil))
        }
        return placements
    }

    /// The kind of a custom field.
    static func kind(_ field: JSONNode) -> FieldKind {
        switch field["resource_subtype"]?.string ?? field["type"]?.string ?? "" {
        case "number": .number
        case "enum": .enum
        case "multi_enum": .multiEnum
        case "date": .date
        case "people": .people
        default: .text
        }
    }

    /// The options a field's value names, and those it lists.
    static func options(_ field: JSONNode) -> [String] {
        let nodes =
            (field["enum_options"]?.elements ?? []) + (field["multi_enum_values"]?.elements ?? [])
            + [field["enum_value"]].compactMap { $0 }
        return nodes.map { CleanText.line($0.text("name")).text }.filter { !$0.isEmpty }
    }
}
