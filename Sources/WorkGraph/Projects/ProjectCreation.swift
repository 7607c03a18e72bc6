internal import WorkProtocol

/// Making projects.
extension WorkspaceGraph {
    /// Makes a project with its sections, the caller an admin of it. The answer's `gids` are the
    /// sections, in order.
    func createProject(
        _ request: CreateProject, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        try caller.requireMember()
        guard !request.name.isEmpty else { throw .badField("name", "A project needs a name.") }
        try requireNew(project: request.external, caller)
        var project = Project()
        project.name = request.name
        let notes = try Writing(text: request.notes, html: request.htmlNotes, "notes")
        project.notes = notes.text
        project.htmlNotes = notes.html
        project.team = request.team
        project.privacy = request.privacy
        project.defaultAccess = request.defaultAccess == .none ? .editor : request.defaultAccess
        project.minimumCustomizationAccess = .editor
        project.defaultView = request.defaultView
        project.color = request.color
        project.icon = request.icon
        project.startOn = request.startOn
        project.dueOn = request.dueOn
        project.external = request.external
        project.owner = request.owner
        if request.owner == 0, !caller.seesEverything { project.owner = caller.account }
        if request.owner != 0 { try requirePerson(request.owner, "owner", caller) }
        if request.team != 0 { try requireTeam(request.team, caller) }
        try Self.check(project)
        let row = try add(project, caller, at: now)
        var changed = Changed(gid(row).rawValue, version: 1)
        for name in request.sections.isEmpty ? [""] : request.sections {
            let section = try addSection(name, to: row, at: .last, external: nil, now)
            changed.gids.append(gid(section).rawValue)
        }
        return changed
    }

    /// Writes a new project, without sections yet, its maker and its owner being admins.
    func add(_ project: Project, _ caller: Caller, at now: Int64) throws(Rejection) -> UInt32 {
        var project = project
        let row = try allocate()
        project.gid = gid(row).rawValue
        project.version = 1
        if project.createdBy == 0 { project.createdBy = caller.account }
        if project.createdAt == 0 { project.createdAt = now }
        if project.modifiedAt == 0 { project.modifiedAt = now }
        for account in [caller.account, project.owner] where indexes.people[account] != nil {
            project.join(account, .admin)
            guard !project.collaborators.contains(account) else { continue }
            project.collaborators.append(account)
        }
        var stored = ProjectRow()
        stored.project = project
        put(row, .project, stored)
        return row
    }

    /// Checks that the caller may put a project into a team: one it is in, or a public one.
    func requireTeam(_ gid: UInt64, _ caller: Caller) throws(Rejection) {
        guard let row = row(gid, .team), canSee(team: row, caller),
            let team = indexes.teams[row]
        else { throw .notFound("team") }
        guard
            team.members[caller.account] != nil || caller.generalAccess == .admin
                || (team.visibility == .public && !caller.isGuest)
        else {
            throw Rejection(.forbidden, "Only members of the team may put projects into it.")
        }
    }

    /// What must hold of every project.
    static func check(_ project: Project) throws(Rejection) {
        guard project.privacy != .privateToTeam || project.team != 0 else {
            throw Rejection(
                .conflict, "A project that is in no team cannot be private to its team.")
        }
        try TaskDates.require(project.startOn, nil, "start_on")
        try TaskDates.require(project.dueOn, nil, "due_on")
        if let start = project.startOn, let due = project.dueOn, start > due {
            throw .badField("start_on", "The project would end before it begins.")
        }
        let customization = project.minimumCustomizationAccess
        guard customization == .editor || customization == .admin else {
            throw .badField("minimum_customization_access", "Editor or admin.")
        }
        guard project.defaultAccess != .none else {
            throw .badField("default_access", "Viewer, commenter, editor or admin.")
        }
    }

    /// Checks that no project the caller sees has this external id.
    func requireNew(project external: External?, _ caller: Caller) throws(Rejection) {
        guard let external, !external.gid.isEmpty else { return }
        let name = ExternalName(gid: external.gid, ordinal: external.ordinal)
        guard let row = project(name, caller) else { return }
        throw Rejection(
            .alreadyExists, "A project with this external id is here already.", entity: gid(row))
    }

    /// The project with this external id that the caller sees.
    func project(_ external: ExternalName, _ caller: Caller) -> UInt32? {
        rows(external, .project).first { row in
            load(ProjectRow.self, row)?.project?.external?.gid == external.gid
                && access(project: row, caller) > .none
        }
    }
}

extension Project {
    /// Puts an account or a team among the members, or changes its access.
    mutating func join(_ member: UInt64, _ access: AccessLevel) {
        if let index = members.firstIndex(where: { $0.member == member }) {
            members[index].access = access
        } else {
            var entry = ProjectMember()
            entry.member = member
            entry.access = access
            members.append(entry)
        }
    }
}
