internal import ByteCoding
internal import WorkGraph
internal import WorkProtocol

/// A workspace of the shape that `Benchmarks/run` loads: tasks of about 300 bytes with a place in a
/// section and in an assignee's list, 100 people, sections of some hundred tasks. Made by commands,
/// with request IDs as clients send them; the records they made are kept.
final class SampleWorkspace {
    static let ordinal: UInt32 = 7
    private static let sessions = 64
    /// The requests a client has under way on a session.
    private static let depth: UInt64 = 16

    let shard = Shard()
    private(set) var people: [Principal] = []
    private(set) var sections: [(project: UInt64, section: UInt64)] = []
    private(set) var tasks: [UInt64] = []
    /// The records' bodies, from position 1 on.
    private(set) var records: [[UInt8]] = []
    /// How many of them made what is there before the first task.
    private(set) var foundation = 0
    var draw = Draw(1)
    private var time: Int64 = 1_700_000_000_000
    private var sequences = [UInt64](repeating: 0, count: sessions)

    /// Makes a workspace of so many tasks. O(tasks).
    init(tasks count: Int) throws {
        for number in 1...100 { try admit(UInt64(number)) }
        for number in 0..<max(1, count / 4_000) { try makeProject(number) }
        foundation = records.count
        for _ in 0..<count { tasks.append(try create(taskToCreate())) }
    }

    /// The workspace itself.
    var graph: WorkspaceGraph {
        guard let graph = shard.workspace(Self.ordinal) else {
            preconditionFailure("the workspace has just been made")
        }
        return graph
    }

    private func admit(_ account: UInt64) throws {
        let member = AdmitMember.with {
            $0.account = account
            $0.name = "Person \(account)"
            $0.email = "person\(account)@example.org"
            $0.role = .member
            $0.isActive = true
            $0.workspace = Workspace.with {
                $0.ordinal = Self.ordinal
                $0.name = "Sample"
            }
            $0.gidKey = 99
        }
        _ = try perform(.admitMember(member), as: .node)
        people.append(Principal(account: Gid(account), scopes: [.read, .write]))
    }

    private func makeProject(_ number: Int) throws {
        let project = CreateProject.with {
            $0.name = "Project \(number)"
            $0.sections = (0..<20).map { "Section \($0)" }
        }
        let made = try Changed(
            decoding: perform(.createProject(project), as: people[number % people.count]))
        sections += made.gids.map { (made.gid, $0) }
    }

    /// Performs a command and keeps its record. - Returns: the answer's bytes.
    @discardableResult
    func perform(
        _ command: Command, as principal: Principal, _ request: RequestID? = nil
    ) throws -> [UInt8] {
        let done = try performed(command, as: principal, request)
        if let record = done.record { records.append(record) }
        return done.answer
    }

    /// Performs a command: what the node does with one.
    func performed(
        _ command: Command, as principal: Principal, _ request: RequestID?
    ) throws -> WorkspaceGraph.Performed {
        time += 1
        return try shard.perform(
            command, in: Self.ordinal, as: principal, request: request, requestHash: 1,
            wallTime: time)
    }

    /// - Returns: the new task's gid.
    func create(_ task: CreateTask) throws -> UInt64 {
        let (request, principal) = nextRequest()
        return try Changed(decoding: perform(.createTask(task), as: principal, request)).gid
    }

    /// Who asks next, and the request's ID in that person's session.
    func nextRequest() -> (request: RequestID, principal: Principal) {
        let session = draw.below(Self.sessions)
        sequences[session] += 1
        let sequence = sequences[session]
        let request = RequestID(
            high: 1_700_000_000_000 << 16, low: UInt64(session) + 1, sequence: sequence,
            acknowledged: sequence > Self.depth ? sequence - Self.depth : 0)
        return (request, people[session])
    }

    /// A task that is not there yet, in a random section.
    func taskToCreate() -> CreateTask {
        let place = sections[draw.below(sections.count)]
        return CreateTask.with {
            $0.name = "Prepare the figures of quarter \(draw.below(100_000))"
            $0.notes = String(repeating: "Some words that people write. ", count: 5)
            $0.dueOn = Int32(20_700 + draw.below(100))
            $0.assignee = UInt64(draw.below(people.count) + 1)
            $0.placements = [
                Placement.with {
                    $0.project = place.project
                    $0.section = place.section
                }
            ]
        }
    }

    /// New notes for a random task.
    func taskToUpdate() -> UpdateTask {
        UpdateTask.with {
            $0.task = randomTask()
            $0.notes = String(repeating: "Changed words. ", count: 10) + "\(draw.below(10_000))"
        }
    }

    func randomTask() -> UInt64 { tasks[draw.below(tasks.count)] }
    func randomPerson() -> Principal { people[draw.below(people.count)] }

    /// The answer to a query of the first person's.
    func answer(_ query: Query) throws -> [UInt8] {
        var writer = ByteWriter(capacity: 4096)
        try shard.answer(query, in: Self.ordinal, as: people[0], into: &writer)
        return writer.bytes
    }
}

extension Message {
    /// A message with some fields set.
    static func with(_ set: (inout Self) throws -> Void) rethrows -> Self {
        var message = Self()
        try set(&message)
        return message
    }
}
