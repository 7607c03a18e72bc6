internal import ByteCoding
internal import WorkProtocol

/// The people of a workspace, as its members see them.
extension WorkspaceGraph {
    /// Changes somebody's role, removes them or takes them back in. For admins.
    ///
    /// Nothing of theirs is unassigned: the answer's `gids` are their open tasks, as far as the
    /// admin may see them, at most `GraphLimits.pageMax`.
    func updateMembership(
        _ request: UpdateMembership, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        try caller.requireAdmin()
        guard let person = indexes.people[request.account],
            let before = load(Membership.self, person.row)
        else { throw .notFound }
        guard request.ifVersion == 0 || request.ifVersion == before.version else {
            throw .version("membership", request.account, is: before.version)
        }
        var member = before
        if let role = request.role {
            guard role != .none else {
                throw .badField("role", "Guest, member or admin; to remove, set is_active.")
            }
            guard !member.isService else {
                throw .badField("role", "A service account has no role; its token has scopes.")
            }
            member.role = role
        }
        if let isActive = request.isActive { member.isActive = isActive }
        guard member != before else {
            return Changed(member.account, version: member.version, unchanged: true)
        }
        try requireAnotherAdmin(than: before, becoming: member)
        member.version &+= 1
        put(person.row, .membership, member)
        var changed = Changed(member.account, version: member.version)
        if !member.isActive { changed.gids = openTasks(of: member.account, caller) }
        return changed
    }

    /// A workspace without an admin could never get one again.
    private func requireAnotherAdmin(
        than before: Membership, becoming after: Membership
    ) throws(Rejection) {
        guard before.role == .admin, before.isActive, after.role != .admin || !after.isActive else {
            return
        }
        // Whether there is another does not depend on the order they are looked at.
        let another = indexes.people.contains { account, person in
            account != before.account && person.role == .admin && person.isActive
        }
        guard another else {
            throw Rejection(.conflict, "This is the last admin; make somebody else one first.")
        }
    }

    private func openTasks(of account: UInt64, _ caller: Caller) -> [UInt64] {
        var tasks: [UInt64] = []
        for bucket in Bucket.allCases {
            indexes.assigned[Indexes.Assigned(account: account, bucket: bucket).number]?
                .forEach { entry in
                    if let keys = taskKeys(entry.row), !keys.completed,
                        access(task: entry.row, keys, caller) > .none
                    {
                        tasks.append(gid(entry.row).rawValue)
                    }
                    return tasks.count < GraphLimits.pageMax
                }
        }
        return Array(tasks.prefix(GraphLimits.pageMax))
    }

    // MARK: - Reading

    func getUser(
        _ request: GetUser, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        guard let account = person(named: request.user, caller),
            canSee(person: account, caller), let person = indexes.people[account],
            let member = load(Membership.self, person.row)
        else { throw .notFound }
        Self.shown(member).encode(into: &writer)
    }

    /// The person that `text` names: `me`, a gid, an e-mail address or `external:ID`. Whether the
    /// caller may see it is not asked here.
    private func person(named text: String, _ caller: Caller) -> UInt64? {
        if text == "me" { return caller.account }
        if let gid = Gid(text) { return gid.rawValue }
        guard let external = ExternalName(text) else {
            return indexes.peopleByEmail[EmailAddress.folded(text)]
        }
        return rows(external, .membership).lazy.compactMap { row in
            self.load(Membership.self, row)
        }.first {
            $0.external?.gid == external.gid && self.canSee(person: $0.account, caller)
        }?.account
    }

    /// A membership as readers see it: active only if the account is, without our own notes.
    static func shown(_ member: Membership) -> Membership {
        var member = member
        member.isActive = member.isActive && !member.isDisabled
        member.errand = 0
        member.day = 0
        return member
    }

    func listUsers(
        _ request: ListUsers, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        let prefix = request.prefix.lowercased()
        let page = try page(
            of: indexes.memberships, limit: request.limit, cursor: request.cursor
        ) { row in
            guard let member = load(Membership.self, row),
                canSee(person: member.account, caller)
            else { return false }
            let isActive = member.isActive && !member.isDisabled
            guard isActive || request.withInactive else { return false }
            return prefix.isEmpty || member.name.lowercased().hasPrefix(prefix)
                || member.email.lowercased().hasPrefix(prefix)
        }
        var answer = UserPage()
        answer.users = page.rows.compactMap { load(Membership.self, $0).map(Self.shown) }
        answer.next = page.next
        answer.encode(into: &writer)
    }
}
