internal import WorkProtocol

/// A generated task with what hangs on it.
struct GeneratedTask: Sendable {
    var task = ImportTask()
    var stories: [ImportStory] = []
    var dependencies: [Foreign] = []
    var subtasks: [GeneratedTask] = []

    /// How many tasks this is, itself and all below it.
    var count: Int { subtasks.reduce(1) { $0 + $1.count } }

    /// The items that make it, parents first.
    func append(to items: inout [ImportItem]) {
        items.append(.task(task))
        items += stories.map { .story($0) }
        for subtask in subtasks { subtask.append(to: &items) }
        guard !dependencies.isEmpty, let external = task.external else { return }
        var item = ImportDependencies()
        item.task = Foreign(external.gid)
        item.dependencies = dependencies
        items.append(.dependencies(item))
    }
}
