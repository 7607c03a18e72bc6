/// The kinds of file an import understands.
package enum ImportFormat: String, Sendable, CaseIterable {
    /// Asana's CSV, of any year.
    case csv
    /// Asana's JSON export of a project: `{"data": [task …]}`.
    case asanaJSON = "asana-json"
    /// A GitHub archive of one repository: issues, pull requests, reviews, labels.
    case githubArchive = "github"
    /// A Bitbucket tracker's `db-1.0.json`.
    case bitbucket
}

/// What an import is asked to do.
package struct ImportOptions: Sendable {
    /// Nil: found out from the file's beginning.
    package var format: ImportFormat?
    /// What to call the file's project if the file does not say: usually the file's name.
    package var name: String
    /// The gid of the project to import into; 0 for the file's own.
    package var into: UInt64
    /// What the caller says about columns.
    package var map: FieldMap
    /// Whether good rows are imported although there are bad ones.
    package var keepsGoing: Bool

    package init(
        name: String, format: ImportFormat? = nil, into: UInt64 = 0, map: FieldMap = FieldMap(),
        keepsGoing: Bool = false
    ) {
        self.name = name
        self.format = format
        self.into = into
        self.map = map
        self.keepsGoing = keepsGoing
    }
}

/// What a file holds, as `import -o json` prints it.
package struct ImportSummary: Hashable, Sendable {
    /// Tasks, subtasks among them.
    package var tasks = 0
    package var subtasks = 0
    /// Comments that have text.
    package var comments = 0
    package var tags = 0
    package var people = 0
    package var projects = 0
    /// System stories.
    package var stories = 0
    package var attachments = 0
    /// Rows left out because they are bad (`keepsGoing`).
    package var skipped = 0
}

/// Why a file is not imported: nothing has been changed.
package struct ImportFailure: Error, Sendable, CustomStringConvertible {
    /// The first problems, in the order of the file.
    package var problems: [TextProblem]
    /// How many there are altogether.
    package var count: Int

    package var description: String {
        let lines = problems.map(\.description)
        let more = count - problems.count
        return (more > 0 ? lines + ["and \(more) more"] : lines).joined(separator: "\n")
    }

    /// Whether reading failed, not the text.
    package var isUnreadable: Bool { problems.contains { $0.kind == .unreadable } }
}
