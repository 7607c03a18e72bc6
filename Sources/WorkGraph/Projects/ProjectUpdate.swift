internal import WorkProtocol

/// Changing and deleting projects.
extension WorkspaceGraph {
    /// Changes a project. Editors may what describes it (admins only, where the project says so);
    /// who is in it, who owns it and who may see it is for its admins.
    func updateProject(
        _ request: UpdateProject, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draft(
            project: request.project, needs: .editor, caller, ifVersion: request.ifVersion)
        try describe(&draft.project, request)
        let needed = draft.before.minimumCustomizationAccess
        guard !draft.isChanged || draft.level >= needed else {
            throw Self.tooLow(needed, "project")
        }
        let described = draft.project
        try share(&draft.project, request, caller)
        guard draft.project == described || draft.level >= .admin else {
            throw Self.tooLow(.admin, "project")
        }
        try Self.check(draft.project)
        try requireAnAdmin(draft.project, draft.before)
        return save(draft, at: now)
    }

    private func describe(_ project: inout Project, _ request: UpdateProject) throws(Rejection) {
        if let name = request.name {
            guard !name.isEmpty else { throw .badField("name", "A project needs a name.") }
            project.name = name
        }
        if request.notes != nil || request.htmlNotes != nil {
            let notes = try Writing(
                text: request.notes ?? "", html: request.htmlNotes ?? "", "notes")
            project.notes = notes.text
            project.htmlNotes = notes.html
        }
        if let view = request.defaultView { project.defaultView = view }
        if let color = request.color { project.color = color }
        if let icon = request.icon { project.icon = icon }
        if let archived = request.archived { project.archived = archived }
        if let completed = request.completed { project.completed = completed }
        if let day = request.startOn { project.startOn = day }
        if let day = request.dueOn { project.dueOn = day }
        for field in request.clear {
            switch field {
            case .startOn: project.startOn = nil
            case .dueOn: project.dueOn = nil
            case .color: project.color = .none
            case .owner, .team, .none: break
            }
        }
    }

    private func share(
        _ project: inout Project, _ request: UpdateProject, _ caller: Caller
    ) throws(Rejection) {
        if let privacy = request.privacy { project.privacy = privacy }
        if let access = request.defaultAccess { project.defaultAccess = access }
        if let access = request.minimumCustomizationAccess {
            project.minimumCustomizationAccess = access
        }
        if request.clear.contains(.owner) { project.owner = 0 }
        if request.clear.contains(.team) { project.team = 0 }
        if let owner = request.owner, owner != project.owner {
            try requirePerson(owner, "owner", caller)
            project.owner = owner
            project.join(owner, .admin)
        }
        if let team = request.team, team != project.team {
            try requireTeam(team, caller)
            project.team = team
        }
    }

    /// A project that nobody administers could never be shared or deleted again.
    func requireAnAdmin(_ project: Project, _ before: Project) throws(Rejection) {
        func hasAdmin(_ project: Project) -> Bool {
            project.owner != 0 || project.members.contains { $0.access == .admin }
        }
        guard hasAdmin(before), !hasAdmin(project) else { return }
        throw Rejection(
            .conflict, "The project would have no admin left; make somebody else one first.")
    }

    /// Puts a project in the trash. Its tasks vanish with it, but for those that are in another.
    func deleteProject(
        _ request: DeleteProject, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draft(
            project: request.project, needs: .admin, caller, ifVersion: request.ifVersion)
        draft.project.deletedAt = now
        return save(draft, at: now)
    }
}
