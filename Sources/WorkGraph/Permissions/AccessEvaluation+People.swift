internal import WorkProtocol

/// Who may know of whom, and who may see labels and fields.
extension WorkspaceGraph {
    /// Whether a caller may know that a person is here: members know everybody, guests those who
    /// share a project, a team or a task with them.
    func canSee(person account: UInt64, _ caller: Caller) -> Bool {
        guard indexes.people[account] != nil else { return false }
        if !caller.isGuest || caller.account == account { return true }
        if let people = caller.circle.people { return people.contains(account) }
        let people = acquaintances(of: caller)
        caller.circle.people = people
        return people.contains(account)
    }

    /// Everybody a guest shares a team, a project, or a task with: one it is assigned or follows,
    /// or below one of those. O(what the guest sees).
    func acquaintances(of caller: Caller) -> Set<UInt64> {
        // Sets are made here, and only asked whether somebody is in them: their order never shows.
        var people: Set<UInt64> = [caller.account]
        for team in indexes.teams.values where team.members[caller.account] != nil {
            people.formUnion(team.members.keys)
        }
        for row in indexes.projects.keys where access(project: row, caller) > .none {
            guard let project = livingProject(row) else { continue }
            people.formUnion(project.members.keys)
            people.insert(project.owner)
            for member in project.teams {
                guard let team = self.row(member.team, .team) else { continue }
                people.formUnion(indexes.teams[team]?.members.keys.map { $0 } ?? [])
            }
        }
        for row in ownTasks(of: caller) { meet(everybodyOn: row, &people) }
        return people
    }

    /// Tasks that a person is assigned or follows.
    private func ownTasks(of caller: Caller) -> [UInt32] {
        var tasks: [UInt32] = []
        indexes.following[caller.account]?.forEach { entry in
            tasks.append(entry.row)
            return true
        }
        for bucket in Bucket.allCases {
            indexes.assigned[Indexes.Assigned(account: caller.account, bucket: bucket)]?
                .forEach { entry in
                    tasks.append(entry.row)
                    return true
                }
        }
        return tasks
    }

    private func meet(everybodyOn task: UInt32, _ people: inout Set<UInt64>) {
        var pending = [task]
        while let row = pending.popLast() {
            guard let keys = taskKeys(row), isAlive(keys) else { continue }
            people.formUnion(keys.collaborators)
            people.insert(keys.assignee)
            people.insert(keys.createdBy)
            indexes.subtasks[row]?.forEach { entry in
                pending.append(entry.row)
                return true
            }
        }
    }

    // MARK: - Labels and fields

    /// Members see all labels of the workspace, guests those on tasks they see.
    func canSee(label row: UInt32, _ caller: Caller) -> Bool {
        guard rows.kind(of: row) == .label else { return false }
        guard caller.isGuest else { return true }
        var seen = false
        indexes.tasksOfLabel[row]?.forEach { entry in
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
