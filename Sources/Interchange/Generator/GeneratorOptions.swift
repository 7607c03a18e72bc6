package import WorkProtocol

/// What organization to generate.
package struct GeneratorOptions: Hashable, Sendable {
    /// How many tasks, subtasks among them.
    package var tasks: Int
    package var seed: UInt64
    /// The day the organization is seen from: its past lies before it, its due dates around it.
    package var today: CivilDate
    /// The share of all tasks that the largest project has at least, from 0 to 1.
    package var largestShare = 0.0

    package init(tasks: Int, seed: UInt64, today: CivilDate) {
        self.tasks = max(0, tasks)
        self.seed = seed
        self.today = today
    }

    /// Twelve projects for 5,000 tasks, and in this proportion for more.
    package var projectCount: Int { max(12, tasks / 420) }

    /// Sixty people for 5,000 tasks, more for more, at most 50,000.
    package var peopleCount: Int { min(50_000, max(60, tasks / 83)) }
}

/// How many tasks each project gets: the share of the project of rank r is proportional to
/// r to the power of -3/4, so that with twelve the largest has a quarter; more for the largest if
/// that is asked for, and then less for the others in the same proportion.
struct ProjectSizes: Sendable {
    private let options: GeneratorOptions
    private let sum: Double
    private var rank = 0
    private var given = 0
    /// What the others get of their shares.
    private let left: Double

    init(_ options: GeneratorOptions) {
        self.options = options
        sum = (1...options.projectCount).reduce(0) { $0 + ProjectSizes.weight($1) }
        let usual = 1 / sum
        left = (1 - max(usual, min(options.largestShare, 1))) / (1 - usual)
    }

    private static func weight(_ rank: Int) -> Double {
        let root = Double(rank).squareRoot()
        return 1 / (root * root.squareRoot())
    }

    /// The size of the next project; nil after the last, which gets what is left.
    mutating func next() -> Int? {
        guard rank < options.projectCount else { return nil }
        rank += 1
        let rest = options.tasks - given
        let share = Double(options.tasks) * ProjectSizes.weight(rank) / sum
        let wanted =
            rank == 1 ? max(share, Double(options.tasks) * options.largestShare) : share * left
        let size = rank == options.projectCount ? rest : min(rest, Int(wanted))
        given += size
        return size
    }
}
