internal import ByteCoding
internal import WorkProtocol

/// The workspaces of the store.
extension WorkspaceGraph {
    /// Makes a workspace, with the caller as its first admin. For operators.
    ///
    /// The key of its gids is `entropy`, which the node sets; the workspace itself appears when the
    /// errand is delivered.
    func createWorkspace(
        _ request: CreateWorkspace, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        try requireDirectory()
        try caller.requireOperator()
        guard let row = row(caller.account, .account), let account = load(Account.self, row) else {
            throw Rejection(.conflict, "A workspace needs a person as its first admin.")
        }
        guard !request.name.isEmpty else { throw .badField("name", "A workspace needs a name.") }
        let ordinal = (indexes.workspaces.keys.max() ?? 0) + 1
        guard ordinal <= Gid.workspaceMax else {
            throw .limit(Int(Gid.workspaceMax), "Workspaces of a store")
        }
        let key = takeEntropy()
        var workspace = Workspace()
        workspace.ordinal = ordinal
        workspace.gid = GidPermutation(workspace: ordinal, key: key).gid(1).rawValue
        workspace.name = request.name
        workspace.emailDomains = request.emailDomains
        workspace.isOrganization = request.isOrganization
        workspace.createdAt = now
        workspace.version = 1
        workspace.external = request.external
        var stored = WorkspaceRow()
        stored.workspace = workspace
        stored.gidKey = key
        put(try allocate(), .workspace, stored)
        var admit = AdmitMember(account)
        admit.role = .admin
        admit.workspace = workspace
        admit.gidKey = key
        try owe(ordinal, admit)
        return Changed(workspace.gid, version: 1)
    }

    /// The random bits the node gave for this command; used once.
    private func takeEntropy() -> UInt64 {
        precondition(entropy != 0, "the node gave the directory no random bits")
        defer { entropy = 0 }
        return entropy
    }

    func listWorkspaces(
        _ request: ListWorkspaces, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        try requireDirectory()
        var answer = WorkspaceList()
        answer.workspaces = workspaces(of: caller.principal)
        answer.encode(into: &writer)
    }

    /// The workspaces that a principal is in, by their ordinals, as they are now. O(workspaces).
    func workspaces(of principal: Principal) -> [Workspace] {
        indexes.workspaces.keys.sorted().compactMap { ordinal in
            guard ordinal != 0, let workspace = peer(ordinal),
                workspace.role(of: principal) != .none
            else { return nil }
            return workspace.ownWorkspace()
        }
    }

    /// What a principal is in a workspace.
    func role(of principal: Principal, in workspace: UInt32) -> Role {
        guard workspace != 0, let workspace = peer(workspace) else { return .none }
        return workspace.role(of: principal)
    }
}
