package import WorkProtocol

/// The rules of who sees what, all of them, in one place (`model.md`, "Who may see and do what").
///
/// Every command, query, list, count, export and reference asks here; nothing else decides what a
/// caller may see. What a caller has no access to does not exist for it.
extension WorkspaceGraph {
    // MARK: - Teams

    func canSee(team row: UInt32, _ caller: Caller) -> Bool {
        guard let team = indexes.teams[row] else { return false }
        if caller.seesEverything || team.members[caller.account] != nil { return true }
        return !caller.isGuest && team.visibility != .secret
    }

    func isMember(ofTeam row: UInt32, _ account: UInt64) -> Bool {
        indexes.teams[row]?.members[account] != nil
    }

    /// Admins of the team, and of the workspace if they can see it.
    func canManage(team row: UInt32, _ caller: Caller) -> Bool {
        guard let team = indexes.teams[row] else { return false }
        return team.members[caller.account] == true || (caller.isAdmin && canSee(team: row, caller))
    }

    // MARK: - Projects

    /// What the caller may do in a project; `.none`: it does not exist for it.
    func access(project row: UInt32, _ caller: Caller) -> AccessLevel {
        guard let project = indexes.projects[row] else { return .none }
        if caller.principal.isNode { return .admin }
        var level = membershipAccess(project, caller.account)
        if project.owner == caller.account { level = .admin }
        if level == .none { level = openAccess(project, caller) }
        if caller.principal.isService {
            // Reads all of its organization, writes only what its scope allows.
            level = max(level, caller.principal.scopes.contains(.write) ? .admin : .viewer)
        }
        return level
    }

    /// By being in it, or being in a team that is in it.
    private func membershipAccess(
        _ project: Indexes.ProjectFacts, _ account: UInt64
    ) -> AccessLevel {
        var level = project.members[account] ?? .none
        for (member, access) in project.members where access > level {
            // A maximum does not depend on the order of iteration.
            if let team = row(member, .team), isMember(ofTeam: team, account) { level = access }
        }
        return level
    }

    /// By the project being open to the workspace or to the caller's team.
    private func openAccess(_ project: Indexes.ProjectFacts, _ caller: Caller) -> AccessLevel {
        let inTeam = row(project.team, .team).map { isMember(ofTeam: $0, caller.account) } ?? false
        switch project.privacy {
        case .publicToWorkspace: return inTeam || !caller.isGuest ? project.defaultAccess : .none
        case .privateToTeam: return inTeam ? project.defaultAccess : .none
        case .private: return .none
        }
    }

    // MARK: - Tasks

    /// What the caller may do with a task; `.none`: it does not exist for it.
    ///
    /// The most of: its access to a project the task is in; editing as the assignee or the creator;
    /// as a collaborator, commenting (editing where the task is in no project); viewing where it was
    /// made public; its access to the parent. O(depth × projects).
    func access(task row: UInt32, _ caller: Caller) -> AccessLevel {
        guard let keys = taskKeys(row) else { return .none }
        return access(task: row, keys, caller)
    }

    func access(task row: UInt32, _ keys: TaskKeys, _ caller: Caller) -> AccessLevel {
        guard isAlive(keys) else { return .none }
        var level = AccessLevel.none
        var current = keys
        for _ in 0...GraphLimits.subtaskDepth {
            level = max(level, ownAccess(current, caller))
            if level == .admin || current.parent == 0 { break }
            guard let parent = taskKeys(current.parent) else { break }
            current = parent
        }
        return level
    }

    /// By the task itself, without its parent.
    private func ownAccess(_ keys: TaskKeys, _ caller: Caller) -> AccessLevel {
        if caller.principal.isNode { return .admin }
        var level = AccessLevel.none
        for placement in keys.placements {
            level = max(level, access(project: placement.project, caller))
        }
        if caller.principal.isService {
            return max(level, caller.principal.scopes.contains(.write) ? .admin : .viewer)
        }
        if keys.assignee == caller.account { level = max(level, .editor) }
        if keys.placements.isEmpty, keys.createdBy == caller.account { level = max(level, .editor) }
        if level < .editor, keys.collaborators.contains(caller.account) {
            level = max(level, keys.placements.isEmpty ? .editor : .commenter)
        }
        if keys.isPublic, !caller.isGuest { level = max(level, .editor) }
        return level
    }

    func taskKeys(_ row: UInt32) -> TaskKeys? {
        let keys: TaskKeys?? = rows.withRow(row) { kind, bytes in
            guard kind == .task else { return nil }
            do { return try TaskKeys(decoding: bytes) } catch {
                preconditionFailure("task row \(row) of workspace \(ordinal) is damaged: \(error)")
            }
        }
        return keys ?? nil
    }

    /// Whether the task is there for anybody: not deleted, nor under something deleted.
    func isAlive(_ keys: TaskKeys) -> Bool {
        var current = keys
        for _ in 0...GraphLimits.subtaskDepth {
            if current.isDeleted { return false }
            let hasProject = current.placements.contains { indexes.projects[$0.project] != nil }
            if !current.placements.isEmpty, !hasProject, current.parent == 0 { return false }
            guard current.parent != 0 else { return true }
            guard let parent = taskKeys(current.parent) else { return false }
            current = parent
        }
        return true
    }

    // MARK: - People

    /// Whether a caller may know that a person is here: members know everybody, guests those who
    /// share a project, a team or a task with them.
    func canSee(person account: UInt64, _ caller: Caller) -> Bool {
        guard indexes.people[account] != nil else { return false }
        if !caller.isGuest || caller.account == account { return true }
        return acquaintances(of: caller).contains(account)
    }

    /// Everybody a guest shares something with. O(what the guest sees).
    func acquaintances(of caller: Caller) -> Set<UInt64> {
        var people: Set<UInt64> = [caller.account]
        for team in indexes.teams.values where team.members[caller.account] != nil {
            people.formUnion(team.members.keys)
        }
        for (row, project) in indexes.projects where access(project: row, caller) > .none {
            people.formUnion(project.members.keys)
            people.insert(project.owner)
        }
        indexes.following[caller.account]?.forEach { entry in
            if let keys = taskKeys(entry.row), isAlive(keys) {
                people.formUnion(keys.collaborators)
                people.insert(keys.assignee)
                people.insert(keys.createdBy)
            }
            return true
        }
        return people
    }
}

extension AccessLevel: Comparable {
    package static func < (left: AccessLevel, right: AccessLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}
