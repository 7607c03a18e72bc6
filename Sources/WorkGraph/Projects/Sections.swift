internal import ByteCoding
internal import WorkProtocol

/// Sections: a list's headings and a board's columns.
extension WorkspaceGraph {
    func createSection(
        _ request: CreateSection, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let draft = try draft(project: request.project, needs: .editor, caller)
        let spot = try spot(before: request.before, after: request.after, in: draft.row)
        if let external = request.external,
            section(ExternalName(gid: external.gid, ordinal: external.ordinal), in: draft.row)
                != nil
        {
            throw Rejection(
                .alreadyExists, "The project has a section with this external id already.")
        }
        let row = try addSection(
            request.name, to: draft.row, at: spot, external: request.external, now)
        return Changed(gid(row).rawValue, version: 1)
    }

    /// Writes a new section of a project.
    func addSection(
        _ name: String, to project: UInt32, at spot: Spot, external: External?, _ now: Int64
    ) throws(Rejection) -> UInt32 {
        let count = indexes.sectionsOfProject[project]?.count ?? 0
        guard count < GraphLimits.sectionsPerProject else {
            throw .limit(GraphLimits.sectionsPerProject, "Sections of a project")
        }
        let row = try allocate()
        var section = Section()
        section.gid = gid(row).rawValue
        section.name = name
        section.project = UInt64(project)
        section.createdAt = now
        section.external = external
        section.version = 1
        var stored = SectionRow()
        stored.section = section
        stored.rank = rank(ofSection: row, in: project, at: spot)
        put(row, .section, stored)
        return row
    }

    /// A place among a project's sections; those that must move apart are moved.
    private func rank(ofSection row: UInt32, in project: UInt32, at spot: Spot) -> Int64 {
        guard let opening = indexes.sectionsOfProject[project]?.opening(at: spot, for: row) else {
            return 0
        }
        for (entry, rank) in opening.moved {
            guard var stored = load(SectionRow.self, entry.row) else { continue }
            stored.rank = rank
            put(entry.row, .section, stored)
        }
        return opening.rank
    }

    private func spot(
        before: UInt64, after: UInt64, in project: UInt32
    ) throws(Rejection) -> Spot {
        if before != 0 { return .before(try entry(before, "before", in: project)) }
        if after != 0 { return .after(try entry(after, "after", in: project)) }
        return .last
    }

    private func entry(
        _ gid: UInt64, _ field: String, in project: UInt32
    ) throws(Rejection) -> RankedList.Entry {
        guard let row = row(gid, .section), indexes.projectOfSection[row] == project,
            let stored = load(SectionRow.self, row)
        else { throw .notFound(field) }
        return RankedList.Entry(rank: stored.rank, row: row)
    }

    /// A section of a project that the caller may edit.
    private func section(
        _ gid: UInt64, _ caller: Caller
    ) throws(Rejection) -> (row: UInt32, project: UInt32, stored: SectionRow) {
        guard let row = row(gid, .section), let project = indexes.projectOfSection[row],
            case let level = access(project: project, caller), level > .none,
            let stored = load(SectionRow.self, row)
        else { throw .notFound }
        guard level >= .editor else { throw Self.tooLow(.editor, "project") }
        return (row, project, stored)
    }

    func updateSection(
        _ request: UpdateSection, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var (row, _, stored) = try section(request.section, caller)
        let version = stored.section?.version ?? 0
        guard stored.section?.name != request.name else {
            return Changed(request.section, version: version, unchanged: true)
        }
        stored.section?.name = request.name
        stored.section?.version = version &+ 1
        put(row, .section, stored)
        return Changed(request.section, version: version &+ 1)
    }

    func moveSection(
        _ request: MoveSection, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var (row, project, stored) = try section(request.section, caller)
        guard request.before != request.section, request.after != request.section else {
            throw .badField("before", "A section cannot stand before or after itself.")
        }
        let spot = try spot(before: request.before, after: request.after, in: project)
        stored.rank = rank(ofSection: row, in: project, at: spot)
        put(row, .section, stored)
        return Changed(request.section, version: stored.section?.version ?? 0)
    }

    /// Removes a section: only when no task is in it, and never a project's last.
    func deleteSection(
        _ request: DeleteSection, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let (row, project, _) = try section(request.section, caller)
        guard indexes.tasksOfSection[row] == nil else {
            throw Rejection(.conflict, "The section is not empty; move or delete its tasks first.")
        }
        guard (indexes.sectionsOfProject[project]?.count ?? 0) > 1 else {
            throw Rejection(.conflict, "This is the project's last section.")
        }
        erase(row)
        return Changed(request.section)
    }

    func listSections(
        _ request: ListSections, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        guard let project = row(request.project, .project),
            access(project: project, caller) > .none
        else { throw .notFound }
        var answer = SectionList()
        var bytes = 0
        answer.sections = sections(of: project).compactMap { row in
            guard var section = load(SectionRow.self, row)?.section else { return nil }
            section.project = request.project
            // Whoever sees the project sees all of its tasks.
            section.taskCount = UInt32(clamping: indexes.tasksOfSection[row]?.count ?? 0)
            bytes += rows.byteCount(of: row)
            return section
        }
        // What other systems keep with them goes along where all of it fits into an answer.
        if bytes > 2 * VisiblePage.bytesMax {
            for index in answer.sections.indices { answer.sections[index].external?.data = "" }
        }
        answer.encode(into: &writer)
    }

    /// The sections of a project, in order.
    func sections(of project: UInt32) -> [UInt32] {
        var rows: [UInt32] = []
        indexes.sectionsOfProject[project]?.forEach { entry in
            rows.append(entry.row)
            return true
        }
        return rows
    }

    /// The section of a project with this external id.
    func section(_ external: ExternalName, in project: UInt32) -> UInt32? {
        guard !external.gid.isEmpty else { return nil }
        return rows(external, .section, in: project).first { row in
            indexes.projectOfSection[row] == project
                && load(SectionRow.self, row)?.section?.external?.gid == external.gid
        }
    }
}
