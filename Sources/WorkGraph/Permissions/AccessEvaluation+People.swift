internal import WorkProtocol

/// Who may know of whom, and who may see labels and fields.
extension WorkspaceGraph {
    /// Whether a caller may know that a person is here. Members know everybody; guests know those
    /// in their teams, those in projects they see, and those who are assigned or follow a task they
    /// see.
    func canSee(person account: UInt64, _ caller: Caller) -> Bool {
        guard indexes.people.has(account) else { return false }
        if !caller.isGuest || caller.account == account { return true }
        return acquaintances(of: caller).contains(account) || shareTask(with: account, caller)
    }

    /// Everybody in the teams a guest is in and in the projects it sees. O(teams and projects),
    /// once a request.
    private func acquaintances(of caller: Caller) -> Set<UInt64> {
        if let known = caller.circle?.people { return known }
        // Made in any order, and only asked whether somebody is in it: the order never shows.
        var people: Set<UInt64> = []
        for team in indexes.teams.values where team.members[caller.account] != nil {
            people.formUnion(team.members.keys)
        }
        for row in indexes.projects.keys where access(project: row, caller) > .none {
            guard let project = livingProject(row) else { continue }
            people.formUnion(project.members.keys)
            people.insert(project.owner)
            for member in project.teams {
                guard let team = self.row(member.team, .team),
                    let members = indexes.teams[team]?.members
                else { continue }
                people.formUnion(members.keys)
            }
        }
        caller.circle?.people = people
        return people
    }

    /// Whether somebody is assigned or follows a task that the caller sees. O(tasks of theirs).
    private func shareTask(with account: UInt64, _ caller: Caller) -> Bool {
        var shared = false
        func look(_ entry: RankedList.Entry) -> Bool {
            self.look(at: entry.row)
            shared = access(task: entry.row, caller) > .none
            return !shared
        }
        indexes.following[account]?.forEach(look)
        for bucket in Bucket.allCases where !shared {
            indexes.assigned[Indexes.Assigned(account: account, bucket: bucket).number]?.forEach(
                look)
        }
        return shared
    }

    // MARK: - Labels and fields

    /// Members see all labels of the workspace, guests those on tasks they see.
    func canSee(label row: UInt32, _ caller: Caller) -> Bool {
        guard rows.kind(of: row) == .label else { return false }
        guard caller.isGuest else { return true }
        var seen = false
        indexes.tasksOfLabel[row]?.forEach { entry in
            look(at: entry.row)
            seen = access(task: entry.row, caller) > .none
            return !seen
        }
        return seen
    }

    /// Members see all fields of the workspace, guests those of projects they see.
    func canSee(field row: UInt32, _ caller: Caller) -> Bool {
        guard rows.kind(of: row) == .field else { return false }
        guard caller.isGuest else { return true }
        let field = gid(row).rawValue
        // Whether one is there does not depend on the order they are looked at.
        return indexes.projects.contains { project, facts in
            facts.fields.contains(field) && access(project: project, caller) > .none
        }
    }
}
