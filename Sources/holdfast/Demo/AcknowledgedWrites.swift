internal import Interchange
internal import StoreClient
internal import WorkProtocol

/// What the store said it had done in this session, to be checked after a failover: whatever was
/// acknowledged has to be there, in that version or a later one.
final class AcknowledgedWrites {
    /// One object that a write made, changed or deleted.
    private enum Trace: Hashable, Comparable {
        case task(UInt64), project(UInt64), tag(UInt64), field(UInt64)
        case deletedTask(UInt64)
        case comment(UInt64, of: UInt64)
    }

    /// What has to be found, and in which version at least.
    private var traces: [Trace: UInt32] = [:]
    /// Whether something was asked that takes other objects away, or out of sight: a task with its
    /// subtasks, a membership, a scope.
    private var mayHide = false

    /// How many objects there are to check.
    var objectCount: Int { traces.count }

    /// A write was acknowledged.
    func note(_ request: any Message, _ changed: Changed) {
        let gid = changed.gid
        switch request {
        case let create as CreateTask:
            // A line that ends in ":" makes a section.
            if !create.name.hasSuffix(":") { expect(.task(gid), changed.version) }
        case let update as UpdateTask:
            expect(.task(gid), changed.version)
            if update.assignee != nil || update.clear.contains(.assignee) { mayHide = true }
        case is AddToProject: expect(.task(gid), changed.version)
        case is RemoveFromProject, is SetParent:
            expect(.task(gid), changed.version)
            mayHide = true
        case is DeleteTask:
            traces[.task(gid)] = nil
            expect(.deletedTask(gid))
            mayHide = true
        case is Restore: traces[.deletedTask(gid)] = nil
        case let comment as AddComment: expect(.comment(gid, of: comment.task))
        case is CreateProject: expect(.project(gid))
        case is UpdateProject:
            expect(.project(gid))
            mayHide = true
        case is CreateLabel: expect(.tag(gid))
        case is CreateField: expect(.field(gid))
        default: mayHide = true
        }
    }

    /// A batch of an import was acknowledged.
    func note(_ kinds: [ImportBatch.Kind], _ answer: ImportAnswer) {
        for (kind, gid) in zip(kinds, answer.gids) where gid != 0 {
            switch kind {
            case .task: expect(.task(gid), 1)
            case .project: expect(.project(gid))
            case .label: expect(.tag(gid))
            case .field: expect(.field(gid))
            case .team, .dependencies, .comment, .story, .attachment: break
            }
        }
    }

    /// A command was acknowledged of which nothing more is known.
    func noteAny() { mayHide = true }

    private func expect(_ trace: Trace, _ version: UInt32 = 0) {
        traces[trace] = max(traces[trace] ?? 0, version)
    }

    // MARK: - Checking

    /// Asks the living primary before it is killed: what the person has taken away or hidden since,
    /// as a subtask goes with its task, is no loss. Costs nothing if nothing of the kind was asked.
    func settle(_ store: Store) async throws {
        guard mayHide else { return }
        // In whatever version: one that is too old was not hidden.
        let anyVersion = traces.mapValues { _ in UInt32(0) }
        for trace in try await Self.missing(anyVersion, store) { traces[trace] = nil }
        mayHide = false
    }

    /// How many of them the store does not have any more.
    func lost(_ store: Store) async throws -> Int { try await Self.missing(traces, store).count }

    private static func missing(
        _ traces: [Trace: UInt32], _ store: Store
    ) async throws -> [Trace] {
        let wanted = traces.sorted { $0.key < $1.key }
        let share = max((wanted.count + 31) / 32, 1)
        return try await withThrowingTaskGroup(of: [Trace].self) { group in
            for start in stride(from: 0, to: wanted.count, by: share) {
                let part = wanted[start..<min(start + share, wanted.count)]
                group.addTask {
                    var missing: [Trace] = []
                    for (trace, version) in part
                    where try await !isKept(trace, version, store) {
                        missing.append(trace)
                    }
                    return missing
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private static func isKept(
        _ trace: Trace, _ version: UInt32, _ store: Store
    ) async throws -> Bool {
        switch trace {
        case .task(let gid):
            return try await task(gid, store).map { $0.version >= version } ?? false
        // A deletion that is undone was lost, too.
        case .deletedTask(let gid): return try await task(gid, store) == nil
        case .project(let gid):
            var request = GetProject()
            request.project = String(gid)
            return try await found(request, gid, Project.self, store) != nil
        case .tag(let gid):
            var request = GetLabel()
            request.label = String(gid)
            return try await found(request, gid, Label.self, store) != nil
        case .field(let gid):
            var request = GetField()
            request.field = String(gid)
            return try await found(request, gid, Field.self, store) != nil
        case .comment(let gid, let task):
            return try await hasComment(gid, of: task, store)
        }
    }

    private static func task(_ gid: UInt64, _ store: Store) async throws -> WorkTask? {
        var request = GetTask()
        request.task = gid
        return try await found(request, gid, WorkTask.self, store)
    }

    private static func hasComment(
        _ gid: UInt64, of task: UInt64, _ store: Store
    ) async throws -> Bool {
        var request = ListStories()
        request.task = task
        request.commentsOnly = true
        request.limit = 1000
        repeat {
            guard let page = try await found(request, task, StoryPage.self, store) else {
                return false
            }
            if page.stories.contains(where: { $0.gid == gid }) { return true }
            request.cursor = page.next
        } while !request.cursor.isEmpty
        return false
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
