internal import WorkProtocol

/// A project that a command is changing: what it was and what it becomes.
struct ProjectDraft {
    let row: UInt32
    private let stored: ProjectRow
    let before: Project
    var project: Project
    /// What the caller may do in it.
    let level: AccessLevel

    init(row: UInt32, stored: ProjectRow, project: Project, level: AccessLevel) {
        self.row = row
        self.stored = stored
        before = project
        self.project = project
        self.level = level
    }

    var isChanged: Bool { project != before }

    /// Whether something changed that every reader sees; that is what the version counts. Members,
    /// team and fields may be hidden from a reader, who must not learn of them by a number.
    fileprivate var isCounted: Bool {
        var other = project
        other.members = before.members
        other.team = before.team
        other.fields = before.fields
        other.collaborators = before.collaborators
        return other != before
    }

    fileprivate var image: ProjectRow {
        var image = stored
        image.project = project
        return image
    }
}

extension WorkspaceGraph {
    /// A project that a request names, with at least `level` for the caller, at the version asked
    /// for.
    func draft(
        project gid: UInt64, needs level: AccessLevel, _ caller: Caller, ifVersion: UInt32 = 0
    ) throws(Rejection) -> ProjectDraft {
        guard let row = row(gid, .project) else { throw .notFound }
        let access = access(project: row, caller)
        guard access > .none, let stored = load(ProjectRow.self, row),
            let project = stored.project
        else { throw .notFound }
        guard access >= level else { throw Self.tooLow(level, "project") }
        guard ifVersion == 0 || ifVersion == project.version else {
            throw .version("project", gid, is: project.version)
        }
        return ProjectDraft(row: row, stored: stored, project: project, level: access)
    }

    /// Writes a draft, if anything changed.
    func save(_ draft: consuming ProjectDraft, at now: Int64) -> Changed {
        guard draft.isChanged else {
            return Changed(draft.project.gid, version: draft.project.version, unchanged: true)
        }
        if draft.isCounted {
            draft.project.version &+= 1
            draft.project.modifiedAt = now
        }
        put(draft.row, .project, draft.image)
        return Changed(draft.project.gid, version: draft.project.version)
    }
}
