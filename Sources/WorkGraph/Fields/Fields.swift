internal import ByteCoding
internal import WorkProtocol

/// Custom fields of the workspace: six kinds of values that tasks can have.
extension WorkspaceGraph {
    func createField(
        _ request: CreateField, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        try caller.requireMember()
        if let external = request.external, !external.gid.isEmpty,
            let row = field(ExternalName(gid: external.gid, ordinal: external.ordinal), caller)
        {
            throw Rejection(
                .alreadyExists, "A field with this external id is here already.", entity: gid(row))
        }
        var field = Field()
        field.name = request.name
        field.kind = request.kind
        field.description = request.description
        field.precision = request.precision
        field.format = request.format
        field.currencyCode = request.currencyCode
        field.customLabel = request.customLabel
        field.labelIsSuffix = request.labelIsSuffix
        field.external = request.external
        for option in request.options { try append(option, to: &field) }
        let row = try add(field, caller, at: now)
        var changed = Changed(gid(row).rawValue, version: 1)
        changed.gids = load(Field.self, row)?.options.map(\.gid) ?? []
        return changed
    }

    /// Writes a new field.
    func add(_ field: Field, _ caller: Caller, at now: Int64) throws(Rejection) -> UInt32 {
        try Self.check(field)
        var field = field
        let row = try allocate()
        field.gid = gid(row).rawValue
        field.version = 1
        field.createdAt = now
        field.createdBy = caller.account
        put(row, .field, field)
        return row
    }

    /// Appends a new option, enabled. Options have gids like rows do, but lie within their field.
    func append(_ option: FieldOption, to field: inout Field) throws(Rejection) {
        guard field.options.count < GraphLimits.optionsPerField else {
            throw .limit(
                GraphLimits.optionsPerField, "Options of a field, disabled ones among them")
        }
        var option = option
        option.gid = gid(try allocate()).rawValue
        option.enabled = true
        field.options.append(option)
    }

    /// What must hold of every field.
    static func check(_ field: Field) throws(Rejection) {
        guard !field.name.isEmpty else { throw .badField("name", "A field needs a name.") }
        guard field.precision <= 9 else {
            throw .badField("precision", "At most 9 digits after the point.")
        }
        let hasOptions = field.kind == .enum || field.kind == .multiEnum
        guard hasOptions || field.options.isEmpty else {
            throw .badField("options", "Only fields to choose from have options.")
        }
        guard field.format != .currency || field.currencyCode.utf8.count == 3 else {
            throw .badField("currency_code", "Three letters, such as EUR.")
        }
        var names: Set<String> = []
        for (index, option) in field.options.enumerated() {
            guard !option.name.isEmpty, names.insert(option.name).inserted else {
                throw .badField("options[\(index)].name", "Every option has a name of its own.")
            }
        }
    }

    /// Changes a field's description. Its maker and the workspace's admins may.
    func updateField(
        _ request: UpdateField, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let (row, before) = try fieldToChange(request.field, caller)
        guard request.ifVersion == 0 || request.ifVersion == before.version else {
            throw .version("field", before.gid, is: before.version)
        }
        var field = before
        if let name = request.name { field.name = name }
        if let description = request.description { field.description = description }
        if let precision = request.precision { field.precision = precision }
        if request.setOptions { try setOptions(request.options, of: &field) }
        try Self.check(field)
        guard field != before else {
            return Changed(field.gid, version: field.version, unchanged: true)
        }
        field.version &+= 1
        put(row, .field, field)
        var changed = Changed(field.gid, version: field.version)
        changed.gids = field.options.map(\.gid)
        return changed
    }

    /// The options in the order of the request: known ones by their gid, new ones without. What is
    /// missing is kept at the end, disabled, because tasks may still have it.
    private func setOptions(
        _ wanted: [FieldOption], of field: inout Field
    ) throws(Rejection) {
        let old = field.options
        field.options = []
        for (index, option) in wanted.enumerated() {
            if option.gid == 0 {
                try append(option, to: &field)
                continue
            }
            guard var known = old.first(where: { $0.gid == option.gid }),
                !field.options.contains(where: { $0.gid == option.gid })
            else {
                throw .badField("options[\(index)].gid", "The field has no such option, or once.")
            }
            if !option.name.isEmpty { known.name = option.name }
            known.color = option.color
            known.enabled = option.enabled
            field.options.append(known)
        }
        for option in old where !field.options.contains(where: { $0.gid == option.gid }) {
            var option = option
            option.enabled = false
            field.options.append(option)
        }
        guard field.options.count <= GraphLimits.optionsPerField else {
            throw .limit(
                GraphLimits.optionsPerField, "Options of a field, disabled ones among them")
        }
    }

    /// Removes a field. Tasks no longer show their values; their rows are not touched, since there
    /// may be very many, and a gid is never used again.
    func deleteField(
        _ request: DeleteField, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        let (row, _) = try fieldToChange(request.field, caller)
        erase(row)
        return Changed(request.field)
    }

    private func fieldToChange(
        _ gid: UInt64, _ caller: Caller
    ) throws(Rejection) -> (row: UInt32, field: Field) {
        guard let row = row(gid, .field), canSee(field: row, caller),
            let field = load(Field.self, row)
        else { throw .notFound }
        guard mayChange(field, caller) else {
            throw Rejection(
                .forbidden, "Only who made the field, and admins of the workspace, may change it.")
        }
        return (row, field)
    }

    /// Its maker and the workspace's admins.
    func mayChange(_ field: Field, _ caller: Caller) -> Bool {
        field.createdBy == caller.account || caller.isAdmin || caller.generalAccess == .admin
    }

    // MARK: - Reading

    /// The field with this external id that the caller sees.
    func field(_ external: ExternalName, _ caller: Caller) -> UInt32? {
        rows(external, .field).first { row in
            load(Field.self, row)?.external?.gid == external.gid && canSee(field: row, caller)
        }
    }

    func getField(
        _ request: GetField, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        guard let row = try field(named: request.field, caller) else { throw .notFound }
        shown(field: row, caller)?.encode(into: &writer)
    }

    private func shown(field row: UInt32, _ caller: Caller) -> Field? {
        guard var field = load(Field.self, row) else { return nil }
        if !canSee(person: field.createdBy, caller) { field.createdBy = 0 }
        return field
    }

    /// By gid, by `external:ID`, or by a name that only one field the caller sees has.
    private func field(named text: String, _ caller: Caller) throws(Rejection) -> UInt32? {
        if let gid = Gid(text), let row = row(gid.rawValue, .field), canSee(field: row, caller) {
            return row
        }
        if let external = ExternalName(text) { return field(external, caller) }
        var found: [UInt32] = []
        indexes.fields.forEach { entry in
            if load(Field.self, entry.row)?.name == text, canSee(field: entry.row, caller) {
                found.append(entry.row)
            }
            return found.count < 2
        }
        guard found.count < 2 else {
            throw .badField("field", "Several fields have this name; say which by its gid.")
        }
        return found.first
    }

    func listFields(
        _ request: ListFields, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        let page = try page(
            of: indexes.fields, limit: request.limit, cursor: request.cursor
        ) { canSee(field: $0, caller) }
        var answer = FieldPage()
        answer.fields = page.rows.compactMap { shown(field: $0, caller) }
        answer.next = page.next
        answer.encode(into: &writer)
    }
}
