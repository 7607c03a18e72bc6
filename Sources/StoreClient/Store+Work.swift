internal import WorkProtocol

/// The main things of a work graph, as plain values.
extension Store {
    /// A task, as far as its reader may see it.
    public struct WorkTask: Sendable, Hashable {
        public var gid: Gid = 0
        /// One more at each change.
        public var version: UInt32 = 0
        public var name = ""
        public var notes = ""
        public var isCompleted = false
        /// The account it is assigned to; 0: nobody.
        public var assignee: Gid = 0
        /// A day, as 2026-11-27.
        public var dueOn: String?
        public var startOn: String?
        /// Milliseconds since 1970, where there is a time of day.
        public var dueAt: Int64?
        public var parent: Gid = 0
        public var projects: [Gid] = []
        public var createdAt: Int64 = 0
        public var modifiedAt: Int64 = 0
    }

    /// A task to be made.
    public struct NewTask: Sendable, Hashable {
        public var name: String
        public var notes = ""
        public var assignee: Gid = 0
        public var dueOn: String?
        public var startOn: String?
        public var project: Gid = 0
        public var section: Gid = 0
        public var parent: Gid = 0

        public init(name: String) { self.name = name }
    }

    /// What to change of a task; what is nil stays.
    public struct TaskChanges: Sendable, Hashable {
        public var name: String?
        public var notes: String?
        public var isCompleted: Bool?
        /// 0 takes the assignee away.
        public var assignee: Gid?
        /// An empty string takes the date away.
        public var dueOn: String?
        /// Change nothing if the task has another version than this.
        public var ifVersion: UInt32 = 0

        public init() {}
    }

    /// A project, as far as its reader may see it.
    public struct Project: Sendable, Hashable {
        public var gid: Gid = 0
        public var version: UInt32 = 0
        public var name = ""
        public var notes = ""
        public var isArchived = false
        public var taskCount = 0
        public var completedCount = 0
    }

    /// A comment on a task.
    public struct Comment: Sendable, Hashable {
        public var gid: Gid = 0
        public var text = ""
        public var author: Gid = 0
        public var createdAt: Int64 = 0
    }

    /// One page of a list.
    public struct Page<Element: Sendable>: Sendable {
        public var elements: [Element]
        /// What to ask the next page with; empty: there is none.
        public var next: [UInt8]
    }

    /// What a project can be exported as.
    public enum ExportFormat: Sendable, Hashable { case json, csv }
}

extension Store {
    /// Makes a task in a workspace (its ordinal, or any gid in it) and gives its gid.
    public func createTask(
        _ task: NewTask, in workspace: Gid, options: CallOptions = CallOptions()
    ) async throws(StoreError) -> Gid {
        var request = CreateTask()
        request.name = task.name
        request.notes = task.notes
        request.assignee = task.assignee
        request.dueOn = try Self.day(task.dueOn, "dueOn")
        request.startOn = try Self.day(task.startOn, "startOn")
        request.parent = task.parent
        if task.project != 0 {
            var placement = Placement()
            placement.project = task.project
            placement.section = task.section
            request.placements = [placement]
        }
        return try await perform(request, in: workspace, options, as: Changed.self).value.gid
    }

    public func task(_ gid: Gid, options: CallOptions = CallOptions()) async throws(StoreError)
        -> WorkTask
    {
        var request = GetTask()
        request.task = gid
        return WorkTask(
            try await perform(request, in: gid, options, as: WorkProtocol.WorkTask.self).value)
    }

    /// Changes a task and gives its new version.
    public func updateTask(
        _ gid: Gid, _ changes: TaskChanges, options: CallOptions = CallOptions()
    ) async throws(StoreError) -> UInt32 {
        var request = UpdateTask()
        request.task = gid
        request.name = changes.name
        request.notes = changes.notes
        request.completed = changes.isCompleted
        request.ifVersion = changes.ifVersion
        if changes.assignee == 0 {
            request.clear.append(.assignee)
        } else {
            request.assignee = changes.assignee
        }
        if changes.dueOn == "" {
            request.clear.append(.due)
        } else {
            request.dueOn = try Self.day(changes.dueOn, "dueOn")
        }
        return try await perform(request, in: gid, options, as: Changed.self).value.version
    }

    public func deleteTask(_ gid: Gid, options: CallOptions = CallOptions())
        async throws(StoreError)
    {
        var request = DeleteTask()
        request.task = gid
        _ = try await perform(request, in: gid, options, as: Changed.self)
    }

    /// The tasks of a project, a page at a time.
    public func tasks(
        inProject project: Gid, limit: UInt32 = 100, cursor: [UInt8] = [],
        options: CallOptions = CallOptions()
    ) async throws(StoreError) -> Page<WorkTask> {
        var request = ListTasks()
        request.project = project
        request.limit = limit
        request.cursor = cursor
        let page = try await perform(request, in: project, options, as: TaskPage.self).value
        return Page(elements: page.tasks.map { WorkTask($0) }, next: page.next)
    }

    /// The projects of a workspace that may be seen, a page at a time.
    public func projects(
        in workspace: Gid, limit: UInt32 = 100, cursor: [UInt8] = [],
        options: CallOptions = CallOptions()
    ) async throws(StoreError) -> Page<Project> {
        var request = ListProjects()
        request.limit = limit
        request.cursor = cursor
        let page = try await perform(request, in: workspace, options, as: ProjectPage.self).value
        return Page(elements: page.projects.map { Project($0) }, next: page.next)
    }

    /// Makes a project and gives its gid.
    public func createProject(
        name: String, notes: String = "", in workspace: Gid,
        options: CallOptions = CallOptions()
    ) async throws(StoreError) -> Gid {
        var request = CreateProject()
        request.name = name
        request.notes = notes
        return try await perform(request, in: workspace, options, as: Changed.self).value.gid
    }

    /// Writes a comment on a task and gives its gid.
    public func addComment(
        _ text: String, to task: Gid, options: CallOptions = CallOptions()
    ) async throws(StoreError) -> Gid {
        var request = AddComment()
        request.task = task
        request.text = text
        return try await perform(request, in: task, options, as: Changed.self).value.gid
    }

    /// The comments on a task, a page at a time.
    public func comments(
        on task: Gid, limit: UInt32 = 100, cursor: [UInt8] = [],
        options: CallOptions = CallOptions()
    ) async throws(StoreError) -> Page<Comment> {
        var request = ListStories()
        request.task = task
        request.commentsOnly = true
        request.limit = limit
        request.cursor = cursor
        let page = try await perform(request, in: task, options, as: StoryPage.self).value
        return Page(elements: page.stories.map { Comment($0) }, next: page.next)
    }

    /// A project as a stream of bytes, all of one moment.
    public func exportProject(
        _ project: Gid, as format: ExportFormat, options: CallOptions = CallOptions()
    ) throws(StoreError) -> AnswerStream {
        var request = Export()
        request.project = project
        request.format = format == .csv ? .csv : .json
        return try stream(request, in: project, options)
    }

    private static func day(_ text: String?, _ field: String) throws(StoreError) -> Int32? {
        guard let text else { return nil }
        guard let date = CivilDate(text) else {
            throw StoreError(.invalidRequest, "\(field): “\(text)” is not a day.")
        }
        return date.days
    }
}

extension Store.WorkTask {
    init(_ task: WorkProtocol.WorkTask) {
        gid = task.gid
        version = task.version
        name = task.name
        notes = task.notes
        isCompleted = task.completed
        assignee = task.assignee
        dueOn = task.dueOn.flatMap { CivilDate(days: $0)?.description }
        startOn = task.startOn.flatMap { CivilDate(days: $0)?.description }
        dueAt = task.dueAt
        parent = task.parent
        projects = task.memberships.map(\.project)
        createdAt = task.createdAt
        modifiedAt = task.modifiedAt
    }
}

extension Store.Project {
    init(_ project: WorkProtocol.Project) {
        gid = project.gid
        version = project.version
        name = project.name
        notes = project.notes
        isArchived = project.archived
        taskCount = Int(project.taskCount)
        completedCount = Int(project.completedCount)
    }
}

extension Store.Comment {
    init(_ story: Story) {
        gid = story.gid
        text = story.text
        author = story.createdBy
        createdAt = story.createdAt
    }
}
