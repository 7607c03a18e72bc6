internal import WorkProtocol

/// Values of custom fields on a task, checked against the field's kind and the projects' set-up.
extension WorkspaceGraph {
    /// Sets or clears the value of a field, and tells it.
    ///
    /// - Parameter path: the value's path in the request, for refusals.
    func setField(
        _ value: FieldValue, _ path: String, in draft: inout TaskDraft, _ caller: Caller
    ) throws(Rejection) {
        guard let row = row(value.field, .field), let field = load(Field.self, row),
            isOn(field: value.field, draft.task, caller)
        else { throw .notFound("\(path).field") }
        let place = draft.task.fields.firstIndex { $0.field == value.field }
        let old = place.map { draft.task.fields[$0] }
        guard value.hasContent else {
            if let place { draft.task.fields.remove(at: place) }
            if let old { tell(field, old, nil, &draft) }
            return
        }
        let new = try checked(value, field, path, caller)
        guard new != old else { return }
        if let place {
            draft.task.fields[place] = new
        } else {
            guard draft.task.fields.count < GraphLimits.valuesPerTask else {
                throw .limit(GraphLimits.valuesPerTask, "Values of custom fields of a task")
            }
            draft.task.fields.append(new)
        }
        tell(field, old, new, &draft)
    }

    /// Whether one of the task's projects that the caller sees has the field, or the task has a
    /// value of it already that the caller sees.
    private func isOn(field: UInt64, _ task: TaskRow, _ caller: Caller) -> Bool {
        canSee(field: field, in: task.placements.map(\.project), caller)
            || (task.fields.contains { $0.field == field }
                && canSee(field: field, in: homes(of: task), caller))
    }

    /// Whether a value of a field shows on a task with these `homes`: a project among them that the
    /// caller sees must have it. What has none of its field's projects left (the task was taken out
    /// of it, the field off it, the project is in the trash) shows to nobody: it may have been said
    /// where not everybody was to read it. It is kept, and shows again where it belongs.
    func canSee(field: UInt64, in homes: [UInt32], _ caller: Caller) -> Bool {
        // A field that was deleted is not shown any more.
        guard row(field, .field) != nil else { return false }
        return homes.contains { project in
            indexes.projects[project]?.fields.contains(field) == true
                && access(project: project, caller) > .none
        }
    }

    /// The value as it is kept, if it fits the field's kind.
    private func checked(
        _ value: FieldValue, _ field: Field, _ path: String, _ caller: Caller
    ) throws(Rejection) -> FieldValue {
        var kept = FieldValue()
        kept.field = value.field
        switch field.kind {
        case .text: kept.text = value.text
        case .number: kept.number = try number(value, field, path)
        case .enum, .multiEnum: kept.options = try options(value, field, path)
        case .date:
            kept.dateTime = value.dateTime
            kept.date = value.date ?? value.dateTime.flatMap { CivilDate(milliseconds: $0)?.days }
            try TaskDates.require(kept.date, kept.dateTime, path)
        case .people:
            for (index, account) in value.people.enumerated()
            where !kept.people.contains(account) {
                try requirePerson(account, "\(path).people[\(index)]", caller)
                kept.people.append(account)
            }
        }
        // What belongs to another kind is refused, not dropped.
        guard kept.kinds == value.kinds else {
            throw .badField(
                path, "The field \"\(field.name)\" takes \(field.kind.wanted), nothing else.")
        }
        return kept
    }

    func number(
        _ value: FieldValue, _ field: Field, _ path: String
    ) throws(Rejection) -> Decimal? {
        guard let number = value.number else { return nil }
        guard number.scale <= Decimal.scaleMax else {
            throw .badField(
                path, "A number has at most \(Decimal.scaleMax) digits after the point.")
        }
        return number.scale > field.precision
            ? Decimal(number.text(precision: field.precision)) : number
    }

    private func options(
        _ value: FieldValue, _ field: Field, _ path: String
    ) throws(Rejection) -> [UInt64] {
        guard field.kind == .multiEnum || value.options.count <= 1 else {
            throw .badField(path, "The field \"\(field.name)\" takes one option.")
        }
        let chosen = Set(value.options)
        let known = field.options.filter { chosen.contains($0.gid) }
        guard known.count == chosen.count, known.allSatisfy(\.enabled) else {
            throw .badField(
                path, "The field \"\(field.name)\" has no such option, or no longer offers it.")
        }
        return known.map(\.gid)
    }

    private func tell(
        _ field: Field, _ old: FieldValue?, _ new: FieldValue?, _ draft: inout TaskDraft
    ) {
        draft.tell(
            .fieldChanged, old: old.map { shown($0, field) } ?? "",
            new: new.map { shown($0, field) } ?? "", field: field.gid)
    }

    /// The value as text to show.
    func shown(_ value: FieldValue, _ field: Field) -> String {
        switch field.kind {
        case .text: return value.text
        case .number: return value.number?.text ?? ""
        case .enum, .multiEnum:
            return field.options.filter { value.options.contains($0.gid) }.map(\.name)
                .joined(separator: ", ")
        case .date: return TaskDates.shown(value.date, value.dateTime)
        case .people: return value.people.map { name(ofPerson: $0) }.joined(separator: ", ")
        }
    }
}

extension FieldValue {
    enum Content { case text, number, options, date, people }

    /// What kinds of content it has.
    fileprivate var kinds: [Content] {
        var kinds: [Content] = []
        if !text.isEmpty { kinds.append(.text) }
        if number != nil { kinds.append(.number) }
        if !options.isEmpty { kinds.append(.options) }
        if date != nil || dateTime != nil { kinds.append(.date) }
        if !people.isEmpty { kinds.append(.people) }
        return kinds
    }

    var hasContent: Bool { !kinds.isEmpty }
}

extension FieldKind {
    /// What a value of the kind is, for people.
    fileprivate var wanted: String {
        switch self {
        case .text: "text"
        case .number: "a number"
        case .enum: "one of its options"
        case .multiEnum: "some of its options"
        case .date: "a date"
        case .people: "people"
        }
    }
}
