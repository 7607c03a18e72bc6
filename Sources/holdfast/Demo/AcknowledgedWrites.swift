internal import StoreClient
internal import WorkProtocol

/// What the store said it had done in this session, to be checked after a failover: whatever was
/// acknowledged has to be there, in that version or a later one.
final class AcknowledgedWrites {
    private(set) var count = 0
    private var tasks: [UInt64: UInt32] = [:]
    private var deletedTasks: Set<UInt64> = []
    private var projects: Set<UInt64> = []
    private var tags: Set<UInt64> = []
    private var fields: Set<UInt64> = []
    /// Comments by their tasks.
    private var comments: [UInt64: Set<UInt64>] = [:]

    /// How many objects there are to check.
    var objectCount: Int {
        tasks.count + deletedTasks.count + projects.count + tags.count + fields.count
            + comments.values.reduce(0) { $0 + $1.count }
    }

    /// A write was acknowledged.
    func note(_ request: any Message, _ changed: Changed) {
        count += 1
        let gid = changed.gid
        switch request {
        case is CreateTask, is UpdateTask, is AddToProject, is RemoveFromProject, is SetParent:
            // A line that ends in ":" makes a section.
            let isSection = (request as? CreateTask)?.name.hasSuffix(":") ?? false
            if !isSection { tasks[gid] = max(tasks[gid] ?? 0, changed.version) }
        case is DeleteTask:
            tasks[gid] = nil
            deletedTasks.insert(gid)
            comments[gid] = nil
        case is Restore:
            deletedTasks.remove(gid)
        case let comment as AddComment: comments[comment.task, default: []].insert(gid)
        case is DeleteComment:
            for task in comments.keys { comments[task]?.remove(gid) }
        case is CreateProject, is UpdateProject: projects.insert(gid)
        case is DeleteProject:
            projects.remove(gid)
            // What was only in it is gone with it.
            tasks.removeAll()
            comments.removeAll()
        case is CreateLabel: tags.insert(gid)
        case is DeleteLabel: tags.remove(gid)
        case is CreateField: fields.insert(gid)
        case is DeleteField: fields.remove(gid)
        default: break
        }
    }

    /// A batch of an import was acknowledged.
    func note(_ items: [ImportItem], _ answer: ImportAnswer) {
        count += 1
        for (item, gid) in zip(items, answer.gids) where gid != 0 {
            switch item.kind {
            case .task: tasks[gid] = max(tasks[gid] ?? 0, 1)
            case .project: projects.insert(gid)
            case .label: tags.insert(gid)
            case .field: fields.insert(gid)
            case .team, .dependencies, .story, .attachment, nil: break
            }
        }
    }

    // MARK: - Checking

    /// How many of them the store does not have any more.
    func lost(_ store: Store) async throws -> Int {
        var lost = try await lostTasks(store)
        for gid in deletedTasks.sorted() {
            var request = GetTask()
            request.task = gid
            // A deletion that is undone was lost, too.
            if try await AcknowledgedWrites.found(request, gid, WorkTask.self, store) != nil {
                lost += 1
            }
        }
        for gid in projects.sorted() {
            var request = GetProject()
            request.project = String(gid)
            let found = try await AcknowledgedWrites.found(request, gid, Project.self, store)
            if found == nil { lost += 1 }
        }
        for gid in tags.sorted() {
            var request = GetLabel()
            request.label = String(gid)
            let found = try await AcknowledgedWrites.found(request, gid, Label.self, store)
            if found == nil { lost += 1 }
        }
        for gid in fields.sorted() {
            var request = GetField()
            request.field = String(gid)
            let found = try await AcknowledgedWrites.found(request, gid, Field.self, store)
            if found == nil { lost += 1 }
        }
        return try await lost + lostComments(store)
    }

    private func lostTasks(_ store: Store) async throws -> Int {
        let wanted = tasks.sorted { $0.key < $1.key }
        let share = (wanted.count + 31) / 32
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for start in stride(from: 0, to: wanted.count, by: max(share, 1)) {
                let part = Array(wanted[start..<min(start + share, wanted.count)])
                group.addTask {
                    var lost = 0
                    for (gid, version) in part {
                        var request = GetTask()
                        request.task = gid
                        let found = try await AcknowledgedWrites.found(
                            request, gid, WorkTask.self, store)
                        if (found?.version ?? 0) < version { lost += 1 }
                    }
                    return lost
                }
            }
            return try await group.reduce(0, +)
        }
    }

    private func lostComments(_ store: Store) async throws -> Int {
        var lost = 0
        for (task, wanted) in comments.sorted(by: { $0.key < $1.key }) where !wanted.isEmpty {
            var request = ListStories()
            request.task = task
            request.commentsOnly = true
            request.limit = 1000
            var found: Set<UInt64> = []
            repeat {
                let page = try await store.perform(request, in: task, as: StoryPage.self).value
                found.formUnion(page.stories.map(\.gid))
                request.cursor = page.next
            } while !request.cursor.isEmpty
            lost += wanted.subtracting(found).count
        }
        return lost
    }

    private static func found<Request: Message, Value: Message>(
        _ request: Request, _ gid: UInt64, _ type: Value.Type, _ store: Store
    ) async throws -> Value? {
        do {
            return try await store.perform(request, in: gid, as: Value.self).value
        } catch  where error.code == .notFound {
            return nil
        }
    }
}
