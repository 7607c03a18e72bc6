internal import ByteCoding
internal import WorkProtocol

/// The workspace's own row.
extension WorkspaceGraph {
    /// The workspace itself; nil in one that has had no errand yet.
    func ownWorkspace() -> Workspace? { load(WorkspaceRow.self, 1)?.workspace }

    func getWorkspace(
        _ request: GetWorkspace, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        guard ordinal != 0, let workspace = ownWorkspace() else { throw .notFound }
        workspace.encode(into: &writer)
    }

    /// Changes the name or the e-mail domains. For admins.
    func updateWorkspace(
        _ request: UpdateWorkspace, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        guard ordinal != 0, var stored = load(WorkspaceRow.self, 1),
            let before = stored.workspace
        else { throw .notFound }
        try caller.requireAdmin()
        guard request.ifVersion == 0 || request.ifVersion == before.version else {
            throw .version("workspace", before.gid, is: before.version)
        }
        var workspace = before
        if let name = request.name {
            guard !name.isEmpty else { throw .badField("name", "A workspace needs a name.") }
            workspace.name = name
        }
        if request.setEmailDomains { workspace.emailDomains = request.emailDomains }
        guard workspace != before else {
            return Changed(before.gid, version: before.version, unchanged: true)
        }
        workspace.version &+= 1
        stored.workspace = workspace
        put(1, .workspace, stored)
        return Changed(workspace.gid, version: workspace.version)
    }
}
