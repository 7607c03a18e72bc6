internal import ByteCoding
internal import WorkProtocol

/// Labels of the workspace (tags, as users know them). Members make and change them.
extension WorkspaceGraph {
    func createLabel(
        _ request: CreateLabel, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        try caller.requireMember()
        guard !request.name.isEmpty else { throw .badField("name", "A tag needs a name.") }
        if let external = request.external, !external.gid.isEmpty,
            let row = label(
                ExternalName(gid: external.gid, ordinal: external.ordinal), caller)
        {
            throw Rejection(
                .alreadyExists, "A tag with this external id is here already.", entity: gid(row))
        }
        var label = Label()
        label.name = request.name
        label.color = request.color
        label.notes = request.notes
        label.external = request.external
        return try add(label, at: now)
    }

    func add(_ label: Label, at now: Int64) throws(Rejection) -> Changed {
        var label = label
        let row = try allocate()
        label.gid = gid(row).rawValue
        label.version = 1
        label.createdAt = now
        put(row, .label, label)
        return Changed(label.gid, version: 1)
    }

    /// The label with this external id that the caller sees.
    func label(_ external: ExternalName, _ caller: Caller) -> UInt32? {
        rows(external, .label).first { row in
            load(Label.self, row)?.external?.gid == external.gid && canSee(label: row, caller)
        }
    }

    func updateLabel(
        _ request: UpdateLabel, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let row = try labelToChange(request.label, caller)
        guard let before = load(Label.self, row) else { throw .notFound }
        var label = before
        if let name = request.name {
            guard !name.isEmpty else { throw .badField("name", "A tag needs a name.") }
            label.name = name
        }
        if let color = request.color { label.color = color }
        if let notes = request.notes { label.notes = notes }
        guard label != before else {
            return Changed(label.gid, version: label.version, unchanged: true)
        }
        label.version &+= 1
        put(row, .label, label)
        return Changed(label.gid, version: label.version)
    }

    /// Removes a label. Tasks that had it no longer show it; their rows are not touched, since
    /// there may be very many, and a gid is never used again.
    func deleteLabel(
        _ request: DeleteLabel, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let row = try labelToChange(request.label, caller)
        erase(row)
        return Changed(request.label)
    }

    private func labelToChange(_ gid: UInt64, _ caller: Caller) throws(Rejection) -> UInt32 {
        guard let row = row(gid, .label), canSee(label: row, caller) else { throw .notFound }
        try caller.requireMember()
        return row
    }

    func getLabel(
        _ request: GetLabel, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        guard let row = try label(named: request.label, caller), let label = load(Label.self, row)
        else { throw .notFound }
        label.encode(into: &writer)
    }

    /// By gid, by `external:ID`, or by a name that only one label the caller sees has.
    private func label(named text: String, _ caller: Caller) throws(Rejection) -> UInt32? {
        if let gid = Gid(text), let row = row(gid.rawValue, .label), canSee(label: row, caller) {
            return row
        }
        if let external = ExternalName(text) { return label(external, caller) }
        var found: [UInt32] = []
        indexes.labels.forEach { entry in
            if load(Label.self, entry.row)?.name == text, canSee(label: entry.row, caller) {
                found.append(entry.row)
            }
            return found.count < 2
        }
        guard found.count < 2 else {
            throw .badField("label", "Several tags have this name; say which by its gid.")
        }
        return found.first
    }

    func listLabels(
        _ request: ListLabels, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        let page = try page(
            of: indexes.labels, limit: request.limit, cursor: request.cursor
        ) { canSee(label: $0, caller) }
        var answer = LabelPage()
        answer.labels = page.rows.compactMap { load(Label.self, $0) }
        answer.next = page.next
        answer.encode(into: &writer)
    }
}
