internal import StoreClient
internal import WorkProtocol

/// Finding things by what people call them. Everywhere a gid is good, and `external:ID`.
extension Client {
    /// A number that is an object's address, not a name that happens to be a number.
    static func gid(_ text: String) -> UInt64? {
        guard let gid = Gid(text), gid.workspace > 0 else { return nil }
        return gid.rawValue
    }

    /// A project by gid, external id or name.
    func project(_ text: String) async throws -> Project {
        var request = GetProject()
        request.project = text
        request.withNames = true
        return try await named("project", text) {
            try await self.ask(request, in: self.route(Client.gid(text) ?? 0))
        }
    }

    /// A task by gid or external id, and the workspace it is in.
    func task(_ text: String) async throws -> WorkTask {
        var request = GetTask()
        request.withNames = true
        if let gid = Client.gid(text) {
            request.task = gid
        } else if text.hasPrefix("external:") {
            request.external = String(text.dropFirst(9))
        } else {
            throw Complaint(
                .usage, "“\(text)” is no task's gid", help: "a number, or external:ID")
        }
        return try await named("task", text) {
            try await self.ask(request, in: self.route(request.task))
        }
    }

    /// A task's gid; asked for only where the text is something else.
    func taskGid(_ text: String) async throws -> UInt64 {
        if let gid = Client.gid(text) { return noting(gid, "task") }
        return try await task(text).gid
    }

    func taskGids(_ texts: [String]) async throws -> [UInt64] {
        var gids: [UInt64] = []
        for text in texts { gids.append(try await taskGid(text)) }
        return gids
    }

    /// A gid and nothing else: for comments, attachments and what is in the trash.
    func plainGid(_ text: String, _ what: String) throws -> UInt64 {
        guard let gid = Client.gid(text) else {
            throw Complaint(.usage, "“\(text)” is no \(what)'s gid", help: "a number")
        }
        return noting(gid, what)
    }

    /// A person by `me`, gid, e-mail address, external id, or name.
    func user(_ text: String) async throws -> Membership {
        let route = try await route()
        var request = GetUser()
        request.user = text
        if text == "me" || Gid(text) != nil || text.contains("@") || text.hasPrefix("external:") {
            return try await named("user", text) { try await self.ask(request, in: route) }
        }
        var list = ListUsers()
        list.prefix = text
        list.limit = 100
        let page = try await ask(list, in: route, as: UserPage.self)
        let exact = page.users.filter { $0.name.lowercased() == text.lowercased() }
        let found = exact.isEmpty ? page.users : exact
        guard let first = found.first else { throw Client.missing("user", text) }
        guard found.count == 1 else {
            let names = found.prefix(5).map { "\($0.name) <\($0.email)>" }.joined(separator: ", ")
            let more = found.count > 5 ? " and others" : ""
            throw Complaint(
                .badData,
                exact.isEmpty
                    ? "the names of several people begin with “\(text)”: \(names)\(more)"
                    : "several people are called “\(text)”: \(names)\(more)",
                help: "say who by the e-mail address or the gid")
        }
        return first
    }

    /// A person's account.
    func account(_ text: String) async throws -> UInt64 {
        if text == "me" { return try await me() }
        return try await user(text).account
    }

    /// A section by gid, or by its name in a project.
    func section(_ text: String, in project: UInt64?) async throws -> UInt64 {
        if let gid = Client.gid(text) { return noting(gid, "section") }
        guard let project else {
            throw Complaint(
                .usage, "section “\(text)”: in which project?", help: "--project NAME, or its gid")
        }
        let found = try await sections(project).filter {
            $0.name.lowercased() == text.lowercased()
        }
        guard let first = found.first else { throw Client.missing("section", text) }
        guard found.count == 1 else {
            throw Complaint(
                .badData, "several sections are called “\(text)”", help: "say which by its gid")
        }
        return first.gid
    }

    func sections(_ project: UInt64) async throws -> [Section] {
        var request = ListSections()
        request.project = project
        return try await ask(request, in: project, as: SectionList.self).sections
    }

    /// A tag by gid, external id or name.
    func tag(_ text: String) async throws -> Label {
        var request = GetLabel()
        request.label = text
        return try await named("tag", text) {
            try await self.ask(request, in: self.route(Client.gid(text) ?? 0))
        }
    }

    /// A custom field by gid, external id or name.
    func field(_ text: String) async throws -> Field {
        var request = GetField()
        request.field = text
        return try await named("field", text) {
            try await self.ask(request, in: self.route(Client.gid(text) ?? 0))
        }
    }

    /// A team by gid or name.
    func team(_ text: String) async throws -> Team {
        if let gid = Client.gid(text) {
            var request = GetTeam()
            request.team = gid
            return try await named("team", text) { try await self.ask(request, in: gid) }
        }
        let found = try await teams().filter { $0.name.lowercased() == text.lowercased() }
        guard let first = found.first else { throw Client.missing("team", text) }
        guard found.count == 1 else {
            throw Complaint(
                .badData, "several teams are called “\(text)”", help: "say which by its gid")
        }
        return first
    }

    /// A person or a team, as a member of a project.
    func projectMember(_ text: String) async throws -> UInt64 {
        if text.hasPrefix("team:") { return try await team(String(text.dropFirst(5))).gid }
        if let gid = Client.gid(text) { return noting(gid, "person or team") }
        return try await account(text)
    }

    /// What is not found is said by its name.
    private func named<Value>(
        _ kind: String, _ text: String, _ find: () async throws -> Value
    ) async throws -> Value {
        do { return try await find() } catch let error as StoreError where error.code == .notFound {
            throw Client.missing(kind, text)
        }
    }

    private static func missing(_ kind: String, _ text: String) -> Complaint {
        Complaint(
            .notFound, "there is no \(kind) “\(text)”, or not for you",
            help: kind == "task"
                ? "holdfast task list"
                : "holdfast \(kind) list\(kind == "section" ? " PROJECT" : "")")
    }

    // MARK: - Whole lists

    func teams() async throws -> [Team] {
        let route = try await route()
        return try await all { cursor in
            var request = ListTeams()
            request.limit = 1000
            request.cursor = cursor
            let page = try await self.ask(request, in: route, as: TeamPage.self)
            return (page.teams, page.next)
        }
    }

    /// The elements of all pages, or of as many as are wanted (0: all).
    func all<Element>(
        limit: Int = 0, _ page: ([UInt8]) async throws -> ([Element], [UInt8])
    ) async throws -> [Element] {
        var elements: [Element] = []
        var cursor: [UInt8] = []
        repeat {
            let (some, next) = try await page(cursor)
            elements += some
            cursor = next
        } while !cursor.isEmpty && (limit == 0 || elements.count < limit)
        return limit == 0 ? elements : Array(elements.prefix(limit))
    }
}

/// The names that came with an answer, by gid.
struct NameTable {
    private var names: [UInt64: String] = [:]

    init(_ names: [Name]) { add(names) }

    mutating func add(_ names: [Name]) {
        for name in names { self.names[name.gid] = name.name }
    }

    subscript(_ gid: UInt64) -> String { names[gid] ?? "" }

    func cell(_ gid: UInt64) -> Cell { gid == 0 ? .missing : .reference(gid, self[gid]) }
    func cells(_ gids: [UInt64]) -> Cell { gids.isEmpty ? .missing : .list(gids.map(cell)) }
}
