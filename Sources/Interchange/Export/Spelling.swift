internal import WorkProtocol

/// What enumerations are called in JSON.
extension StoryKind {
    /// The story's subtype, in Asana's words where it has them.
    package var spelled: String {
        switch self {
        case .comment: "comment_added"
        case .created: "task_created"
        case .nameChanged: "name_changed"
        case .notesChanged: "description_changed"
        case .assigned: "assigned"
        case .unassigned: "unassigned"
        case .dueDateChanged: "due_date_changed"
        case .startDateChanged: "start_date_changed"
        case .sectionChanged: "section_changed"
        case .addedToProject: "added_to_project"
        case .removedFromProject: "removed_from_project"
        case .labelAdded: "added_to_tag"
        case .labelRemoved: "removed_from_tag"
        case .parentChanged: "parent_changed"
        case .dependencyAdded: "dependency_added"
        case .dependencyRemoved: "dependency_removed"
        case .fieldChanged: "custom_field_changed"
        case .markedComplete: "marked_complete"
        case .markedIncomplete: "marked_incomplete"
        case .liked: "liked"
        case .subtypeChanged: "resource_subtype_changed"
        case .madePublic: "made_public"
        case .madePrivate: "made_private"
        case .attachmentAdded: "attachment_added"
        case .attachmentRemoved: "attachment_removed"
        case .foreign: "foreign"
        case .collaboratorAdded: "follower_added"
        case .collaboratorRemoved: "follower_removed"
        }
    }

    /// The kind with this name.
    init?(spelled text: String) {
        guard let kind = StoryKind.allCases.first(where: { $0.spelled == text }) else { return nil }
        self = kind
    }
}

extension AttachmentHost {
    package var spelled: String {
        switch self {
        case .external: "external"
        case .dropbox: "dropbox"
        case .gdrive: "gdrive"
        case .box: "box"
        case .onedrive: "onedrive"
        }
    }

    /// The host with this name; anything unknown is external.
    init(spelled text: String) {
        self = AttachmentHost.allCases.first { $0.spelled == text } ?? .external
    }
}
