internal import WorkProtocol

/// Where tasks stand: in sections of projects.
extension WorkspaceGraph {
    /// Where a request puts a task: the place in the section, made free.
    ///
    /// - Parameter field: the field's path in the request, for refusals.
    func place(
        _ placement: Placement, _ field: FieldPath, task row: UInt32, _ caller: Caller
    ) throws(Rejection) -> StoredPlacement {
        guard let project = self.row(placement.project, .project),
            case let level = access(project: project, caller), level > .none
        else { throw .notFound("\(field).project") }
        guard level >= .editor else { throw Self.tooLow(.editor, "project") }
        let section = try section(placement, field, of: project)
        let spot = try spot(placement, field, in: section, caller)
        let opening = indexes.tasksOfSection.opening(section, at: spot, for: row)
        for (entry, rank) in opening.moved {
            edit(entry.row) { other in
                for index in other.placements.indices
                where other.placements[index].section == section {
                    other.placements[index].rank = rank
                }
            }
        }
        var stored = StoredPlacement()
        stored.project = project
        stored.section = section
        stored.rank = opening.rank
        return stored
    }

    private func section(
        _ placement: Placement, _ field: FieldPath, of project: UInt32
    ) throws(Rejection) -> UInt32 {
        if placement.section != 0 {
            guard let section = row(placement.section, .section),
                indexes.projectOfSection[section] == project
            else { throw .notFound("\(field).section") }
            return section
        }
        // A neighbour tells the section as well.
        let neighbour = placement.before != 0 ? placement.before : placement.after
        if neighbour != 0, let task = row(neighbour, .task), let keys = taskKeys(task),
            let other = keys.placements.first(where: { $0.project == project })
        {
            return other.section
        }
        guard let first = indexes.sectionsOfProject[project]?.first else {
            throw Rejection(.conflict, "The project has no section; make one.")
        }
        return first.row
    }

    private func spot(
        _ placement: Placement, _ field: FieldPath, in section: UInt32, _ caller: Caller
    ) throws(Rejection) -> Spot {
        if placement.before != 0 {
            return .before(try entry(placement.before, "\(field).before", in: section, caller))
        }
        if placement.after != 0 {
            return .after(try entry(placement.after, "\(field).after", in: section, caller))
        }
        return placement.atTop ? .first : .last
    }

    private func entry(
        _ gid: UInt64, _ field: String, in section: UInt32, _ caller: Caller
    ) throws(Rejection) -> RankedList.Entry {
        guard let row = row(gid, .task), let keys = taskKeys(row),
            let placement = keys.placements.first(where: { $0.section == section }),
            access(task: row, keys, caller) > .none
        else { throw .notFound(field) }
        return RankedList.Entry(rank: placement.rank, row: row)
    }

    /// Adds a task to a project, or moves it within one it is in.
    func addToProject(
        _ request: AddToProject, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draft(
            task: request.task, needs: .editor, caller, ifVersion: request.ifVersion)
        guard let wanted = request.placement else {
            throw .badField("placement", "Say which project.")
        }
        guard wanted.before != request.task, wanted.after != request.task else {
            throw .badField("placement", "A task cannot stand before or after itself.")
        }
        let placement = try place(wanted, FieldPath("placement"), task: draft.row, caller)
        let known = draft.task.placements.firstIndex { $0.project == placement.project }
        if let known {
            let old = draft.task.placements[known]
            draft.task.placements[known] = placement
            if old.section != placement.section { tellMove(&draft, old, placement) }
        } else {
            try requireFewProjects(draft.task, caller)
            draft.task.placements.append(placement)
            draft.tell(
                .addedToProject, new: name(ofProject: placement.project),
                newGid: gid(placement.project).rawValue)
        }
        return try save(&draft, caller, at: now)
    }

    /// Checks that a task has room for one project more.
    func requireFewProjects(_ task: TaskRow, _ caller: Caller) throws(Rejection) {
        guard task.placements.count < GraphLimits.placementsPerTask else {
            throw .limit(GraphLimits.placementsPerTask, "Projects a task is in, seen or not")
        }
        let seen = task.placements.count { access(project: $0.project, caller) > .none }
        guard seen < GraphLimits.projectsPerTask else {
            throw .limit(GraphLimits.projectsPerTask, "Projects a task is in at once")
        }
    }

    private func tellMove(
        _ draft: inout TaskDraft, _ old: StoredPlacement, _ new: StoredPlacement
    ) {
        draft.tell(
            .sectionChanged, old: name(ofSection: old.section), new: name(ofSection: new.section),
            oldGid: gid(old.section).rawValue, newGid: gid(new.section).rawValue)
    }

    /// Takes a task out of a project. It stays in its other projects and under its parent.
    func removeFromProject(
        _ request: RemoveFromProject, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draft(
            task: request.task, needs: .viewer, caller, ifVersion: request.ifVersion)
        guard let project = row(request.project, .project),
            case let level = access(project: project, caller), level > .none
        else { throw .notFound("project") }
        guard level >= .editor else { throw Self.tooLow(.editor, "project") }
        guard let index = draft.task.placements.firstIndex(where: { $0.project == project }) else {
            return try save(&draft, caller, at: now)
        }
        draft.task.placements.remove(at: index)
        draft.tell(
            .removedFromProject, old: name(ofProject: project), oldGid: gid(project).rawValue)
        return try save(&draft, caller, at: now)
    }

    func name(ofProject row: UInt32) -> String {
        load(ProjectRow.self, row)?.project?.name ?? ""
    }

    func name(ofSection row: UInt32) -> String {
        load(SectionRow.self, row)?.section?.name ?? ""
    }
}
