internal import WorkProtocol

/// Objects of another system, made or brought up to date.
///
/// Everything is found by its external id, within what the importer may change, so that importing
/// again changes nothing; relations (projects, collaborators, labels, values) are added and never
/// taken away. Writes the stories the source has and no others, notifies nobody, and keeps its
/// times and people.
extension WorkspaceGraph {
    func `import`(
        _ request: Import, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> ImportAnswer {
        try caller.require(.import, "import")
        try caller.requireMember()
        guard caller.account != 0 else { throw .notFound }
        var importing = Importing(caller: caller, now: now, isDry: request.dryRun)
        guard request.dryRun else { return try take(request.items, &importing) }
        // Done and undone: what would be answered is known only by doing it.
        var answer: ImportAnswer?
        do throws(Rejection) {
            try transact { () throws(Rejection) in
                answer = try take(request.items, &importing)
                throw Rejection(.cancelled, "A dry run.")
            }
        } catch {
            guard answer != nil else { throw error }
        }
        return answer ?? ImportAnswer()
    }

    private func take(
        _ items: [ImportItem], _ importing: inout Importing
    ) throws(Rejection) -> ImportAnswer {
        var answer = ImportAnswer()
        for (index, item) in items.enumerated() {
            try requireRoom()
            importing.item = index
            let (outcome, row) = try take(item, &importing)
            answer.outcomes.append(outcome)
            // What a dry run would make has no gid: it would tell how much was made since another.
            let isMade = row != 0 && !(importing.isDry && outcome == .created)
            answer.gids.append(isMade ? gid(row).rawValue : 0)
        }
        return answer
    }

    private func take(
        _ item: ImportItem, _ importing: inout Importing
    ) throws(Rejection) -> Imported {
        switch item.kind {
        case .team(let team): try take(team, &importing)
        case .label(let label): try take(label, &importing)
        case .field(let field): try take(field, &importing)
        case .project(let project): try take(project, &importing)
        case .task(let task): try take(task, &importing)
        case .dependencies(let dependencies): try take(dependencies, &importing)
        case .story(let story): try take(story, &importing)
        case .attachment(let attachment): try take(attachment, &importing)
        case nil: throw .badField(importing.path, "An item of no kind.")
        }
    }

    /// Writes what an import makes of a row, if that differs from what was there.
    func write<Row: Message>(
        _ row: UInt32, _ kind: EntityKind, _ after: Row, _ before: Row?,
        version: WritableKeyPath<Row, UInt32>?
    ) -> Imported {
        guard after != before else { return (.unchanged, row) }
        var after = after
        if let version { after[keyPath: version] &+= 1 }
        put(row, kind, after)
        return (before == nil ? .created : .updated, row)
    }

    // MARK: - References

    /// The row of an object that an item refers to by its foreign id; nil for none, and in a dry
    /// run for what an earlier batch would have made.
    func resolve(
        _ foreign: Foreign?, _ kind: EntityKind, _ field: @autoclosure () -> String,
        _ importing: inout Importing
    ) throws(Rejection) -> UInt32? {
        guard let foreign, !foreign.gid.isEmpty else { return nil }
        let name = ExternalName(gid: foreign.gid, ordinal: foreign.ordinal)
        if let row = find(name, kind, &importing) { return row }
        guard importing.isDry else {
            throw .badField(
                "\(importing.path).\(field())",
                "Nothing with the external id \"\(foreign.gid)\" is here.")
        }
        return nil
    }

    /// The object with this external id that the importer may change.
    func find(
        _ external: ExternalName, _ kind: EntityKind, _ importing: inout Importing
    ) -> UInt32? {
        let reference = Importing.Reference(
            kind: kind, gid: external.gid, ordinal: external.ordinal)
        if let known = importing.known[reference] { return known }
        let caller = importing.caller
        let found = rows(external, kind).first { row in
            switch kind {
            case .team:
                guard let team = load(Team.self, row) else { return false }
                return team.external?.gid == external.gid
                    && canManage(Indexes.TeamFacts(team), caller)
            case .project:
                guard let project = load(ProjectRow.self, row)?.project else { return false }
                // One in the trash comes back: for who could restore it.
                return project.external?.gid == external.gid && isInLivingTeam(project)
                    && access(Indexes.ProjectFacts(project), caller)
                        >= (project.deletedAt == 0 ? .editor : .admin)
            case .label:
                return load(Label.self, row)?.external?.gid == external.gid
            case .field:
                return load(Field.self, row)?.external?.gid == external.gid
            case .task:
                guard let task = load(TaskRow.self, row), task.external?.gid == external.gid
                else { return false }
                return task.importedBy == caller.account || mayChange(row, caller)
            default: return false
            }
        }
        if let found { importing.known[reference] = found }
        return found
    }

    private func mayChange(_ task: UInt32, _ caller: Caller) -> Bool {
        guard let keys = taskKeys(task) else { return false }
        return accessAsIfAlive(keys, caller) >= .editor
    }

    /// Whether an importer may write over a task that it finds: one that it may change, or one that
    /// it made for somebody else, is in nothing that could open it, and nobody else has changed
    /// since. Others it finds, so as not to make them twice, and leaves as they are.
    func mayImport(over task: UInt32, _ caller: Caller) -> Bool {
        if mayChange(task, caller) { return true }
        guard let keys = taskKeys(task) else { return false }
        return keys.importedBy == caller.account && !keys.isAdopted && !keys.isDeleted
            && keys.placements.isEmpty && keys.parent == 0
    }

    /// Whether an importer may put subtasks under a task: one that it may change, or one that it
    /// could write over but for its place under another such. O(depth).
    func mayImport(under task: UInt32, _ caller: Caller) -> Bool {
        var above = task
        for _ in 0...GraphLimits.subtaskDepth {
            if mayChange(above, caller) { return true }
            guard let keys = taskKeys(above), keys.importedBy == caller.account,
                !keys.isAdopted, !keys.isDeleted, keys.placements.isEmpty
            else { return false }
            guard keys.parent != 0 else { return true }
            above = keys.parent
        }
        return false
    }

    /// A person an item names must be one of the workspace; gone ones are, too.
    func person(
        _ account: UInt64, _ field: @autoclosure () -> String, _ importing: Importing
    ) throws(Rejection) -> UInt64 {
        guard account != 0, indexes.people[account] == nil else { return account }
        guard importing.isDry else {
            throw .badField(
                "\(importing.path).\(field())", "The workspace has no person \(account).")
        }
        return 0
    }
}

/// What became of an item.
typealias Imported = (outcome: ImportOutcome, row: UInt32)

/// An import under way.
struct Importing {
    let caller: Caller
    let now: Int64
    /// Nothing stays of it; references to what would have been made before are let pass.
    let isDry: Bool
    /// The item at hand.
    var item = 0
    /// The same, for refusals.
    var path: String { "items[\(item)]" }
    /// The fields that values were given of, as they are now: decoded once.
    var fields: [UInt32: Field] = [:]
    /// What foreign ids stand for in this request, found once.
    var known: [Reference: UInt32] = [:]

    struct Reference: Hashable {
        var kind: EntityKind
        var gid: String
        var ordinal: UInt32
        /// The project of a section.
        var project: UInt32 = 0
    }

    init(caller: Caller, now: Int64, isDry: Bool) {
        self.caller = caller
        self.now = now
        self.isDry = isDry
    }

    /// Everything imported has an id to be found by again.
    func name(_ external: External?) throws(Rejection) -> ExternalName {
        guard let external, !external.gid.isEmpty else {
            throw .badField("\(path).external", "An external id is needed, to find it again.")
        }
        return ExternalName(gid: external.gid, ordinal: external.ordinal)
    }

    mutating func learn(_ name: ExternalName, _ kind: EntityKind, _ row: UInt32) {
        known[Reference(kind: kind, gid: name.gid, ordinal: name.ordinal)] = row
    }
}
