internal import WorkProtocol

/// Who is in a project, and what is set up in it.
extension WorkspaceGraph {
    /// Shares a project with a person or a team, or changes what they may do in it.
    func setProjectMember(
        _ request: SetProjectMember, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draft(project: request.project, needs: .admin, caller)
        guard request.access != .none else {
            throw .badField("access", "Viewer, commenter, editor or admin.")
        }
        let isNew = !draft.project.members.contains { $0.member == request.member }
        if Gid(request.member).workspace == 0 {
            try requirePerson(request.member, "member", caller)
            guard draft.project.owner != request.member || request.access == .admin else {
                throw Rejection(.conflict, "The owner is an admin; give it another owner first.")
            }
        } else {
            guard let team = row(request.member, .team), canSee(team: team, caller) else {
                throw .notFound("member")
            }
        }
        guard !isNew || draft.project.members.count < GraphLimits.membersPerProject else {
            throw .limit(GraphLimits.membersPerProject, "Members of a project")
        }
        draft.project.join(request.member, request.access)
        if isNew, indexes.people[request.member] != nil,
            !draft.project.collaborators.contains(request.member)
        {
            draft.project.collaborators.append(request.member)
        }
        try requireAnAdmin(draft.project, draft.before)
        return save(draft, at: now)
    }

    /// Ends a share. Admins may for anybody, everybody for themselves.
    func removeProjectMember(
        _ request: RemoveProjectMember, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let isOwn = request.member == caller.account
        var draft = try draft(project: request.project, needs: isOwn ? .viewer : .admin, caller)
        guard draft.project.owner != request.member || request.member == 0 else {
            throw Rejection(.conflict, "Give the project another owner first.")
        }
        draft.project.members.removeAll { $0.member == request.member }
        draft.project.collaborators.removeAll { $0 == request.member }
        try requireAnAdmin(draft.project, draft.before)
        return save(draft, at: now)
    }

    // MARK: - Fields

    /// Puts a custom field on a project, at the end of its fields.
    func setProjectField(
        _ request: SetProjectField, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draftToCustomize(request.project, caller)
        guard let field = row(request.field, .field), canSee(field: field, caller) else {
            throw .notFound("field")
        }
        try set(request.field, isImportant: request.isImportant, on: &draft.project)
        return save(draft, at: now)
    }

    /// Puts a field on a project; those that were deleted since make room.
    func set(
        _ field: UInt64, isImportant: Bool, on project: inout Project
    ) throws(Rejection) {
        if let index = project.fields.firstIndex(where: { $0.field == field }) {
            project.fields[index].isImportant = isImportant
            return
        }
        project.fields.removeAll { row($0.field, .field) == nil }
        guard project.fields.count < GraphLimits.fieldsPerProject else {
            throw .limit(GraphLimits.fieldsPerProject, "Custom fields of a project")
        }
        var setting = FieldSetting()
        setting.field = field
        setting.isImportant = isImportant
        project.fields.append(setting)
    }

    /// Takes a field off a project. The values on its tasks stay, and are not shown.
    func removeProjectField(
        _ request: RemoveProjectField, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draftToCustomize(request.project, caller)
        draft.project.fields.removeAll { $0.field == request.field }
        return save(draft, at: now)
    }

    private func draftToCustomize(
        _ gid: UInt64, _ caller: Caller
    ) throws(Rejection) -> ProjectDraft {
        let draft = try draft(project: gid, needs: .editor, caller)
        let needed = draft.project.minimumCustomizationAccess
        guard draft.level >= needed else { throw Self.tooLow(needed, "project") }
        return draft
    }
}
