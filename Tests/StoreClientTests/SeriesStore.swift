import ByteCoding
import Simulation
import Testing
import WorkGraph
import WorkProtocol

/// A workspace that takes imports as a primary does, with a log of what was executed: all of it,
/// or what a failover left of it.
struct SeriesStore {
    static let ordinal: UInt32 = 7
    private static let start: Int64 = 1_790_000_000_000
    static let ann = Principal(account: Gid(1), scopes: [.read, .write, .import])

    private(set) var shard = Shard()
    /// The bodies of the records, in their order.
    private(set) var records: [[UInt8]] = []

    init() throws {
        var admit = AdmitMember()
        admit.account = 1
        admit.name = "Ann"
        admit.email = "ann@holdfast.test"
        admit.role = .admin
        admit.isActive = true
        var workspace = Workspace()
        workspace.ordinal = Self.ordinal
        workspace.name = "Acme"
        workspace.isOrganization = true
        admit.workspace = workspace
        admit.gidKey = 0x5EED
        _ = try perform(.admitMember(admit), as: .node)
    }

    /// Runs a command; its answer.
    mutating func perform(
        _ command: Command, as principal: Principal = ann, request: RequestID? = nil,
        hash: UInt64 = 0
    ) throws(Rejection) -> [UInt8] {
        let performed = try shard.perform(
            command, in: Self.ordinal, as: principal, request: request, requestHash: hash,
            wallTime: Self.start + Int64(records.count))
        if let record = performed.record { records.append(record) }
        return performed.answer
    }

    /// Goes on from the first `count` records alone, as the other node does that has no more.
    mutating func failOver(keeping count: Int) throws {
        records.removeSubrange(count...)
        shard = Shard()
        for (index, record) in records.enumerated() {
            try shard.apply(record.span.bytes, in: Self.ordinal, at: UInt64(index + 1))
        }
    }

    /// The tasks of the imported project, in its order.
    func tasks() throws -> [String] {
        var get = GetProject()
        get.project = "external:P"
        var writer = ByteWriter()
        do throws(Rejection) {
            try shard.answer(.getProject(get), in: Self.ordinal, as: Self.ann, into: &writer)
        } catch {
            return []
        }
        var list = ListTasks()
        list.project = try Project(decoding: writer.bytes).gid
        list.limit = 100
        var names: [String] = []
        repeat {
            writer.removeAll()
            try shard.answer(.listTasks(list), in: Self.ordinal, as: Self.ann, into: &writer)
            let page = try TaskPage(decoding: writer.bytes)
            names += page.tasks.map { "\($0.gid) \($0.name)" }
            list.cursor = page.next
        } while !list.cursor.isEmpty
        return names
    }

    /// A batch of an import: some new tasks at the end of a project, and one that was there.
    /// - Parameter bad: Whether it refers to what is not there, and is refused.
    static func batch(_ number: Int, bad: Bool, _ seed: inout Seed) -> Import {
        var request = Import()
        if number == 0 {
            var project = ImportProject()
            project.external = external("P")
            project.name = "Imported"
            request.items.append(item(.project(project)))
        }
        for index in 0...seed.number(below: 4) { request.items.append(task("\(number).\(index)")) }
        if number > 0 { request.items.append(task("\(number - 1).0", name: "renamed \(number)")) }
        if bad {
            var lost = ImportTask()
            lost.external = external("lost")
            lost.name = "lost"
            var parent = Foreign()
            parent.gid = "nowhere"
            lost.parent = parent
            request.items.append(item(.task(lost)))
        }
        return request
    }

    private static func task(_ gid: String, name: String? = nil) -> ImportItem {
        var task = ImportTask()
        task.external = external(gid)
        task.name = name ?? "Task \(gid)"
        var placement = ImportPlacement()
        var project = Foreign()
        project.gid = "P"
        placement.project = project
        task.placements = [placement]
        return item(.task(task))
    }

    private static func external(_ gid: String) -> External {
        var external = External()
        external.gid = gid
        return external
    }

    private static func item(_ kind: ImportItem.Kind) -> ImportItem {
        var item = ImportItem()
        item.kind = kind
        return item
    }
}
