package import WorkProtocol

/// The rules of who sees what, all of them, in one place (`model.md`, "Who may see and do what"):
/// teams and projects here, tasks and people in the next two files.
///
/// Every command, query, list, count, export and reference asks here; nothing else decides what a
/// caller may see. What a caller has no access to does not exist for it.
extension WorkspaceGraph {
    // MARK: - Teams

    /// Public teams for members, teams they are in for everybody.
    func canSee(team row: UInt32, _ caller: Caller) -> Bool {
        guard let team = indexes.teams[row] else { return false }
        return canSee(team, caller)
    }

    func canSee(_ team: Indexes.TeamFacts, _ caller: Caller) -> Bool {
        if caller.seesEverything || team.members[caller.account] != nil { return true }
        return !caller.isGuest && team.visibility != .secret
    }

    func isMember(ofTeam row: UInt32, _ account: UInt64) -> Bool {
        indexes.teams[row]?.members[account] != nil
    }

    /// Admins of the team, and of the workspace if they can see it.
    func canManage(team row: UInt32, _ caller: Caller) -> Bool {
        guard let team = indexes.teams[row] else { return false }
        return canManage(team, caller)
    }

    func canManage(_ team: Indexes.TeamFacts, _ caller: Caller) -> Bool {
        team.members[caller.account] == true || caller.generalAccess == .admin
            || (caller.isAdmin && canSee(team, caller))
    }

    // MARK: - Projects

    /// The project, if it is there for anybody: neither deleted nor in a deleted team.
    func livingProject(_ row: UInt32) -> Indexes.ProjectFacts? {
        guard let project = indexes.projects[row] else { return nil }
        guard project.team != 0 else { return project }
        guard let team = self.row(project.team, .team), indexes.teams[team] != nil else {
            return nil
        }
        return project
    }

    /// What the caller may do in a project; `.none`: it does not exist for it. O(teams in it).
    func access(project row: UInt32, _ caller: Caller) -> AccessLevel {
        // The role is that of the account's membership; what goes beyond it is not kept.
        guard !caller.seesEverything else {
            return livingProject(row).map { access($0, caller) } ?? .none
        }
        return accessCache.level(of: caller.account, in: row) {
            livingProject(row).map { access($0, caller) } ?? .none
        }
    }

    /// The same for a project that need not be there any more: who could restore it.
    func access(_ project: Indexes.ProjectFacts, _ caller: Caller) -> AccessLevel {
        caller.seesEverything ? caller.generalAccess : personalAccess(project, caller)
    }

    /// The owner is an admin. A person's own entry among the members says what that person may do,
    /// more or less than the others; without one, it is the most of what its teams may and what
    /// the project is open for.
    private func personalAccess(
        _ project: Indexes.ProjectFacts, _ caller: Caller
    ) -> AccessLevel {
        if project.owner == caller.account { return .admin }
        if let own = project.members[caller.account] { return own }
        return max(teamAccess(project, caller.account), openAccess(project, caller))
    }

    /// By being in a team that is in the project.
    private func teamAccess(_ project: Indexes.ProjectFacts, _ account: UInt64) -> AccessLevel {
        var level = AccessLevel.none
        for member in project.teams where member.access > level {
            if let team = row(member.team, .team), isMember(ofTeam: team, account) {
                level = member.access
            }
        }
        return level
    }

    /// By the project being open to the workspace's members or to its team's, guests among them.
    private func openAccess(_ project: Indexes.ProjectFacts, _ caller: Caller) -> AccessLevel {
        switch project.privacy {
        case .publicToWorkspace:
            return !caller.isGuest || isInTeam(of: project, caller) ? project.defaultAccess : .none
        case .privateToTeam:
            return isInTeam(of: project, caller) ? project.defaultAccess : .none
        case .private: return .none
        }
    }

    private func isInTeam(of project: Indexes.ProjectFacts, _ caller: Caller) -> Bool {
        guard let team = row(project.team, .team) else { return false }
        return isMember(ofTeam: team, caller.account)
    }
}

extension AccessLevel: Comparable {
    package static func < (left: AccessLevel, right: AccessLevel) -> Bool {
        left.order < right.order
    }

    /// Its raw value, by means of this module: that of another is a call.
    private var order: UInt8 {
        switch self {
        case .none: 0
        case .viewer: 1
        case .commenter: 2
        case .editor: 3
        case .admin: 4
        }
    }
}
