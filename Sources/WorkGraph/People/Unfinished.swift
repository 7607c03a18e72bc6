internal import ByteCoding
internal import WorkProtocol

extension WorkspaceGraph {
    func updateAccount(
        _ request: UpdateAccount, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func createWorkspace(
        _ request: CreateWorkspace, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func createToken(
        _ request: CreateToken, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func revokeToken(
        _ request: RevokeToken, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func createServiceAccount(
        _ request: CreateServiceAccount, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func deleteServiceAccount(
        _ request: DeleteServiceAccount, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func ensurePeople(
        _ request: EnsurePeople, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func completeErrand(
        _ request: CompleteErrand, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func updateWorkspace(
        _ request: UpdateWorkspace, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func invite(
        _ request: Invite, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func updateMembership(
        _ request: UpdateMembership, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func admitMember(
        _ request: AdmitMember, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func createTeam(
        _ request: CreateTeam, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func updateTeam(
        _ request: UpdateTeam, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func deleteTeam(
        _ request: DeleteTeam, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func setTeamMember(
        _ request: SetTeamMember, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func removeTeamMember(
        _ request: RemoveTeamMember, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func createProject(
        _ request: CreateProject, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func updateProject(
        _ request: UpdateProject, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func deleteProject(
        _ request: DeleteProject, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func setProjectMember(
        _ request: SetProjectMember, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func removeProjectMember(
        _ request: RemoveProjectMember, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func setProjectField(
        _ request: SetProjectField, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func removeProjectField(
        _ request: RemoveProjectField, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func createSection(
        _ request: CreateSection, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func updateSection(
        _ request: UpdateSection, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func moveSection(
        _ request: MoveSection, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func deleteSection(
        _ request: DeleteSection, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func createLabel(
        _ request: CreateLabel, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func updateLabel(
        _ request: UpdateLabel, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func deleteLabel(
        _ request: DeleteLabel, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func createField(
        _ request: CreateField, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func updateField(
        _ request: UpdateField, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func deleteField(
        _ request: DeleteField, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func restore(
        _ request: Restore, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed { throw .notFound }

    func `import`(
        _ request: Import, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> ImportAnswer { throw .notFound }

    func whoAmI(
        _ request: WhoAmI, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func listWorkspaces(
        _ request: ListWorkspaces, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func listTokens(
        _ request: ListTokens, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func listServiceAccounts(
        _ request: ListServiceAccounts, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func getWorkspace(
        _ request: GetWorkspace, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func getUser(
        _ request: GetUser, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func listUsers(
        _ request: ListUsers, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func getTeam(
        _ request: GetTeam, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func listTeams(
        _ request: ListTeams, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func getProject(
        _ request: GetProject, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func listProjects(
        _ request: ListProjects, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func listSections(
        _ request: ListSections, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func getLabel(
        _ request: GetLabel, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func listLabels(
        _ request: ListLabels, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func getField(
        _ request: GetField, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func listFields(
        _ request: ListFields, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

    func listTrash(
        _ request: ListTrash, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) { throw .notFound }

}
