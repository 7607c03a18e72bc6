internal import ByteCoding
internal import WorkProtocol

/// Samples of the messages that nearly all requests, answers and records consist of, as bytes: for
/// this program's codecs, and for others to be compared with them.
public struct HotMessages: Sendable {
    /// The messages' names in the schema, in the order of `samples`.
    public static let names = [
        "CreateTask", "UpdateTask", "GetTask", "ListTasks", "WorkTask", "ChangeRecord",
    ]

    private let samples: [String: [[UInt8]]]

    /// Different messages of each kind, out of a small workspace.
    public init() throws {
        let workspace = try SampleWorkspace(tasks: Self.count)
        var samples: [String: [[UInt8]]] = [:]
        func add<Value: Message>(_ make: () throws -> Value) throws {
            samples[Value.messageName] = try (0..<Self.count).map { _ in try make().encoded() }
        }
        try add { workspace.taskToCreate() }
        try add { workspace.taskToUpdate() }
        try add { GetTask.with { $0.task = workspace.randomTask() } }
        try add {
            ListTasks.with {
                $0.section = workspace.sections[workspace.draw.below(20)].section
                $0.limit = 50
            }
        }
        var next = 0
        try add {
            defer { next += 1 }
            let query = GetTask.with { $0.task = workspace.tasks[next] }
            return try WorkTask(decoding: workspace.answer(.getTask(query)))
        }
        var records = workspace.records[workspace.foundation...]
        try add { try ChangeRecord(decoding: records.removeFirst()) }
        self.samples = samples
    }

    /// So many of each, so that no branch is learnt by heart.
    private static let count = 64

    /// The samples of a message; none if it is not one of `names`.
    public subscript(name: String) -> [[UInt8]] { samples[name] ?? [] }
}
