import ByteCoding
import Testing
import WorkProtocol

@testable import WorkGraph

/// Two workspaces that differ only in what one reader must not see: in the busy one more happens
/// than in the quiet one. Whatever the reader asks, both must answer with the same bytes.
///
/// Numbers of rows are given out in both alike (`align`), so that gids need not be renamed; the
/// clock is the same. What a cursor holds is sealed and may differ; whether there is one may not.
final class TwinWorlds {
    let quiet: World
    let busy: World
    /// Who must not notice.
    let reader: Principal
    var random: SeededRandom
    /// What was done, for the report of a failure.
    private(set) var history: [String] = []
    var things = Things()
    /// What the reader might notice a hidden tie by, if it tries it.
    var traps: [Command] = []

    /// Gids of what there is, by whether the reader may see it.
    struct Things {
        var projects: [UInt64] = []
        var sections: [UInt64] = []
        var teams: [UInt64] = []
        var tasks: [UInt64] = []
        var labels: [UInt64] = []
        var fields: [UInt64] = []
        var comments: [UInt64] = []
        var shown = Shown()
        var hidden = Hidden()
        var all: [UInt64] {
            projects + sections + teams + tasks + labels + fields + comments
        }

        struct Shown {
            var project: UInt64 = 0
            var sections: [UInt64] = []
            var tasks: [UInt64] = []
            var field: UInt64 = 0
        }

        struct Hidden {
            var project: UInt64 = 0
            var sections: [UInt64] = []
            var tasks: [UInt64] = []
            var field: UInt64 = 0
            /// On the project that is shown as well.
            var sharedField: UInt64 = 0
        }
    }

    init(seed: UInt64, reader: KeyPath<World, Principal>) throws {
        random = SeededRandom(seed: seed)
        quiet = try World()
        busy = try World()
        self.reader = busy[keyPath: reader]
        try furnish()
    }

    // MARK: - Doing

    /// In both: what the reader may notice, or does itself. The outcome is that of the busy one;
    /// the reader's own must be the same in both.
    @discardableResult
    func both(_ command: Command, as principal: Principal) -> Changed? {
        history.append("both \(principal.account) \(command)")
        let busyOne = outcome(command, in: busy, as: principal)
        // Others may be refused for what the reader does not see: then they did nothing.
        guard principal == reader || busyOne.rejection == nil else {
            quiet.time = busy.time
            return nil
        }
        let quietOne = outcome(command, in: quiet, as: principal)
        align()
        if principal == reader { #expect(busyOne == quietOne, "\(history.last ?? "")") }
        #expect(quietOne.rejection == busyOne.rejection, "\(history.last ?? "")")
        return busyOne.bytes.flatMap { try? Changed(decoding: $0) }
    }

    /// In the busy one alone.
    @discardableResult
    func hidden(_ command: Command, as principal: Principal) -> Changed? {
        history.append("hidden \(principal.account) \(command)")
        let done = outcome(command, in: busy, as: principal)
        align()
        return done.bytes.flatMap { try? Changed(decoding: $0) }
    }

    /// The numbers that hidden rows have are taken in the quiet world, too.
    private func align() {
        let next = max(busy.graph.nextRow, quiet.graph.nextRow)
        busy.graph.nextRow = next
        quiet.graph.nextRow = next
        quiet.time = busy.time
    }

    struct Outcome: Equatable {
        var bytes: [UInt8]?
        var rejection: Rejection?
    }

    private func outcome(
        _ command: Command, in world: World, as principal: Principal
    ) -> Outcome {
        do throws(Rejection) {
            return Outcome(bytes: try world.perform(command, as: principal).answer)
        } catch {
            return Outcome(rejection: error)
        }
    }

    // MARK: - Furniture

    private func furnish() throws {
        things.shown.project = try #require(project("Shown", .publicToWorkspace)?.gid)
        things.shown.sections = Array(things.sections)
        if reader == busy.gus { share(things.shown.project, .editor) }
        let hidden = try #require(project("Hidden", .private))
        things.hidden.project = hidden.gid
        things.hidden.sections = hidden.gids
        both(
            .setProjectMember(
                .with {
                    $0.project = hidden.gid
                    $0.member = busy.bob.account.rawValue
                    $0.access = .admin
                }), as: busy.ann)
        things.shown.field = try field("Shown", on: [things.shown.project])
        things.hidden.field = try field("Hidden", on: [hidden.gid])
        things.hidden.sharedField = try field("Shared", on: [things.shown.project, hidden.gid])
        let label = try #require(both(.createLabel(.with { $0.name = "Tag" }), as: busy.ann))
        things.labels.append(label.gid)
        for number in 0..<6 {
            let task = try #require(both(.createTask(shownTask("Shown \(number)")), as: busy.ann))
            things.tasks.append(task.gid)
            things.shown.tasks.append(task.gid)
        }
        for number in 0..<4 {
            var create = CreateTask.with { $0.name = "Hidden \(number)" }
            create.placements = [.with { $0.project = hidden.gid }]
            let task = try #require(both(.createTask(create), as: busy.ann))
            things.tasks.append(task.gid)
            things.hidden.tasks.append(task.gid)
        }
        for task in things.shown.tasks.prefix(3) {
            self.hidden(
                .addToProject(
                    .with {
                        $0.task = task
                        $0.placement = .with { $0.project = hidden.gid }
                    }), as: busy.ann)
        }
    }

    func shownTask(_ name: String) -> CreateTask {
        .with {
            $0.name = name
            $0.placements = [.with { $0.project = things.shown.project }]
            if random.once(in: 2) {
                $0.assignee = random.once(in: 2) ? reader.account.rawValue : 2
            }
        }
    }

    private func project(_ name: String, _ privacy: ProjectPrivacy) -> Changed? {
        let made = both(
            .createProject(
                .with {
                    $0.name = name
                    $0.privacy = privacy
                    $0.sections = ["one", "two"]
                    $0.defaultView = .board
                }), as: busy.ann)
        things.projects += made.map { [$0.gid] } ?? []
        things.sections += made?.gids ?? []
        return made
    }

    private func share(_ project: UInt64, _ access: AccessLevel) {
        both(
            .setProjectMember(
                .with {
                    $0.project = project
                    $0.member = reader.account.rawValue
                    $0.access = access
                }), as: busy.ann)
    }

    private func field(_ name: String, on projects: [UInt64]) throws -> UInt64 {
        let made = try #require(both(.createField(.with { $0.name = name }), as: busy.ann))
        things.fields.append(made.gid)
        for project in projects {
            both(
                .setProjectField(
                    .with {
                        $0.project = project
                        $0.field = made.gid
                    }), as: busy.ann)
        }
        return made.gid
    }
}
