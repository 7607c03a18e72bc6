internal import ByteCoding
internal import WorkGraph
internal import WorkProtocol

extension Microbenchmark {
    static let gets = Microbenchmark(name: "answer get", unit: "query") {
        Gets(try SampleWorkspace(tasks: $0.tasks), $0)
    }

    static let groupedGets = Microbenchmark(name: "answer get, 16 together", unit: "query") {
        Gets(try SampleWorkspace(tasks: $0.tasks), together: 16, $0)
    }

    static let lists = Microbenchmark(name: "answer list of 50", unit: "query") {
        Lists(try SampleWorkspace(tasks: $0.tasks), $0)
    }

    static let authorising = Microbenchmark(name: "authorise", unit: "question") {
        Authorising(try SampleWorkspace(tasks: $0.tasks), $0)
    }
}

/// Gets random tasks, all fields; several that came together are foreseen, as the node does.
private final class Gets: MeasuredWork {
    let units: Int
    private let workspace: SampleWorkspace
    private var queries: [(query: Query, principal: Principal)] = []
    private var payloads: [[UInt8]] = []
    private var asked: [UInt64] = []
    private var last: [UInt8] = []
    private var bytes = 0
    private let together: Int
    private var foresights: [Foresight] = []

    init(_ workspace: SampleWorkspace, together: Int = 1, _ extent: Extent) {
        self.workspace = workspace
        self.together = together
        units = extent.units
    }

    func makeReady() {
        asked = (0..<units).map { _ in workspace.randomTask() }
        queries = asked.map { task in
            (.getTask(GetTask.with { $0.task = task }), workspace.randomPerson())
        }
        payloads = queries.map { $0.query.encoded() }
    }

    func run() throws {
        var writer = ByteWriter(capacity: 4096)
        let shard = workspace.shard
        for (number, (query, principal)) in queries.enumerated() {
            if together > 1, number % together == 0 { foresee(number) }
            writer.removeAll()
            try shard.answer(query, in: SampleWorkspace.ordinal, as: principal, into: &writer)
            bytes += writer.count
        }
        last = writer.bytes
    }

    /// Fetches what the next queries will look at.
    private func foresee(_ start: Int) {
        let shard = workspace.shard
        for index in start..<min(start + together, queries.count) {
            let payload = payloads[index]
            foresights.append(
                unsafe shard.foresee(
                    .getTask, payload.span.bytes, in: SampleWorkspace.ordinal))
        }
        while foresights.contains(where: \.isOpen) {
            for index in foresights.indices { shard.fetch(&foresights[index]) }
        }
        foresights.removeAll(keepingCapacity: true)
    }

    func check() throws {
        try WrongResult.unless(bytes > units * 200, is: true, "answers of some size")
        try WrongResult.unless(
            try WorkTask(decoding: last).gid, is: asked.last ?? 0, "the last answer's task")
    }
}

/// Lists the first 50 tasks of random sections, in order, all fields.
private final class Lists: MeasuredWork {
    let units: Int
    private let workspace: SampleWorkspace
    private var queries: [(query: Query, principal: Principal)] = []
    private var section: UInt64 = 0
    private var last: [UInt8] = []

    init(_ workspace: SampleWorkspace, _ extent: Extent) {
        self.workspace = workspace
        // A list is 50 tasks.
        units = max(1, extent.units / 20)
    }

    func makeReady() {
        queries = (0..<units).map { _ in
            section = workspace.sections[workspace.draw.below(workspace.sections.count)].section
            let list = ListTasks.with {
                $0.section = section
                $0.limit = 50
            }
            return (.listTasks(list), workspace.randomPerson())
        }
    }

    func run() throws {
        var writer = ByteWriter(capacity: 64 << 10)
        let shard = workspace.shard
        for (query, principal) in queries {
            writer.removeAll()
            try shard.answer(query, in: SampleWorkspace.ordinal, as: principal, into: &writer)
        }
        last = writer.bytes
    }

    func check() throws {
        var rest: [UInt64] = []
        for task in workspace.tasks {
            let query = GetTask.with { $0.task = task }
            let found = try WorkTask(decoding: workspace.answer(.getTask(query)))
            if found.memberships.contains(where: { $0.section == section }) { rest.append(task) }
            if rest.count == 50 { break }
        }
        let page = try TaskPage(decoding: last)
        try WrongResult.unless(page.tasks.map(\.gid), is: rest, "the last section's tasks")
    }
}

/// Asks what random people may do with random tasks, every fourth of which is out of their reach.
private final class Authorising: MeasuredWork {
    let units: Int
    private let workspace: SampleWorkspace
    private var questions: [(task: Gid, principal: Principal)] = []
    private var levels: [AccessLevel] = []
    private static let stranger = Principal(account: Gid(4_711), scopes: [.read, .write])

    init(_ workspace: SampleWorkspace, _ extent: Extent) {
        self.workspace = workspace
        units = extent.units
    }

    func makeReady() {
        questions = (0..<units).map { number in
            let task = Gid(workspace.randomTask())
            return (task, number % 4 == 3 ? Self.stranger : workspace.randomPerson())
        }
        levels.removeAll(keepingCapacity: true)
    }

    func run() {
        let graph = workspace.graph
        for (task, principal) in questions {
            levels.append(graph.access(of: principal, to: task))
        }
    }

    func check() throws {
        try WrongResult.unless(levels.count, is: units, "answers")
        for (level, question) in zip(levels, questions) {
            let isStranger = question.principal == Self.stranger
            try WrongResult.unless(level > .none, is: !isStranger, "access to \(question.task)")
        }
    }
}
