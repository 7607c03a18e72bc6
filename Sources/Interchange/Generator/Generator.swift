package import WorkProtocol

/// Makes an organization of realistic shape: people, projects of very different size, sections,
/// tasks with subtasks, notes, dates, tags, custom fields, comments, likes and dependencies.
///
/// The same options make the same organization, item by item. Every task is made from the seed and
/// its number, so that memory does not grow with their number. It is used as an `ImportReader` is:
/// `people` first, their gids to `begin`, then batches.
package struct Generator: Sendable {
    package let options: GeneratorOptions
    private let definitions: GeneratedDefinitions
    private var people: GeneratedPeople
    private var sizes: ProjectSizes
    private var batches = ImportBatches()

    /// The project whose tasks come next; -1 before the definitions have been given.
    private(set) var project = -1
    private var projectSize = 0
    private var taskInProject = 0
    private var taskNumber = 0
    private var nextDefinition = 0

    package init(_ options: GeneratorOptions) {
        self.options = options
        definitions = GeneratedDefinitions(options: options)
        sizes = ProjectSizes(options)
        people = GeneratedPeople(gids: (0..<options.peopleCount).map { UInt64($0 + 1) })
    }

    /// The people, in the order in which `begin` wants their gids.
    package var accounts: [Account] { (0..<options.peopleCount).map { definitions.person($0) } }

    /// Begins, or begins again. `gids` are those of `accounts`, in the same order.
    package mutating func begin(people gids: [UInt64]) {
        precondition(gids.count == options.peopleCount, "a gid for each of the people")
        let options = self.options
        self = Generator(options)
        people = GeneratedPeople(gids: gids)
    }

    /// The next items to apply together, or nil when all have been given.
    package mutating func nextBatch() -> ImportBatch? {
        while true {
            if let batch = batches.next() { return batch }
            guard let items = nextItems() else { return batches.rest() }
            batches.add(items)
        }
    }

    /// The next items that belong together, for who makes batches of another size; nil after the
    /// last. Definitions first, then tasks, each with all that hangs on it.
    package mutating func nextItems() -> [ImportItem]? {
        if nextDefinition == 0 {
            nextDefinition = 1
            return definitions.labels.map { .label($0) } + definitions.fields.map { .field($0) }
        }
        if nextDefinition <= options.projectCount {
            defer { nextDefinition += 1 }
            return [.project(definitions.project(nextDefinition - 1))]
        }
        guard let task = nextTask() else { return nil }
        var items: [ImportItem] = []
        task.append(to: &items)
        return items
    }

    /// The next top-level task with its subtasks; nil after the last.
    mutating func nextTask() -> GeneratedTask? {
        while project < 0 || taskInProject >= projectSize {
            guard let size = sizes.next() else { return nil }
            project += 1
            projectSize = size
            taskInProject = 0
        }
        var maker = TaskMaker(
            definitions, people, project: project, place: taskInProject, of: projectSize,
            number: taskNumber)
        let task = maker.task()
        taskInProject += task.count
        taskNumber += task.count
        return task
    }
}

/// The gids that stand for the people.
struct GeneratedPeople: Sendable {
    let gids: [UInt64]

    /// Somebody from a project's team: a few people do most of the work.
    func member(of project: Int, _ random: inout RandomNumbers) -> UInt64 {
        let team = min(gids.count, 8 + project % 7)
        return gids[(project * 5 + random.skewed(team)) % gids.count]
    }
}
