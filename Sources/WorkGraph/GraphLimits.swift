/// The limits of the graph that no single field of a request can show. One place; told by
/// `Admin/GetLimits`; going over one is `limitReached` with a sentence that says what to do.
package enum GraphLimits {
    package static let subtaskDepth = 32
    /// Of those that the caller sees, as for dependencies: a refusal must not tell of others.
    package static let projectsPerTask = 20
    /// And of all, whoever sees them: what a row has room for.
    package static let placementsPerTask = 200
    package static let collaboratorsPerTask = 1_000
    package static let labelsPerTask = 100
    /// As many as the fields of all the projects a task can be in; so a row fits into a record.
    package static let valuesPerTask = projectsPerTask * fieldsPerProject
    /// Dependencies and dependents together, of those that the caller sees.
    package static let dependenciesPerTask = 30
    /// And of all.
    package static let linksPerTask = 1_000
    /// How many tasks one request may walk, looking for circles of dependencies.
    package static let dependencyWalk = 100_000
    /// So many that one answer has them all.
    package static let attachmentsPerTask = 500
    package static let fieldsPerProject = 20
    package static let optionsPerField = 500
    package static let membersPerWorkspace = 100_000
    package static let sectionsPerProject = 1_000
    package static let membersPerProject = 1_000
    package static let membersPerTeam = 10_000
    package static let likesPerObject = 10_000
    package static let tokensPerAccount = 100
    /// Rows of a page, at most, and when nothing is asked.
    package static let pageMax = 1_000
    package static let pageDefault = 50
    /// Tasks that one command moves because a day began, at most, and bytes of them.
    package static let tasksMovedAtOnce = 500
    package static let bytesMovedAtOnce = 1 << 20
    /// Days before it is due that a task moves from *Later* to *Upcoming*.
    package static let upcomingDays: Int32 = 7
    /// Days that something deleted can be restored.
    package static let trashDays = 30
}
