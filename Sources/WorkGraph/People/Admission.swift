internal import WorkProtocol

/// What the directory tells a workspace: that it exists, who is let in, and what they are called.
extension WorkspaceGraph {
    /// Applies an errand of the directory. Doing one again, or an older one after a newer, changes
    /// nothing: every row remembers the newest errand it had. Only the node may.
    func admitMember(
        _ request: AdmitMember, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        guard caller.principal.isNode else { throw .notFound }
        if ordinal == 0 { return try admitOperator(request, at: now) }
        if let workspace = request.workspace { try found(workspace, key: request.gidKey) }
        guard rows.kind(of: 1) == .workspace else {
            throw Rejection(.conflict, "The workspace's first errand must bring its own row.")
        }
        guard request.account != 0 else { return Changed(gid(1).rawValue) }
        if let person = indexes.people[request.account] { return update(person.row, request) }
        guard request.role != .none else { return Changed(request.account, unchanged: true) }
        return try admit(request, at: now)
    }

    /// Writes row 1, the workspace itself, whose key makes the gids of all others.
    func found(_ workspace: Workspace, key: UInt64) throws(Rejection) {
        guard rows.kind(of: 1) == nil else { return }
        let row = try allocate()
        precondition(row == 1, "the workspace's own row is \(row), not its first")
        var stored = WorkspaceRow()
        stored.workspace = workspace
        stored.gidKey = key
        put(row, .workspace, stored)
    }

    private func admit(_ request: AdmitMember, at now: Int64) throws(Rejection) -> Changed {
        let row = try allocate()
        var member = Membership()
        member.gid = gid(row).rawValue
        member.account = request.account
        member.role = request.role
        member.isActive = true
        member.isService = request.isService
        member.createdAt = now
        copy(request, to: &member)
        member.version = 1
        put(row, .membership, member)
        return Changed(request.account, version: 1)
    }

    private func update(_ row: UInt32, _ request: AdmitMember) -> Changed {
        guard let before = load(Membership.self, row),
            request.errand == 0 || request.errand > before.errand
        else { return Changed(request.account, unchanged: true) }
        var member = before
        copy(request, to: &member)
        if request.readmit, !member.isActive, request.role != .none {
            member.isActive = true
            member.role = request.role
        }
        guard member != before else {
            return Changed(request.account, version: member.version, unchanged: true)
        }
        member.version &+= 1
        put(row, .membership, member)
        return Changed(request.account, version: member.version)
    }

    private func copy(_ request: AdmitMember, to member: inout Membership) {
        member.name = request.name
        member.email = request.email
        member.timeZone = request.timeZone
        member.isDisabled = !request.isActive
        if let external = request.external { member.external = external }
        member.errand = request.errand
    }
}
