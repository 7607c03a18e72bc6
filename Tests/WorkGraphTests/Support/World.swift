import ByteCoding
import Testing
import WorkProtocol

@testable import WorkGraph

/// A shard with one workspace, some people in it, and everything that was logged: what the tests
/// of the graph begin with.
final class World {
    static let ordinal: UInt32 = 7
    let shard = Shard()
    /// The bodies of all records so far, in order.
    private(set) var records: [[UInt8]] = []
    /// The clock; a second later at each command.
    var time: Int64 = 1_700_000_000_000
    private var accounts: UInt32 = 100
    let ann: Principal
    let bob: Principal
    let cat: Principal
    let gus: Principal
    /// Not a member of the workspace.
    let eve = Principal(account: Gid(99), scopes: [.read, .write, .import])

    /// Ann is an admin, Bob and Cat are members, Gus is a guest.
    init() throws {
        func account(_ low: UInt64) -> Principal {
            Principal(account: Gid(low), scopes: [.read, .write, .import])
        }
        (ann, bob, cat, gus) = (account(1), account(2), account(3), account(4))
        try admit(ann, "Ann", .admin)
        try admit(bob, "Bob", .member)
        try admit(cat, "Cat", .member)
        try admit(gus, "Gus", .guest)
    }

    var graph: WorkspaceGraph {
        guard let graph = shard.workspace(Self.ordinal) else { fatalError("no workspace") }
        return graph
    }

    var people: [Principal] { [ann, bob, cat, gus] }

    private func admit(_ principal: Principal, _ name: String, _ role: Role) throws {
        var admit = AdmitMember()
        admit.account = principal.account.rawValue
        admit.name = name
        admit.email = "\(name.lowercased())@example.com"
        admit.role = role
        admit.isActive = true
        admit.isService = principal.isService
        admit.workspace = .with {
            $0.ordinal = Self.ordinal
            $0.name = "Acme"
            $0.isOrganization = true
        }
        admit.gidKey = 0x5EED
        try perform(.admitMember(admit), as: .node)
    }

    /// Lets another person, or a service account, into the workspace.
    func person(_ name: String, _ role: Role = .member, isService: Bool = false) throws -> Principal
    {
        accounts += 1
        let principal = Principal(
            account: Gid(workspace: 0, low: accounts), scopes: [.read, .write, .import],
            home: isService ? Self.ordinal : 0, isService: isService)
        try admit(principal, name, role)
        return principal
    }

    // MARK: - Asking

    /// Runs a command and keeps its record.
    @discardableResult
    func perform(
        _ command: Command, as principal: Principal, request: RequestID? = nil,
        requestHash: UInt64 = 0
    ) throws(Rejection) -> WorkspaceGraph.Performed {
        time += 1000
        let performed = try shard.perform(
            command, in: Self.ordinal, as: principal, request: request, requestHash: requestHash,
            wallTime: time)
        if let record = performed.record { records.append(record) }
        return performed
    }

    /// Runs a command that answers `Changed`.
    @discardableResult
    func change(_ command: Command, as principal: Principal) throws -> Changed {
        try Changed(decoding: perform(command, as: principal).answer)
    }

    /// Runs a command that must be refused, and checks that nothing changed.
    func refused(
        _ command: Command, as principal: Principal, _ location: SourceLocation = #_sourceLocation
    ) -> Rejection? {
        let digest = graph.digest
        let indexes = graph.indexes
        do {
            try perform(command, as: principal)
            Issue.record("\(command.method) was not refused", sourceLocation: location)
            return nil
        } catch {
            #expect(graph.digest == digest, "a refusal changed something", sourceLocation: location)
            #expect(
                graph.indexes == indexes, "a refusal left index entries", sourceLocation: location)
            return error
        }
    }

    /// The bytes of an answer.
    func bytes(_ query: Query, as principal: Principal) throws(Rejection) -> [UInt8] {
        var writer = ByteWriter()
        try shard.answer(query, in: Self.ordinal, as: principal, into: &writer)
        return writer.bytes
    }

    func ask<Answer: Message>(
        _ query: Query, as principal: Principal, _ type: Answer.Type = Answer.self
    ) throws -> Answer {
        try Answer(decoding: bytes(query, as: principal))
    }

    func refusedQuery(_ query: Query, as principal: Principal) -> Rejection? {
        do {
            _ = try bytes(query, as: principal)
            return nil
        } catch { return error }
    }

    // MARK: - Short forms

    /// Gives somebody access to a project.
    func share(_ project: UInt64, with member: Principal, _ access: AccessLevel) throws {
        try change(
            .setProjectMember(
                .with {
                    $0.project = project
                    $0.member = member.account.rawValue
                    $0.access = access
                }), as: ann)
    }

    /// Takes it away again.
    func unshare(_ project: UInt64, with member: Principal) throws {
        try change(
            .removeProjectMember(
                .with {
                    $0.project = project
                    $0.member = member.account.rawValue
                }), as: ann)
    }

    /// A project with sections, made by Ann; the gids of the project and of its sections.
    func project(
        _ name: String = "Launch", sections: [String] = ["To do", "Doing"],
        privacy: ProjectPrivacy = .publicToWorkspace, as principal: Principal? = nil
    ) throws -> (gid: UInt64, sections: [UInt64]) {
        let changed = try change(
            .createProject(
                .with {
                    $0.name = name
                    $0.sections = sections
                    $0.privacy = privacy
                    $0.defaultView = .board
                }), as: principal ?? ann)
        return (changed.gid, changed.gids)
    }

    /// A task with a name, filled further by `body`; its gid.
    func task(
        _ name: String, in project: UInt64 = 0, section: UInt64 = 0, as principal: Principal? = nil,
        _ body: (inout CreateTask) -> Void = { _ in }
    ) throws -> UInt64 {
        var create = CreateTask()
        create.name = name
        if project != 0 {
            create.placements = [
                .with {
                    $0.project = project
                    $0.section = section
                }
            ]
        }
        body(&create)
        return try change(.createTask(create), as: principal ?? ann).gid
    }

    @discardableResult
    func update(
        _ task: UInt64, as principal: Principal? = nil, _ body: (inout UpdateTask) -> Void
    ) throws -> Changed {
        var update = UpdateTask()
        update.task = task
        body(&update)
        return try change(.updateTask(update), as: principal ?? ann)
    }

    func get(_ task: UInt64, as principal: Principal? = nil, names: Bool = false) throws -> WorkTask
    {
        try ask(
            .getTask(
                .with {
                    $0.task = task
                    $0.withNames = names
                }), as: principal ?? ann)
    }

    func stories(_ task: UInt64, as principal: Principal? = nil) throws -> [Story] {
        try ask(.listStories(.with { $0.task = task }), as: principal ?? ann, StoryPage.self)
            .stories
    }

    /// The names of a list of tasks, all pages.
    func names(as principal: Principal? = nil, _ body: (inout ListTasks) -> Void) throws -> [String]
    {
        var list = ListTasks()
        body(&list)
        var names: [String] = []
        repeat {
            let page: TaskPage = try ask(.listTasks(list), as: principal ?? ann)
            names += page.tasks.map(\.name)
            list.cursor = page.next
        } while !list.cursor.isEmpty
        return names
    }

    /// A shard made by replaying all records.
    func replayed() throws -> WorkspaceGraph {
        let shard = Shard()
        for (index, record) in records.enumerated() {
            try shard.apply(record.span.bytes, in: Self.ordinal, at: UInt64(index + 1))
        }
        return try #require(shard.workspace(Self.ordinal))
    }
}

extension Message {
    /// A message filled by `body`.
    static func with(_ body: (inout Self) -> Void) -> Self {
        var message = Self()
        body(&message)
        return message
    }
}

/// The reason of a refusal, for short expectations.
func reason(_ rejection: Rejection?) -> Reason? { rejection?.reason }
