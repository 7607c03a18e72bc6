internal import WorkProtocol

/// A GitHub archive as an import: one repository, which becomes a project.
///
/// Issues and pull requests are tasks, told apart by the sections *Issues* and *Pull requests*.
/// Author, assignees, commenters and reviewers are collaborators; the first assignee is the
/// assignee; labels are tags; a closed one is completed. A comment is every comment with text,
/// every review's text and every comment of a review. Number, state, address and branches are kept
/// in the external data. People are known by their login.
struct GitHubFile: ImportedFile {
    private let source: any ByteSource
    private var lists: JSONLists
    private var labels = Interned()
    private var repository: String
    private(set) var place = TextPlace.start
    private var stage = Stage.definitions
    private var rejected: Set<TextPlace> = []

    private enum Stage { case definitions, tasks }

    init(_ source: any ByteSource, _ options: ImportOptions) {
        self.source = source
        repository = options.name
        into = options.into
        lists = JSONLists(source)
    }

    private let into: UInt64

    var projectKey: String { "github:" + repository }

    mutating func survey(_ ledger: inout ImportLedger) throws(TextProblem) {
        while let (name, value) = try lists.next() {
            for notice in lists.takeNotices() { ledger.warn(notice) }
            switch name {
            case "repo":
                if let text = value.string { repository = CleanText.line(text, limit: 900).text }
            case "labels":
                _ = labels.number(CleanText.line(value.text("name")).text)
            case "issues", "pulls":
                for label in value["labels"]?.elements ?? [] { _ = labels.number(Self.name(label)) }
                do { try Self.check(value) } catch {
                    ledger.refuse(error)
                    ledger.summary.skipped += 1
                    rejected.insert(value.place)
                }
            default: break
            }
        }
    }

    /// What a task cannot do without.
    private static func check(_ issue: JSONNode) throws(TextProblem) {
        _ = try issue.required("id")
        for name in ["createdAt", "updatedAt", "closedAt"] { _ = try issue.moment(name) }
        for comment in issue["comments"]?.elements ?? [] { _ = try comment.pastMoment("createdAt") }
        for review in issue["reviews"]?.elements ?? [] {
            _ = try review.required("id")
            _ = try review.pastMoment("createdAt")
            for comment in review["comments"]?.elements ?? [] {
                _ = try comment.pastMoment("createdAt")
            }
        }
    }

    /// A label is its name, or an object that has one.
    private static func name(_ label: JSONNode) -> String {
        CleanText.line(label.string ?? label.text("name")).text
    }

    mutating func restart() throws(TextProblem) {
        try source.rewind()
        lists = JSONLists(source)
        stage = .definitions
    }

    mutating func next(_ ledger: inout ImportLedger) throws(TextProblem) -> [ImportItem]? {
        if stage == .definitions {
            stage = .tasks
            return definitions()
        }
        while let (name, value) = try lists.next() {
            guard name == "issues" || name == "pulls", !rejected.contains(value.place) else {
                continue
            }
            place = value.place
            return try items(value, isPull: name == "pulls", &ledger)
        }
        return nil
    }

    private func definitions() -> [ImportItem] {
        var items = labels.texts.map { name -> ImportItem in
            var label = ImportLabel()
            label.external = External(gid: ForeignKey.label(name))
            label.name = name
            return .label(label)
        }
        var project = ImportProject()
        project.external = External(gid: projectKey)
        project.name = repository
        project.into = into
        project.sections = ["Issues", "Pull requests"].map { name in
            var section = ImportSection()
            section.external = External(gid: ForeignKey.section(name, of: projectKey))
            section.name = name
            return section
        }
        items.append(.project(project))
        return items
    }

    private mutating func items(_ issue: JSONNode, isPull: Bool, _ ledger: inout ImportLedger)
        throws(TextProblem) -> [ImportItem]
    {
        var task = ImportTask()
        let external = External(
            gid: CleanText.line(try issue.required("id")).text, data: Self.kept(issue))
        task.external = external
        task.name = ledger.line(issue.text("title"), issue.place, "the title")
        let body = ledger.prose(issue.text("body"), issue.place, "the text")
        task.notes = body.text
        task.createdAt = try issue.pastMoment("createdAt") ?? 0
        task.modifiedAt = try issue.pastMoment("updatedAt") ?? task.createdAt
        task.completedAt = try issue.pastMoment("closedAt") ?? 0
        task.completed = task.completedAt != 0
        task.createdBy = Self.person(issue["author"], &ledger)
        task.completedBy = Self.person(issue["mergedBy"], &ledger)
        let assignees = (issue["assignees"]?.elements ?? []).map { Self.person($0, &ledger) }
        task.assignee = assignees.first ?? 0
        var placement = ImportPlacement()
        placement.project = Foreign(projectKey)
        placement.section = Foreign(
            ForeignKey.section(isPull ? "Pull requests" : "Issues", of: projectKey))
        task.placements = [placement]
        for label in issue["labels"]?.elements ?? [] {
            task.labels.append(Foreign(ForeignKey.label(labels.spelled(Self.name(label)))))
        }
        var comments = TrackerComments(task: external.gid)
        comments.add(rest: body.rest, of: task)
        try addComments(of: issue, to: &comments, &ledger)
        task.collaborators = TrackerComments.distinct(
            [task.createdBy] + assignees + comments.authors)
        ledger.countTask(isSubtask: false)
        ledger.countComments(comments.counted)
        return [.task(task)] + comments.items
    }

    private func addComments(
        of issue: JSONNode, to comments: inout TrackerComments, _ ledger: inout ImportLedger
    ) throws(TextProblem) {
        for comment in issue["comments"]?.elements ?? [] {
            let author = Self.person(comment["author"], &ledger)
            let created = comment.text("createdAt")
            comments.add(
                id: "\(comments.task)/\(created)/\(Self.login(comment["author"]))", author,
                at: try comment.pastMoment("createdAt"), comment, "body", &ledger)
        }
        for review in issue["reviews"]?.elements ?? [] {
            let author = Self.person(review["author"], &ledger)
            let id = CleanText.line(try review.required("id"), limit: 900).text
            comments.add(
                id: id, author, at: try review.pastMoment("createdAt"), review, "body", &ledger)
            for comment in review["comments"]?.elements ?? [] {
                let line = comment["originalPosition"]?.identifier ?? ""
                comments.add(
                    id: "\(id)/\(comment.text("createdAt"))/\(line)", author,
                    at: try comment.pastMoment("createdAt"), comment, "body", &ledger)
            }
        }
        comments.sort()
    }

    private static func login(_ node: JSONNode?) -> String {
        CleanText.line(node?.string ?? node?.text("login") ?? "", limit: 256).text
    }

    private static func person(_ node: JSONNode?, _ ledger: inout ImportLedger) -> UInt64 {
        let login = login(node)
        if login.isEmpty { return 0 }
        return ledger.people.gid(external: "github:" + login, name: login)
    }

    /// What the archive says besides, as external data.
    private static func kept(_ issue: JSONNode) -> String {
        let names = [
            "number", "state", "url", "authorAssociation", "mergedAt", "baseRefName", "headRefName",
            "headRepository",
        ]
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("github")
        writer.beginObject()
        for name in names {
            guard let value = issue[name], !value.isNull else { continue }
            writer.key(name)
            writer.node(value)
        }
        writer.endObject()
        writer.endObject()
        let clean = CleanText.prose(String(decoding: writer.bytes, as: UTF8.self))
        return clean.text.utf8.count <= 32_768 ? clean.text : ""
    }
}
