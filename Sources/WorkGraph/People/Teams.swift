internal import ByteCoding
internal import WorkProtocol

/// Teams of an organization.
extension WorkspaceGraph {
    /// Makes a team, with the caller as its first member and admin.
    func createTeam(
        _ request: CreateTeam, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        try caller.requireMember()
        guard let workspace = ownWorkspace(), workspace.isOrganization else {
            throw Rejection(.conflict, "Only organizations have teams.")
        }
        guard !request.name.isEmpty else { throw .badField("name", "A team needs a name.") }
        var team = Team()
        team.name = request.name
        team.description = request.description
        team.visibility = request.visibility
        team.external = request.external
        return try add(team, caller, at: now)
    }

    /// Writes a new team.
    func add(_ team: Team, _ caller: Caller, at now: Int64) throws(Rejection) -> Changed {
        var team = team
        let row = try allocate()
        team.gid = gid(row).rawValue
        team.version = 1
        team.createdAt = now
        if indexes.people[caller.account] != nil {
            var member = TeamMember()
            member.account = caller.account
            member.isAdmin = true
            team.members = [member]
        }
        put(row, .team, team)
        return Changed(team.gid, version: 1)
    }

    /// A team the caller sees, and manages if it must; deleted ones are not there.
    private func team(
        _ gid: UInt64, _ caller: Caller, toManage: Bool = true
    ) throws(Rejection) -> (row: UInt32, team: Team) {
        guard let row = row(gid, .team), canSee(team: row, caller),
            let team = load(Team.self, row)
        else { throw .notFound }
        guard !toManage || canManage(team: row, caller) else {
            throw Rejection(.forbidden, "Only an admin of the team may.")
        }
        return (row, team)
    }

    func updateTeam(
        _ request: UpdateTeam, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let (row, before) = try team(request.team, caller)
        guard request.ifVersion == 0 || request.ifVersion == before.version else {
            throw .version("team", before.gid, is: before.version)
        }
        var team = before
        if let name = request.name {
            guard !name.isEmpty else { throw .badField("name", "A team needs a name.") }
            team.name = name
        }
        if let description = request.description { team.description = description }
        if let visibility = request.visibility { team.visibility = visibility }
        return rewrite(team, before, row)
    }

    private func rewrite(_ team: Team, _ before: Team, _ row: UInt32) -> Changed {
        guard team != before else {
            return Changed(team.gid, version: team.version, unchanged: true)
        }
        var team = team
        team.version &+= 1
        put(row, .team, team)
        return Changed(team.gid, version: team.version)
    }

    /// Puts a team in the trash. Its projects vanish with it.
    func deleteTeam(
        _ request: DeleteTeam, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let (row, before) = try team(request.team, caller)
        guard request.ifVersion == 0 || request.ifVersion == before.version else {
            throw .version("team", before.gid, is: before.version)
        }
        var team = before
        team.deletedAt = now
        return rewrite(team, before, row)
    }

    // MARK: - Members

    /// Lets somebody into a team, or changes what they are in it. Its admins may; members of the
    /// workspace may join a public team themselves.
    func setTeamMember(
        _ request: SetTeamMember, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let (row, before) = try team(request.team, caller, toManage: false)
        let joins =
            request.account == caller.account && !request.isAdmin && !caller.isGuest
            && before.visibility == .public && !isMember(ofTeam: row, caller.account)
        guard joins || canManage(team: row, caller) else {
            throw Rejection(.forbidden, "Only an admin of the team may.")
        }
        try requirePerson(request.account, "account", caller)
        var team = before
        if let index = team.members.firstIndex(where: { $0.account == request.account }) {
            team.members[index].isAdmin = request.isAdmin
        } else {
            guard team.members.count < GraphLimits.membersPerTeam else {
                throw .limit(GraphLimits.membersPerTeam, "Members of a team")
            }
            var member = TeamMember()
            member.account = request.account
            member.isAdmin = request.isAdmin
            team.members.append(member)
        }
        try Self.requireTeamAdmin(team, before)
        return rewrite(team, before, row)
    }

    /// Takes somebody out of a team: its admins anybody, everybody themselves.
    func removeTeamMember(
        _ request: RemoveTeamMember, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let (row, before) = try team(request.team, caller, toManage: false)
        guard request.account == caller.account || canManage(team: row, caller) else {
            throw Rejection(.forbidden, "Only an admin of the team may.")
        }
        var team = before
        team.members.removeAll { $0.account == request.account }
        try Self.requireTeamAdmin(team, before)
        return rewrite(team, before, row)
    }

    /// A secret team that has members but no admin could be managed by nobody.
    private static func requireTeamAdmin(_ team: Team, _ before: Team) throws(Rejection) {
        guard before.members.contains(where: \.isAdmin), !team.members.isEmpty,
            !team.members.contains(where: \.isAdmin)
        else { return }
        throw Rejection(.conflict, "This is the team's last admin; make somebody else one first.")
    }

    // MARK: - Reading

    func getTeam(
        _ request: GetTeam, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        let (_, team) = try team(request.team, caller, toManage: false)
        shown(team, caller).encode(into: &writer)
    }

    /// A team as the caller sees it: with the members it may know of.
    private func shown(_ team: Team, _ caller: Caller) -> Team {
        var team = team
        team.members.removeAll { !canSee(person: $0.account, caller) }
        return team
    }

    func listTeams(
        _ request: ListTeams, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        let page = try page(
            of: indexes.teamList, limit: request.limit, cursor: request.cursor
        ) { canSee(team: $0, caller) }
        var answer = TeamPage()
        answer.teams = page.rows.compactMap { load(Team.self, $0).map { shown($0, caller) } }
        answer.next = page.next
        answer.encode(into: &writer)
    }
}
