internal import ByteCoding
internal import WorkGraph
internal import WorkProtocol

extension Microbenchmark {
    static let applyingCreates = Microbenchmark(name: "apply create", unit: "record") {
        try RecordApplying(SampleWorkspace(tasks: $0.tasks), $0)
    }

    static let applyingUpdates = Microbenchmark(name: "apply update", unit: "record") { extent in
        let workspace = try SampleWorkspace(tasks: extent.tasks)
        let start = workspace.records.count
        for _ in 0..<extent.tasks {
            let (request, principal) = workspace.nextRequest()
            try workspace.perform(.updateTask(workspace.taskToUpdate()), as: principal, request)
        }
        return try RecordApplying(workspace, from: start, extent)
    }
}

/// Applies the records of a workspace to another shard, as the follower does; when all have been
/// applied, begins with a new shard.
private final class RecordApplying: MeasuredWork {
    let units: Int
    private let workspace: SampleWorkspace
    /// The first record that is measured.
    private let start: Int
    private var shard = Shard()
    private var applied = 0
    private var runs = 0

    /// - Parameter start: the record to begin with; that of the first task, if it is not given.
    init(_ workspace: SampleWorkspace, from start: Int? = nil, _ extent: Extent) throws {
        self.workspace = workspace
        self.start = start ?? workspace.foundation
        units = min(extent.units, workspace.records.count - self.start)
        try beginAnew()
    }

    private func beginAnew() throws {
        shard = Shard()
        applied = 0
        try apply(start)
    }

    private func apply(_ count: Int) throws {
        for index in applied..<(applied + count) {
            let record = workspace.records[index]
            try unsafe shard.apply(
                record.span.bytes, in: SampleWorkspace.ordinal, at: UInt64(index + 1))
        }
        applied += count
    }

    func makeReady() throws {
        if applied + units > workspace.records.count { try beginAnew() }
    }

    func run() throws {
        runs += 1
        try apply(units)
    }

    /// Applies the rest, too: the state of both must be the same then.
    func check() throws {
        try WrongResult.unless(runs > 0, is: true, "something was applied")
        try apply(workspace.records.count - applied)
        try WrongResult.unless(
            shard.workspace(SampleWorkspace.ordinal)?.digest, is: workspace.graph.digest, "digest")
    }
}
