internal import ByteCoding
internal import WorkProtocol

/// What was deleted and can still be brought back, by those who could delete it.
extension WorkspaceGraph {
    /// Milliseconds that something stays restorable.
    private static let keep = Int64(GraphLimits.trashDays) * 24 * 3600 * 1000

    /// Lists what the caller can restore, oldest first, as of the log's time.
    func listTrash(
        _ request: ListTrash, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        var deleted: [UInt32: TrashEntry] = [:]
        let page = try page(
            of: indexes.trash, limit: request.limit, cursor: request.cursor
        ) { row in
            guard let entry = trashed(row, caller, at: time) else { return false }
            deleted[row] = entry
            return true
        }
        var answer = TrashPage()
        answer.entries = page.rows.compactMap { deleted[$0] }
        answer.next = page.next
        answer.encode(into: &writer)
    }

    /// A row of the trash, if the caller can restore it now.
    private func trashed(_ row: UInt32, _ caller: Caller, at now: Int64) -> TrashEntry? {
        var entry = TrashEntry()
        entry.gid = gid(row).rawValue
        switch rows.kind(of: row) {
        case .task:
            guard let task = load(TaskRow.self, row), let keys = taskKeys(row),
                accessAsIfAlive(keys, caller) >= .editor
            else { return nil }
            entry.kind = .task
            entry.name = task.name
            entry.deletedAt = task.deletedAt
        case .project:
            guard let project = load(ProjectRow.self, row)?.project,
                isInLivingTeam(project), access(Indexes.ProjectFacts(project), caller) >= .admin
            else { return nil }
            entry.kind = .project
            entry.name = project.name
            entry.deletedAt = project.deletedAt
        case .team:
            guard let team = load(Team.self, row), canManage(Indexes.TeamFacts(team), caller)
            else { return nil }
            entry.kind = .team
            entry.name = team.name
            entry.deletedAt = team.deletedAt
        default: return nil
        }
        return entry.deletedAt != 0 && now - entry.deletedAt <= Self.keep ? entry : nil
    }

    /// A project of a team in the trash is in the trash with it.
    func isInLivingTeam(_ project: Project) -> Bool {
        guard project.team != 0 else { return true }
        return row(project.team, .team).map { indexes.teams[$0] != nil } ?? false
    }

    /// Brings something back to the exact place it had.
    func restore(
        _ request: Restore, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let gid = Gid(request.gid)
        guard gid.isValid, gid.workspace == ordinal, case let row = gids.row(gid),
            let entry = trashed(row, caller, at: now)
        else { throw .notFound }
        switch entry.kind {
        case .team: return restoreTeam(row)
        case .project: return restoreProject(row)
        default: return try restoreTask(row, caller)
        }
    }

    private func restoreTeam(_ row: UInt32) -> Changed {
        guard var team = load(Team.self, row) else { return Changed() }
        team.deletedAt = 0
        team.version &+= 1
        put(row, .team, team)
        return Changed(team.gid, version: team.version)
    }

    private func restoreProject(_ row: UInt32) -> Changed {
        guard var stored = load(ProjectRow.self, row), var project = stored.project else {
            return Changed()
        }
        project.deletedAt = 0
        project.version &+= 1
        stored.project = project
        put(row, .project, stored)
        return Changed(project.gid, version: project.version)
    }

    private func restoreTask(_ row: UInt32, _ caller: Caller) throws(Rejection) -> Changed {
        guard var task = load(TaskRow.self, row) else { throw .notFound }
        task.deletedAt = 0
        // A section that was deleted since gives its place to the project's first.
        task.placements = task.placements.map { placement in
            var placement = placement
            if rows.kind(of: placement.section) != .section,
                let first = indexes.sectionsOfProject[placement.project]?.first
            {
                placement.section = first.row
            }
            return placement
        }
        task.version &+= 1
        try transact { () throws(Rejection) in
            put(row, .task, task)
            guard let keys = taskKeys(row), isAlive(keys) else {
                throw Rejection(
                    .conflict, "What it is in was deleted as well; restore that first.")
            }
            // What it hangs under may hang deeper by now.
            if keys.parent != 0 { try requireNoCircle(of: row, under: keys.parent) }
        }
        return Changed(task.gid, version: task.version)
    }
}
