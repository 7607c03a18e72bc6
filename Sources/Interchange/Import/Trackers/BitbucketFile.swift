internal import ByteCoding
internal import WorkProtocol

/// A Bitbucket tracker (`db-1.0.json`) as an import: its issues in one project.
///
/// Reporter, commenters and watchers are collaborators, voters like; kind, priority, status,
/// component, milestone and version are custom fields (choices), where any issue has one; what is
/// resolved, invalid, duplicate, wontfix or closed is completed, when and by whom the log says. A
/// comment is one that has text; a log entry is a system story; attachments are kept by reference.
///
/// The file lists comments, issues and log entries apart and in no order, so it is held in memory.
/// It does not name its repository either: its ids are told from those of others by a hash of when
/// its first issue was made.
struct BitbucketFile: ImportedFile {
    private let source: any ByteSource
    private let options: ImportOptions
    private var issues: [Int64: JSONNode] = [:]
    private var comments: [Int64: [JSONNode]] = [:]
    private var logs: [Int64: [JSONNode]] = [:]
    private var attachments: [Int64: [JSONNode]] = [:]
    private var order: [Int64] = []
    private var fields: [(name: String, options: [String])] = []
    private var scope = ""
    private var cursor = 0
    private(set) var place = TextPlace.start

    /// The members that become custom fields.
    private static let fieldNames = [
        "kind", "priority", "status", "component", "milestone", "version",
    ]
    private static let completedStatuses = [
        "resolved", "invalid", "duplicate", "wontfix", "closed",
    ]

    init(_ source: any ByteSource, _ options: ImportOptions) {
        self.source = source
        self.options = options
    }

    var projectKey: String { scope }

    // MARK: - First reading

    mutating func survey(_ ledger: inout ImportLedger) throws(TextProblem) {
        var lists = JSONLists(source)
        while let (name, value) = try lists.next() {
            for notice in lists.takeNotices() { ledger.warn(notice) }
            switch name {
            case "issues", "comments", "logs", "attachments":
                do { try add(value, to: name) } catch {
                    ledger.refuse(error)
                    ledger.summary.skipped += 1
                }
            default: break
            }
        }
        order = issues.keys.sorted()
        let first = order.first.flatMap { issues[$0]?.text("created_on") } ?? ""
        let hash = XXH3.hash(Array("\(order.first ?? 0) \(first)".utf8))
        scope = "bitbucket:" + String(hash, radix: 16)
        for (list, name) in [
            (comments, "comments"), (logs, "log entries"), (attachments, "attachments"),
        ] {
            let lost = list.reduce(0) { issues[$1.key] == nil ? $0 + $1.value.count : $0 }
            if lost > 0 { ledger.tell("\(lost) \(name) belong to no issue of the file") }
        }
        surveyFields()
    }

    private mutating func add(_ node: JSONNode, to list: String) throws(TextProblem) {
        guard let issue = node[list == "issues" ? "id" : "issue"]?.integer else {
            throw TextProblem(node.place, "expected the number of an issue")
        }
        _ = try node.pastMoment("created_on")
        _ = try node.pastMoment("updated_on")
        switch list {
        case "issues":
            guard issues.updateValue(node, forKey: issue) == nil else {
                throw TextProblem(node.place, "the issue \(issue) is there twice")
            }
        case "comments":
            _ = try node.required("id")
            comments[issue, default: []].append(node)
        case "logs": logs[issue, default: []].append(node)
        default: attachments[issue, default: []].append(node)
        }
    }

    private mutating func surveyFields() {
        for name in BitbucketFile.fieldNames {
            var values = Interned()
            for id in order {
                if let text = issues[id]?.text(name), !text.isEmpty {
                    _ = values.number(CleanText.line(text).text)
                }
            }
            if values.count > 0 { fields.append((name, values.texts)) }
        }
    }

    // MARK: - Items

    mutating func restart() { cursor = -1 }

    mutating func next(_ ledger: inout ImportLedger) throws(TextProblem) -> [ImportItem]? {
        defer { cursor += 1 }
        if cursor < 0 { return definitions() }
        guard cursor < order.count, let issue = issues[order[cursor]] else { return nil }
        place = issue.place
        return try items(order[cursor], issue, &ledger)
    }

    private func definitions() -> [ImportItem] {
        var items = fields.map { field -> ImportItem in
            var item = ImportField()
            item.external = External(gid: fieldKey(field.name))
            item.name = field.name.prefix(1).uppercased() + field.name.dropFirst()
            item.kind = .enum
            item.options = field.options
            return .field(item)
        }
        var project = ImportProject()
        project.external = External(gid: projectKey)
        project.name = CleanText.line(options.name).text
        project.into = options.into
        project.fields = fields.map { Foreign(fieldKey($0.name)) }
        var section = ImportSection()
        section.external = External(gid: ForeignKey.section("", of: projectKey))
        project.sections = [section]
        items.append(.project(project))
        return items
    }

    private func fieldKey(_ name: String) -> String { "\(scope)/fields/\(name)" }

    private func items(_ id: Int64, _ issue: JSONNode, _ ledger: inout ImportLedger)
        throws(TextProblem) -> [ImportItem]
    {
        var task = ImportTask()
        let key = "\(scope)/issues/\(id)"
        task.external = External(gid: key)
        task.name = ledger.line(issue.text("title"), issue.place, "the title")
        let content = ledger.prose(issue.text("content"), issue.place, "the text")
        task.notes = content.text
        task.createdAt = try issue.pastMoment("created_on") ?? 0
        task.modifiedAt = try issue.pastMoment("updated_on") ?? task.createdAt
        task.createdBy = person(issue["reporter"], &ledger)
        task.assignee = person(issue["assignee"], &ledger)
        var placement = ImportPlacement()
        placement.project = Foreign(projectKey)
        placement.section = Foreign(ForeignKey.section("", of: projectKey))
        task.placements = [placement]
        task.fields = fieldValues(issue)
        task.likes = TrackerComments.distinct(
            (issue["voters"]?.elements ?? []).map { person($0, &ledger) })
        try complete(&task, issue, logs[id] ?? [], &ledger)
        var stories = TrackerComments(task: key)
        stories.add(rest: content.rest, of: task)
        try addStories(id, to: &stories, &ledger)
        let commenters = (comments[id] ?? []).map { person($0["user"], &ledger) }
        let watchers = (issue["watchers"]?.elements ?? []).map { person($0, &ledger) }
        task.collaborators = TrackerComments.distinct(
            [task.createdBy, task.assignee] + watchers + commenters)
        ledger.countTask(isSubtask: false)
        ledger.countComments(stories.counted)
        return try [.task(task)] + stories.items + files(id, task, &ledger)
    }

    private func fieldValues(_ issue: JSONNode) -> [ImportFieldValue] {
        fields.compactMap { field in
            let text = CleanText.line(issue.text(field.name)).text
            if text.isEmpty { return nil }
            var value = ImportFieldValue()
            value.field = Foreign(fieldKey(field.name))
            value.options = [text]
            return value
        }
    }

    /// When and by whom it was last given a status that means it is done.
    private func complete(
        _ task: inout ImportTask, _ issue: JSONNode, _ logs: [JSONNode],
        _ ledger: inout ImportLedger
    ) throws(TextProblem) {
        guard BitbucketFile.completedStatuses.contains(issue.text("status")) else { return }
        task.completed = true
        task.completedAt = task.modifiedAt
        var latest: Int64 = .min
        for log in logs where log.text("field") == "status" {
            guard BitbucketFile.completedStatuses.contains(log.text("changed_to")),
                let moment = try log.pastMoment("created_on"), moment >= latest
            else { continue }
            latest = moment
            task.completedAt = moment
            task.completedBy = person(log["user"], &ledger)
        }
    }

    private func addStories(
        _ id: Int64, to stories: inout TrackerComments, _ ledger: inout ImportLedger
    ) throws(TextProblem) {
        for comment in comments[id] ?? [] {
            stories.add(
                id: "\(scope)/comments/\(try comment.required("id"))",
                person(comment["user"], &ledger), at: try comment.pastMoment("created_on"), comment,
                "content", &ledger)
        }
        for log in logs[id] ?? [] {
            let comment = log["comment"]?.identifier ?? ""
            let field = CleanText.line(log.text("field"), limit: 64).text
            stories.add(
                id: "\(scope)/logs/\(comment)/\(field)", person(log["user"], &ledger),
                at: try log.pastMoment("created_on"), field: field, from: log.text("changed_from"),
                to: log.text("changed_to"))
        }
        stories.sort()
    }

    private func files(_ id: Int64, _ task: ImportTask, _ ledger: inout ImportLedger)
        throws(TextProblem) -> [ImportItem]
    {
        var items: [ImportItem] = []
        for (index, file) in (attachments[id] ?? []).enumerated() {
            var attachment = ImportAttachment()
            let path = CleanText.line(file.text("path"), limit: 900).text
            attachment.external = External(
                gid: path.isEmpty ? "\(scope)/attachments/\(id)/\(index)" : "\(scope)/\(path)")
            attachment.task = Foreign(task.external?.gid ?? "")
            attachment.name = ledger.line(file.text("filename"), file.place, "the file's name")
            // The path leads nowhere without the repository; it is kept in the id.
            attachment.url = WebAddress.accepted(file.text("url"))
            attachment.createdBy = person(file["user"], &ledger)
            let log = (logs[id] ?? []).first {
                $0.text("field") == "attachment" && $0.text("changed_to") == file.text("filename")
            }
            attachment.createdAt = try log?.pastMoment("created_on") ?? task.createdAt
            items.append(.attachment(attachment))
        }
        return items
    }

    private func person(_ node: JSONNode?, _ ledger: inout ImportLedger) -> UInt64 {
        let login = CleanText.line(node?.string ?? node?.text("username") ?? "", limit: 256).text
        if login.isEmpty { return 0 }
        return ledger.people.gid(external: "bitbucket:" + login, name: login)
    }
}
