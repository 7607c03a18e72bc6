internal import WorkGraph
internal import WorkProtocol

extension Microbenchmark {
    static let performingCreates = Microbenchmark(name: "perform create", unit: "command") {
        CreatePerforming(try SampleWorkspace(tasks: $0.tasks), $0)
    }

    static let performingUpdates = Microbenchmark(name: "perform update", unit: "command") {
        UpdatePerforming(try SampleWorkspace(tasks: $0.tasks), $0)
    }
}

/// What the node gives the shard for one request.
private struct Asked {
    var command: Command
    var request: RequestID
    var principal: Principal
}

/// Creates tasks: decided, written, indexed, and the record encoded.
private final class CreatePerforming: MeasuredWork {
    let units: Int
    private let workspace: SampleWorkspace
    private var asked: [Asked] = []
    private var answers: [[UInt8]] = []
    private var recordBytes = 0
    private var runs = 0

    init(_ workspace: SampleWorkspace, _ extent: Extent) {
        self.workspace = workspace
        units = extent.units
    }

    func makeReady() {
        asked = (0..<units).map { _ in
            let (request, principal) = workspace.nextRequest()
            return Asked(
                command: .createTask(workspace.taskToCreate()), request: request,
                principal: principal)
        }
        answers.removeAll(keepingCapacity: true)
    }

    func run() throws {
        runs += 1
        for one in asked {
            let done = try workspace.performed(one.command, as: one.principal, one.request)
            recordBytes += done.record?.count ?? 0
            answers.append(done.answer)
        }
    }

    func check() throws {
        let expected = workspace.tasks.count + max(runs, 1) * units
        try WrongResult.unless(workspace.graph.statistics.tasks, is: expected, "tasks")
        try WrongResult.unless(recordBytes > runs * units * 200, is: true, "records of some size")
        for (one, answer) in zip(asked, answers) {
            let gid = try Changed(decoding: answer).gid
            let query = GetTask.with { $0.task = gid }
            let task = try WorkTask(decoding: workspace.answer(.getTask(query)))
            guard case .createTask(let wanted) = one.command else { continue }
            try WrongResult.unless(task.name, is: wanted.name, "the name of task \(gid)")
            try WrongResult.unless(task.assignee, is: wanted.assignee, "its assignee")
        }
    }
}

/// Gives random tasks new notes.
private final class UpdatePerforming: MeasuredWork {
    let units: Int
    private let workspace: SampleWorkspace
    private var asked: [Asked] = []
    private var last: UpdateTask?
    private var versions: UInt64 = 0
    private var expected: UInt64 = 0

    init(_ workspace: SampleWorkspace, _ extent: Extent) {
        self.workspace = workspace
        units = extent.units
        expected = workspace.graph.position
    }

    func makeReady() {
        asked = (0..<units).map { _ in
            let (request, principal) = workspace.nextRequest()
            let update = workspace.taskToUpdate()
            last = update
            return Asked(command: .updateTask(update), request: request, principal: principal)
        }
        expected += UInt64(units)
    }

    func run() throws {
        for one in asked {
            versions += try workspace.performed(one.command, as: one.principal, one.request)
                .position
        }
    }

    func check() throws {
        try WrongResult.unless(workspace.graph.position, is: expected, "position")
        guard let last else { throw WrongResult("updates", expected: units, found: 0) }
        let query = GetTask.with { $0.task = last.task }
        let task = try WorkTask(decoding: workspace.answer(.getTask(query)))
        try WrongResult.unless(task.notes, is: last.notes ?? "", "the notes of the last task")
    }
}
