internal import WorkProtocol

/// How tasks are printed.
extension WorkTask {
    /// The columns of a list of tasks. `isMine`: with the bucket instead of the assignee.
    /// `isOfProject`: all of one project, which then need not be repeated.
    static func shape(
        _ names: NameTable, isMine: Bool = false, isOfProject: Bool = false
    ) -> Shape<WorkTask> {
        let first: [Shape<WorkTask>.Column] = [
            .init("gid", "Gid") { .gid($0.gid) },
            .init("bucket", isMine ? "In" : nil) {
                .word($0.bucket)
            },
            .init("completed", "Done") { .flag($0.completed) },
            .init("name", "Name") { .text($0.name) },
            .init("assignee", isMine ? nil : "Assignee") { names.cell($0.assignee) },
            .init("due_on", "Due") { due($0) },
            .init("projects", "Projects", isSpare: isOfProject) { task in
                task.memberships.isEmpty
                    ? .missing : .list(task.memberships.map { names.cell($0.project) })
            },
            .init("sections", isMine ? nil : "Section") { task in
                let sections = task.memberships.map(\.section).filter { !names[$0].isEmpty }
                return names.cells(sections)
            },
            .init("tags", "Tags") { names.cells($0.labels) },
        ]
        return Shape(first + details(names))
    }

    /// The day, and the time where there is one.
    private static func due(_ task: WorkTask) -> Cell {
        if let due = task.dueAt { return .moment(due) }
        return .day(task.dueOn)
    }

    private static func details(_ names: NameTable) -> [Shape<WorkTask>.Column] {
        [
            .init("notes", nil) { .text(orMissing: $0.notes) },
            .init("parent", nil) { names.cell($0.parent) },
            .init("subtasks", nil) { .count($0.subtaskCount) },
            .init("comments", nil) { .count($0.commentCount) },
            .init("attachments", nil) { .count($0.attachmentCount) },
            .init("start_on", nil) { $0.startAt.map { .moment($0) } ?? .day($0.startOn) },
            .init("collaborators", nil) { names.cells($0.collaborators) },
            .init("likes", nil) { names.cells($0.likes) },
            .init("depends_on", nil) { names.cells($0.dependencies) },
            .init("blocks", nil) { names.cells($0.dependents) },
            .init("fields", nil) { fields($0, names) },
            .init("kind", nil) { .word($0.subtype) },
            .init("public", nil) { .flag($0.isPublic) },
            .init("liked", nil) { .flag($0.liked) },
            .init("unseen", nil) { .flag($0.unseen) },
            .init("created_at", nil) { .moment(orMissing: $0.createdAt) },
            .init("created_by", nil) { names.cell($0.createdBy) },
            .init("modified_at", nil) { .moment(orMissing: $0.modifiedAt) },
            .init("completed_at", nil) { .moment(orMissing: $0.completedAt) },
            .init("completed_by", nil) { names.cell($0.completedBy) },
            .init("external", nil) { .text(orMissing: $0.external?.gid ?? "") },
            .init("version", nil) { .count($0.version) },
        ]
    }

    private static func fields(_ task: WorkTask, _ names: NameTable) -> Cell {
        let members = task.fields.map { value -> (String, Cell) in
            let name = names[value.field]
            return (name.isEmpty ? String(value.field) : name, cell(value, names))
        }
        return members.isEmpty ? .missing : .object(members)
    }

    private static func cell(_ value: FieldValue, _ names: NameTable) -> Cell {
        if let number = value.number { return .text(number.text) }
        if let date = value.date { return .day(date) }
        if let moment = value.dateTime { return .moment(moment) }
        if !value.options.isEmpty {
            return .list(value.options.map { .text(names[$0]) })
        }
        if !value.people.isEmpty { return names.cells(value.people) }
        return .text(value.text)
    }

    /// What the line after a change says: name, due date, project.
    func summary(_ names: NameTable, _ time: LocalTime) -> [String] {
        let due = WorkTask.due(self).shown(time)
        return [name, due.isEmpty ? "" : "due \(due)"]
            + memberships.map { names[$0.project] }
    }
}
