internal import ByteCoding
internal import WorkProtocol

/// Projects as their readers see them.
extension WorkspaceGraph {
    func getProject(
        _ request: GetProject, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        guard let row = try project(named: request.project, caller) else { throw .notFound }
        var names = NameList()
        var project = shown(project: row, caller)
        if request.withNames {
            note(project, in: &names)
            project.names = named(names, caller)
        }
        project.encode(into: &writer)
    }

    /// The project a person means: by gid, by `external:ID`, or by a name that only one project it
    /// sees has.
    private func project(named text: String, _ caller: Caller) throws(Rejection) -> UInt32? {
        if let gid = Gid(text), let row = row(gid.rawValue, .project),
            access(project: row, caller) > .none
        {
            return row
        }
        if let external = ExternalName(text) { return project(external, caller) }
        var found: [UInt32] = []
        indexes.projectList.forEach { entry in
            if access(project: entry.row, caller) > .none, name(ofProject: entry.row) == text {
                found.append(entry.row)
            }
            return found.count < 2
        }
        guard found.count < 2 else {
            throw .badField("project", "Several projects have this name; say which by its gid.")
        }
        return found.first
    }

    func listProjects(
        _ request: ListProjects, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        if request.team != 0 {
            guard let team = row(request.team, .team), canSee(team: team, caller) else {
                throw .notFound("team")
            }
        }
        let page = try page(
            of: indexes.projectList, limit: request.limit, cursor: request.cursor
        ) { row in
            guard let facts = livingProject(row) else { return false }
            return (request.team == 0 || facts.team == request.team)
                && (request.withArchived || !facts.archived)
                && access(facts, caller) > .none
        }
        var answer = ProjectPage()
        var names = NameList()
        for row in page.rows {
            let project = shown(project: row, caller)
            if request.withNames { note(project, in: &names) }
            answer.projects.append(project)
        }
        if request.withNames { answer.names = named(names, caller) }
        answer.next = page.next
        answer.encode(into: &writer)
    }

    /// A project as the caller sees it: without people and teams it does not know, with its counts,
    /// which are of all tasks, since whoever sees a project sees all of its tasks.
    func shown(project row: UInt32, _ caller: Caller) -> Project {
        guard var project = load(ProjectRow.self, row)?.project else {
            preconditionFailure("row \(row) of workspace \(ordinal) is no project")
        }
        project.owner = known(project.owner, caller)
        project.createdBy = known(project.createdBy, caller)
        if self.row(project.team, .team).map({ canSee(team: $0, caller) }) != true {
            project.team = 0
        }
        project.members.removeAll { !canSee(member: $0.member, caller) }
        project.collaborators.removeAll { !canSee(person: $0, caller) }
        project.fields.removeAll { self.row($0.field, .field) == nil }
        let sections = sections(of: row)
        project.sections = sections.map { gid($0).rawValue }
        let count = sections.reduce(0) { $0 + (indexes.tasksOfSection[$1]?.count ?? 0) }
        project.taskCount = UInt32(clamping: count)
        project.completedCount = UInt32(clamping: indexes.completedInProject[row] ?? 0)
        project.access = access(project: row, caller)
        return project
    }

    private func known(_ account: UInt64, _ caller: Caller) -> UInt64 {
        canSee(person: account, caller) ? account : 0
    }

    private func canSee(member: UInt64, _ caller: Caller) -> Bool {
        if Gid(member).workspace == 0 { return canSee(person: member, caller) }
        return row(member, .team).map { canSee(team: $0, caller) } ?? false
    }

    private func note(_ project: Project, in names: inout NameList) {
        names.note(.account, project.owner)
        names.note(.account, project.createdBy)
        names.note(.team, project.team)
        for member in project.members {
            names.note(Gid(member.member).workspace == 0 ? .account : .team, member.member)
        }
        for account in project.collaborators { names.note(.account, account) }
        for setting in project.fields { names.note(.field, setting.field) }
        for section in project.sections { names.note(.section, section) }
    }
}
