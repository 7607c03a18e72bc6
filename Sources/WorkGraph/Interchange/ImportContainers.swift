internal import WorkProtocol

/// What tasks are in and have: teams, labels, fields, projects with their sections.
extension WorkspaceGraph {
    func take(_ team: ImportTeam, _ importing: inout Importing) throws(Rejection) -> Imported {
        let name = try importing.name(team.external)
        guard let row = find(name, .team, &importing) else {
            guard ownWorkspace()?.isOrganization == true else {
                throw Rejection(.conflict, "Only organizations have teams.")
            }
            var new = Team()
            new.name = team.name
            new.external = team.external
            let made = try add(new, importing.caller, at: importing.now)
            return (.created, gids.row(Gid(made.gid)))
        }
        guard let before = load(Team.self, row) else { throw .notFound }
        var after = before
        after.name = team.name
        after.deletedAt = 0
        return write(row, .team, after, before, version: \.version)
    }

    func take(_ label: ImportLabel, _ importing: inout Importing) throws(Rejection) -> Imported {
        let name = try importing.name(label.external)
        guard let row = find(name, .label, &importing) else {
            var new = Label()
            new.name = label.name
            new.color = label.color
            new.external = label.external
            let made = try add(new, at: importing.now)
            return (.created, gids.row(Gid(made.gid)))
        }
        guard let before = load(Label.self, row) else { throw .notFound }
        var after = before
        after.name = label.name
        if label.color != .none { after.color = label.color }
        return write(row, .label, after, before, version: \.version)
    }

    func take(_ field: ImportField, _ importing: inout Importing) throws(Rejection) -> Imported {
        let name = try importing.name(field.external)
        guard let row = find(name, .field, &importing) else {
            var new = Field()
            new.name = field.name
            new.kind = field.kind
            new.precision = field.precision
            new.external = field.external
            for option in field.options { _ = try self.option(named: option, of: &new) }
            return (.created, try add(new, importing.caller, at: importing.now))
        }
        guard let before = load(Field.self, row) else { throw .notFound }
        guard before.kind == field.kind else {
            throw Rejection(
                .conflict, "\(importing.path): the field \"\(before.name)\" is of another kind.")
        }
        var after = before
        after.precision = max(before.precision, field.precision)
        for option in field.options { _ = try self.option(named: option, of: &after) }
        if after != before { try requireOwn(before, importing) }
        importing.fields[row] = nil
        return write(row, .field, after, before, version: \.version)
    }

    /// Checks that an importer may change a field: as anybody else, if it made it.
    func requireOwn(_ field: Field, _ importing: Importing) throws(Rejection) {
        guard !mayChange(field, importing.caller) else { return }
        throw Rejection(
            .forbidden,
            "\(importing.path): the field \"\(field.name)\" would have to change, which only "
                + "who made it and admins of the workspace may.")
    }

    /// The option with this name, made if it is new.
    func option(named name: String, of field: inout Field) throws(Rejection) -> UInt64 {
        if let known = field.options.first(where: { $0.name == name }) { return known.gid }
        var option = FieldOption()
        option.name = name
        try append(option, to: &field)
        return field.options.last?.gid ?? 0
    }

    // MARK: - Projects

    func take(
        _ project: ImportProject, _ importing: inout Importing
    ) throws(Rejection) -> Imported {
        let name = try importing.name(project.external)
        let known = try destination(project, name, &importing)
        guard let row = known else { return try make(project, name, &importing) }
        importing.learn(name, .project, row)
        guard var stored = load(ProjectRow.self, row), let before = stored.project else {
            throw .notFound
        }
        var after = before
        if !project.isStub {
            try customize(&after, project, &importing)
            if project.into == 0 { describe(&after, project) }
        }
        let facts = Indexes.ProjectFacts(before)
        guard after == before || access(facts, importing.caller) >= facts.customizationAccess else {
            throw Self.tooLow(before.minimumCustomizationAccess, "project")
        }
        after.deletedAt = 0
        var outcome = ImportOutcome.unchanged
        if after != before {
            after.version &+= 1
            stored.project = after
            put(row, .project, stored)
            outcome = .updated
        }
        if try addSections(project.sections, to: row, &importing) { outcome = .updated }
        return (outcome, row)
    }

    /// The project the item stands for, if there is one.
    private func destination(
        _ project: ImportProject, _ name: ExternalName, _ importing: inout Importing
    ) throws(Rejection) -> UInt32? {
        guard project.into != 0 else { return find(name, .project, &importing) }
        guard let row = row(project.into, .project),
            case let level = access(project: row, importing.caller), level > .none
        else { throw .notFound("\(importing.path).into") }
        guard level >= .editor else { throw Self.tooLow(.editor, "project") }
        return row
    }

    private func make(
        _ project: ImportProject, _ name: ExternalName, _ importing: inout Importing
    ) throws(Rejection) -> Imported {
        var new = Project()
        new.name = project.name
        new.notes = project.notes
        new.external = project.external
        new.createdAt = project.createdAt
        new.modifiedAt = project.modifiedAt
        new.defaultAccess = .editor
        new.minimumCustomizationAccess = .editor
        if !importing.caller.seesEverything { new.owner = importing.caller.account }
        try customize(&new, project, &importing)
        let row = try add(new, importing.caller, at: importing.now)
        importing.learn(name, .project, row)
        if project.sections.isEmpty {
            _ = try addSection("", to: row, at: .last, external: nil, importing.now)
        }
        _ = try addSections(project.sections, to: row, &importing)
        return (.created, row)
    }

    private func describe(_ after: inout Project, _ project: ImportProject) {
        after.name = project.name
        if after.notes != project.notes {
            after.notes = project.notes
            after.htmlNotes = ""
        }
        if project.createdAt != 0 { after.createdAt = project.createdAt }
        if project.modifiedAt != 0 { after.modifiedAt = project.modifiedAt }
        if let data = project.external?.data { after.external?.data = data }
    }

    private func customize(
        _ after: inout Project, _ project: ImportProject, _ importing: inout Importing
    ) throws(Rejection) {
        for (index, foreign) in project.fields.enumerated() {
            guard let field = try resolve(foreign, .field, "fields[\(index)]", &importing),
                case let gid = gid(field).rawValue,
                !after.fields.contains(where: { $0.field == gid })
            else { continue }
            try set(gid, isImportant: false, on: &after)
        }
    }

    /// Adds the sections that are missing, at the end; answers whether something changed. One that
    /// somebody made under the same name is taken for the same, unless it has another foreign id.
    private func addSections(
        _ sections: [ImportSection], to project: UInt32, _ importing: inout Importing
    ) throws(Rejection) -> Bool {
        var changed = false
        for section in sections {
            let name = try importing.name(section.external)
            var reference = Importing.Reference(
                kind: .section, gid: name.gid, ordinal: name.ordinal)
            reference.project = project
            if let row = self.section(name, in: project) {
                importing.known[reference] = row
            } else if let row = nameless(section.name, in: project),
                var stored = load(SectionRow.self, row)
            {
                stored.section?.external = section.external
                put(row, .section, stored)
                importing.known[reference] = row
                changed = true
            } else {
                importing.known[reference] = try addSection(
                    section.name, to: project, at: .last, external: section.external,
                    importing.now)
                changed = true
            }
        }
        return changed
    }

    /// A section with this name that no import has given an id.
    private func nameless(_ name: String, in project: UInt32) -> UInt32? {
        sections(of: project).first { row in
            guard let section = load(SectionRow.self, row)?.section else { return false }
            return section.name == name && section.external == nil
        }
    }

    /// The section an item names; without one, the project's first.
    func section(
        _ foreign: Foreign?, in project: UInt32, _ field: @autoclosure () -> String,
        _ importing: inout Importing
    ) throws(Rejection) -> UInt32? {
        guard let foreign, !foreign.gid.isEmpty else {
            return indexes.sectionsOfProject[project]?.first?.row
        }
        var reference = Importing.Reference(
            kind: .section, gid: foreign.gid, ordinal: foreign.ordinal)
        reference.project = project
        if let known = importing.known[reference] { return known }
        let name = ExternalName(gid: foreign.gid, ordinal: foreign.ordinal)
        if let row = section(name, in: project) {
            importing.known[reference] = row
            return row
        }
        guard importing.isDry else {
            throw .badField(
                "\(importing.path).\(field())",
                "The project has no section with the external id \"\(foreign.gid)\".")
        }
        return nil
    }
}
