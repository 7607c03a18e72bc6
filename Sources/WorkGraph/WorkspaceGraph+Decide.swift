package import ByteCoding
package import WorkProtocol

/// What each request does: one line each. The caller is made first, and its token's scope checked;
/// requests of the directory exist only there, and those of workspaces only in workspaces.
extension WorkspaceGraph {
    /// What a command does, within the transaction under way; the answer's bytes.
    func decide(
        _ command: consuming Command, _ caller: Caller, _ now: Int64
    ) throws(Rejection) -> [UInt8] {
        try caller.require(.write, "write")
        if case .`import` = command { try caller.require(.import, "import") }
        return ordinal == 0
            ? try decideInDirectory(consume command, caller, now)
            : try decideInWorkspace(consume command, caller, now)
    }

    private func decideInWorkspace(
        _ command: consuming Command, _ caller: Caller, _ now: Int64
    ) throws(Rejection) -> [UInt8] {
        switch consume command {
        case .updateWorkspace(let request): try updateWorkspace(request, caller, at: now).encoded()
        case .updateMembership(let request):
            try updateMembership(request, caller, at: now).encoded()
        case .admitMember(let request): try admitMember(request, caller, at: now).encoded()
        case .createTeam(let request): try createTeam(request, caller, at: now).encoded()
        case .updateTeam(let request): try updateTeam(request, caller, at: now).encoded()
        case .deleteTeam(let request): try deleteTeam(request, caller, at: now).encoded()
        case .setTeamMember(let request): try setTeamMember(request, caller, at: now).encoded()
        case .removeTeamMember(let request):
            try removeTeamMember(request, caller, at: now).encoded()
        case .createProject(let request): try createProject(request, caller, at: now).encoded()
        case .updateProject(let request): try updateProject(request, caller, at: now).encoded()
        case .deleteProject(let request): try deleteProject(request, caller, at: now).encoded()
        case .setProjectMember(let request):
            try setProjectMember(request, caller, at: now).encoded()
        case .removeProjectMember(let request):
            try removeProjectMember(request, caller, at: now).encoded()
        case .setProjectField(let request): try setProjectField(request, caller, at: now).encoded()
        case .removeProjectField(let request):
            try removeProjectField(request, caller, at: now).encoded()
        case .createSection(let request): try createSection(request, caller, at: now).encoded()
        case .updateSection(let request): try updateSection(request, caller, at: now).encoded()
        case .moveSection(let request): try moveSection(request, caller, at: now).encoded()
        case .deleteSection(let request): try deleteSection(request, caller, at: now).encoded()
        case .createTask(let request): encoded(try createTask(request, caller, at: now))
        case .updateTask(let request): encoded(try updateTask(request, caller, at: now))
        case .deleteTask(let request): try deleteTask(request, caller, at: now).encoded()
        case .addToProject(let request): try addToProject(request, caller, at: now).encoded()
        case .removeFromProject(let request):
            try removeFromProject(request, caller, at: now).encoded()
        case .setParent(let request): try setParent(request, caller, at: now).encoded()
        case .changeDependencies(let request):
            try changeDependencies(request, caller, at: now).encoded()
        case .changeLabels(let request): try changeLabels(request, caller, at: now).encoded()
        case .changeCollaborators(let request):
            try changeCollaborators(request, caller, at: now).encoded()
        case .setTaskPublic(let request): try setTaskPublic(request, caller, at: now).encoded()
        case .setLike(let request): try setLike(request, caller, at: now).encoded()
        case .moveMyTask(let request): try moveMyTask(request, caller, at: now).encoded()
        case .markSeen(let request): try markSeen(request, caller, at: now).encoded()
        case .beginDay(let request): try beginDay(request, caller, at: now).encoded()
        case .bulk(let request): try bulk(request, caller, at: now).encoded()
        case .addComment(let request): try addComment(request, caller, at: now).encoded()
        case .updateComment(let request): try updateComment(request, caller, at: now).encoded()
        case .deleteComment(let request): try deleteComment(request, caller, at: now).encoded()
        case .createLabel(let request): try createLabel(request, caller, at: now).encoded()
        case .updateLabel(let request): try updateLabel(request, caller, at: now).encoded()
        case .deleteLabel(let request): try deleteLabel(request, caller, at: now).encoded()
        case .createField(let request): try createField(request, caller, at: now).encoded()
        case .updateField(let request): try updateField(request, caller, at: now).encoded()
        case .deleteField(let request): try deleteField(request, caller, at: now).encoded()
        case .addAttachment(let request): try addAttachment(request, caller, at: now).encoded()
        case .deleteAttachment(let request):
            try deleteAttachment(request, caller, at: now).encoded()
        case .`import`(let request): try self.import(request, caller, at: now).encoded()
        case .restore(let request): try restore(request, caller, at: now).encoded()
        default: throw .notFound
        }
    }

    private func decideInDirectory(
        _ command: consuming Command, _ caller: Caller, _ now: Int64
    ) throws(Rejection) -> [UInt8] {
        switch consume command {
        case .updateAccount(let request): try updateAccount(request, caller, at: now).encoded()
        case .createWorkspace(let request): try createWorkspace(request, caller, at: now).encoded()
        case .createToken(let request): try createToken(request, caller, at: now).encoded()
        case .revokeToken(let request): try revokeToken(request, caller, at: now).encoded()
        case .createServiceAccount(let request):
            try createServiceAccount(request, caller, at: now).encoded()
        case .deleteServiceAccount(let request):
            try deleteServiceAccount(request, caller, at: now).encoded()
        case .ensurePeople(let request): try ensurePeople(request, caller, at: now).encoded()
        case .completeErrand(let request): try completeErrand(request, caller, at: now).encoded()
        case .admitMember(let request): try admitMember(request, caller, at: now).encoded()
        case .invite(let request): try invite(request, caller, at: now).encoded()
        default: throw .notFound
        }
    }

    /// Answers a query into `writer`: nothing that the principal may not see. Changes nothing.
    /// What was written before a rejection is not an answer.
    package func answer(
        _ query: Query, as principal: Principal, into writer: inout ByteWriter
    ) throws(Rejection) {
        precondition(replay == nil, "asked while a log is replayed")
        let caller = try caller(principal)
        try caller.require(.read, "read")
        try ordinal == 0
            ? answerInDirectory(query, caller, into: &writer)
            : answerInWorkspace(query, caller, into: &writer)
    }

    /// Answers a query, and adds to `tasks` the rows of the tasks that its answer was made of.
    ///
    /// - Returns: false if more than these, and what no record of `rewrittenTasks` changes, went
    ///   into it: lists of other kinds, and whatever else is not told of here.
    package func answer(
        _ query: Query, as principal: Principal, into writer: inout ByteWriter,
        noting tasks: inout [UInt32]
    ) throws(Rejection) -> Bool {
        switch query {
        case .getTask, .listTasks: break
        default:
            try answer(query, as: principal, into: &writer)
            return false
        }
        swap(&lookedAt, &tasks)
        notesLooks = true
        defer {
            notesLooks = false
            swap(&lookedAt, &tasks)
        }
        try answer(query, as: principal, into: &writer)
        return true
    }

    /// The answer being made depends on this task's row.
    @inline(__always)
    func look(at task: UInt32) {
        if notesLooks { lookedAt.append(task) }
    }

    private func answerInWorkspace(
        _ query: Query, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        switch query {
        case .getWorkspace(let request): try getWorkspace(request, caller, into: &writer)
        case .getUser(let request): try getUser(request, caller, into: &writer)
        case .listUsers(let request): try listUsers(request, caller, into: &writer)
        case .getTeam(let request): try getTeam(request, caller, into: &writer)
        case .listTeams(let request): try listTeams(request, caller, into: &writer)
        case .getProject(let request): try getProject(request, caller, into: &writer)
        case .listProjects(let request): try listProjects(request, caller, into: &writer)
        case .listSections(let request): try listSections(request, caller, into: &writer)
        case .getTask(let request): try getTask(request, caller, into: &writer)
        case .listTasks(let request): try listTasks(request, caller, into: &writer)
        case .listMyTasks(let request): try listMyTasks(request, caller, into: &writer)
        case .listStories(let request): try listStories(request, caller, into: &writer)
        case .getLabel(let request): try getLabel(request, caller, into: &writer)
        case .listLabels(let request): try listLabels(request, caller, into: &writer)
        case .getField(let request): try getField(request, caller, into: &writer)
        case .listFields(let request): try listFields(request, caller, into: &writer)
        case .listAttachments(let request): try listAttachments(request, caller, into: &writer)
        case .listTrash(let request): try listTrash(request, caller, into: &writer)
        default: throw .notFound
        }
    }

    private func answerInDirectory(
        _ query: Query, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        switch query {
        case .whoAmI(let request): try whoAmI(request, caller, into: &writer)
        case .listWorkspaces(let request): try listWorkspaces(request, caller, into: &writer)
        case .listTokens(let request): try listTokens(request, caller, into: &writer)
        case .listServiceAccounts(let request):
            try listServiceAccounts(request, caller, into: &writer)
        default: throw .notFound
        }
    }
}
