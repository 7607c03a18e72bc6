package import WorkProtocol

/// How an export is to look.
package struct ExportOptions: Hashable, Sendable {
    package var format: ExportFormat
    package var dialect: ExportDialect
    package var ids: ExportIds
    /// CSV: with columns for the ids of parent and dependencies.
    package var withIDs: Bool
    /// CSV: cells that a spreadsheet would take for formulas are disarmed.
    package var guardsFormulas: Bool
    /// JSON: with comments, system stories and attachments.
    package var withStories: Bool
    /// The host in permalinks.
    package var host: String

    /// What a request asks for.
    package init(_ request: Export, host: String) {
        format = request.format
        dialect = request.dialect
        ids = request.ids
        withIDs = request.withIds
        guardsFormulas = request.guardFormulas
        withStories = request.withStories
        self.host = host
    }
}

/// A task with all that an export prints of it.
package struct ExportedTask: Hashable, Sendable {
    /// The task with its relations, as its reader may see them.
    package var task: WorkTask
    /// Oldest first; only needed with `withStories`.
    package var stories: [Story]
    package var attachments: [FileAttachment]

    package init(_ task: WorkTask, stories: [Story] = [], attachments: [FileAttachment] = []) {
        self.task = task
        self.stories = stories
        self.attachments = attachments
    }
}

/// What an export needs to know of the objects a task refers to, as its reader may see them.
package protocol ExportLookup {
    /// The name and the external id of a person, project, section, label, option or task; nil for
    /// what is not there or hidden.
    func name(of gid: UInt64) -> Name?
    /// A custom field.
    func field(_ gid: UInt64) -> Field?
}

extension ExportLookup {
    /// The name of an object; empty for what is not there.
    func text(_ gid: UInt64) -> String { gid == 0 ? "" : name(of: gid)?.name ?? "" }

    /// The id to print for an object: the foreign one, if asked for and if there is one.
    func id(_ gid: UInt64, _ ids: ExportIds) -> String {
        guard ids == .external, let external = name(of: gid)?.external, !external.isEmpty,
            !ForeignKey.isMadeUp(external)
        else { return String(gid) }
        return external
    }
}

extension WorkTask {
    /// The id to print for the task itself.
    func id(_ ids: ExportIds) -> String {
        guard ids == .external, let gid = external?.gid, !gid.isEmpty, !ForeignKey.isMadeUp(gid)
        else {
            return String(self.gid)
        }
        return gid
    }
}
