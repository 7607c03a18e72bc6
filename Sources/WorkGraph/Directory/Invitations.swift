internal import WorkProtocol

/// How people get into workspaces: invited one by one, or brought by an import.
///
/// Both are commands of the directory, since that is where accounts are, and both ask the workspace
/// (`peer`) whether the caller may. A client sends `Invite` to the workspace;
/// `Shard.address(_:sentTo:)` turns it into the directory's.
extension WorkspaceGraph {
    /// Whether the caller may invite: members of the workspace may invite guests and members, its
    /// admins anybody, and take back who was removed. Asked of the workspace.
    func checkInvitation(
        _ request: Invite, _ principal: Principal, of account: UInt64?
    ) throws(Rejection) {
        let caller = try caller(principal)
        try caller.requireMember()
        try caller.require(.write, "write")
        guard !principal.isService else {
            throw Rejection(.forbidden, "Service accounts invite nobody.")
        }
        guard request.role != .none else {
            throw .badField("role", "As what: guest, member or admin.")
        }
        if request.role == .admin { try caller.requireAdmin() }
        if let account, let person = indexes.people[account], !person.isActive {
            try caller.requireAdmin()
        }
        guard indexes.memberships.count < GraphLimits.membersPerWorkspace else {
            throw .limit(GraphLimits.membersPerWorkspace, "Members of a workspace")
        }
    }

    /// Makes an account for an e-mail address, unless there is one, and lets it into a workspace.
    /// Who is in it already stays what it is.
    func invite(
        _ request: Invite, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        try requireDirectory()
        guard let workspace = peer(request.workspace), request.workspace != 0 else {
            throw .notFound
        }
        let known = account(email: request.email)
        try workspace.checkInvitation(request, caller.principal, of: known?.gid)
        guard EmailAddress.isPlausible(request.email) else {
            throw .badField("email", "This is no e-mail address.")
        }
        var account = Account()
        if let known {
            if let person = workspace.indexes.people[known.gid], person.isActive {
                return Changed(known.gid, unchanged: true)
            }
            account = known
        } else {
            account.email = request.email
            account.name = request.name.isEmpty ? Self.localPart(request.email) : request.name
            account = try makeAccount(account, at: now)
        }
        var admit = AdmitMember(account)
        admit.role = request.role
        admit.readmit = true
        try owe(request.workspace, admit)
        return Changed(account.gid)
    }

    func account(email: String) -> Account? {
        guard !email.isEmpty else { return nil }
        return indexes.accountsByEmail[EmailAddress.folded(email)].flatMap {
            load(Account.self, $0)
        }
    }

    private static func localPart(_ email: String) -> String {
        email.split(separator: "@").first.map(String.init) ?? email
    }

    // MARK: - Imports

    /// Finds or makes the people an import brings: by the external id they have in that workspace,
    /// by e-mail address, else new. They become members of it; who was removed stays removed. The
    /// answer's `gids` are their accounts, in order.
    ///
    /// External ids are looked up in that workspace alone: another one's people are nobody's to
    /// find.
    func ensurePeople(
        _ request: EnsurePeople, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        try requireDirectory()
        try caller.require(.import, "import")
        guard request.workspace != 0, let workspace = peer(request.workspace) else {
            throw .notFound
        }
        if !caller.principal.isNode {
            try workspace.caller(caller.principal).requireMember()
        }
        guard
            workspace.indexes.memberships.count + request.people.count
                <= GraphLimits.membersPerWorkspace
        else { throw .limit(GraphLimits.membersPerWorkspace, "Members of a workspace") }
        var arrivals = Arrivals(pendingErrands, of: request.workspace)
        var changed = Changed(0, unchanged: true)
        for (index, person) in request.people.enumerated() {
            let gid = try ensure(
                person, "people[\(index)]", in: workspace, &arrivals, &changed, at: now)
            changed.gids.append(gid)
        }
        return changed
    }

    /// People on their way to a workspace, whom it does not know yet.
    private struct Arrivals {
        var accounts: Set<UInt64> = []
        var byExternal: [External: UInt64] = [:]

        init(
            _ errands: [(row: UInt32, workspace: UInt32, admit: AdmitMember)], of workspace: UInt32
        ) {
            for errand in errands where errand.workspace == workspace { add(errand.admit) }
        }

        mutating func add(_ admit: AdmitMember) {
            if admit.role != .none { accounts.insert(admit.account) }
            if let external = admit.external { byExternal[external] = admit.account }
        }
    }

    private func ensure(
        _ person: Account, _ field: String, in workspace: WorkspaceGraph,
        _ arrivals: inout Arrivals, _ changed: inout Changed, at now: Int64
    ) throws(Rejection) -> UInt64 {
        guard person.email.isEmpty || EmailAddress.isPlausible(person.email) else {
            throw .badField("\(field).email", "This is no e-mail address.")
        }
        guard !person.email.isEmpty || person.external?.gid.isEmpty == false else {
            throw .badField(field, "An e-mail address or an external id is needed to find it by.")
        }
        if let external = person.external, !external.gid.isEmpty {
            if let known = arrivals.byExternal[external] { return known }
            if let known = workspace.member(external: external) { return known }
        }
        var account = Account()
        if let known = self.account(email: person.email) {
            account = known
        } else {
            account.name = person.name
            account.email = person.email
            account.timeZone = person.timeZone
            account = try makeAccount(account, at: now)
        }
        let isKnown =
            workspace.indexes.people[account.gid] != nil || arrivals.accounts.contains(account.gid)
        // The id that one source knows somebody by is not that of another.
        guard !isKnown || (person.external != nil && !workspace.hasExternal(account.gid)) else {
            return account.gid
        }
        var admit = AdmitMember(account)
        admit.role = isKnown ? .none : .member
        admit.external = person.external
        try owe(workspace.ordinal, admit)
        arrivals.add(admit)
        changed.unchanged = false
        return account.gid
    }

    private func hasExternal(_ account: UInt64) -> Bool {
        guard let person = indexes.people[account] else { return false }
        return load(Membership.self, person.row)?.external != nil
    }

    /// The account of a member with this external id.
    private func member(external: External) -> UInt64? {
        let name = ExternalName(gid: external.gid, ordinal: external.ordinal)
        return rows(name, .membership).lazy.compactMap { self.load(Membership.self, $0) }
            .first { $0.external?.gid == external.gid && $0.external?.ordinal == external.ordinal }?
            .account
    }
}
