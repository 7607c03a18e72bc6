/// The columns of Asana's CSV that are no custom fields, by their names in the 2024 layout.
package enum StandardColumn: String, CaseIterable, Sendable {
    case taskID = "Task ID"
    case createdAt = "Created At"
    case completedAt = "Completed At"
    case lastModified = "Last Modified"
    case name = "Name"
    case section = "Section/Column"
    case assignee = "Assignee"
    case assigneeEmail = "Assignee Email"
    case startDate = "Start Date"
    case dueDate = "Due Date"
    case tags = "Tags"
    case notes = "Notes"
    case projects = "Projects"
    case parent = "Parent task"
    case blockedBy = "Blocked By (Dependencies)"
    case blocking = "Blocking (Dependencies)"
    // Ours: what `--with-ids` adds.
    case parentID = "Parent ID"
    case blockedByIDs = "Blocked By IDs"
    case blockingIDs = "Blocking IDs"

    /// The column a header names, whatever the case; nil for a custom field. `Column` is the name
    /// of 2019 for `Section/Column`.
    package init?(header: String) {
        let name = header.lowercased()
        if name == "column" {
            self = .section
            return
        }
        guard let found = StandardColumn.allCases.first(where: { $0.rawValue.lowercased() == name })
        else { return nil }
        self = found
    }

    /// The columns of a layout, in order.
    package static func layout(is2018: Bool, isBoard: Bool, withIDs: Bool) -> [StandardColumn] {
        var columns: [StandardColumn] = [
            .taskID, .createdAt, .completedAt, .lastModified, .name, .section, .assignee,
            .assigneeEmail, .startDate, .dueDate, .tags, .notes, .projects, .parent,
        ]
        if is2018 {
            if !isBoard { columns.removeAll { $0 == .section } }
        } else {
            columns += [.blockedBy, .blocking]
        }
        return withIDs ? columns + [.parentID, .blockedByIDs, .blockingIDs] : columns
    }

    /// The header in a layout.
    package func header(is2018: Bool) -> String {
        switch self {
        case .section where is2018: "Column"
        case .parent where is2018: "Parent Task"
        default: rawValue
        }
    }
}
