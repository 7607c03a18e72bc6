/// The limits of the graph that no single field of a request can show. One place; told by
/// `Admin/GetLimits`; going over one is `limitReached` with a sentence that says what to do.
package enum GraphLimits {
    package static let subtaskDepth = 32
    package static let projectsPerTask = 20
    package static let collaboratorsPerTask = 1_000
    package static let labelsPerTask = 100
    /// Dependencies and dependents together.
    package static let dependenciesPerTask = 30
    /// How many tasks a chain of dependencies may lead to: a circle is looked for in all of them.
    package static let dependencyReach = 100_000
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
    /// Days that something deleted can be restored.
    package static let trashDays = 30
}
