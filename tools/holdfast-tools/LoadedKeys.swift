import ByteCoding

/// The gids of what was loaded, in the form in which `peer-load run` reads them: the tasks, and
/// sections with the project they are in, twenty to a project there; a project with fewer stands
/// with each of them several times, and a large one several times.
struct LoadedKeys {
    private static let mark: UInt64 = 0x3159_454B_4441_4F4C  // "LOADKEY1"
    private static let sectionsPerProject = 20
    /// A project stands there once for so many tasks.
    private static let tasksPerEntry = 2_000
    /// How many tasks of a section a list is checked for.
    private static let listLength = 50

    private var tasks: [UInt64] = []
    private var sections: [UInt64] = []
    private var projects: [UInt64] = []
    private var people: [UInt64] = []
    /// Projects of this workspace whose sections are not known yet.
    private(set) var newProjects: [UInt64] = []
    /// By the project's place in `newProjects`, its tasks.
    private var sizes: [Int] = []
    /// The first project of all is the largest: the sections of its tasks by their external ids,
    /// in their order, with the first tasks of each.
    private var firstTasks: [(section: String, tasks: [UInt64])] = []
    private var largestSections: [UInt64] = []
    private(set) var largestProject: UInt64 = 0
    private(set) var largestTasks = 0

    mutating func begin(people gids: [UInt64]) { people += gids }

    mutating func take(project gid: UInt64) {
        if largestProject == 0 { largestProject = gid }
        newProjects.append(gid)
        sizes.append(0)
    }

    /// - Parameter sections: the external ids of those it stands in, `…/project/P/section/S`; none
    ///   for a subtask.
    mutating func take(task gid: UInt64, sections: [String]) {
        tasks.append(gid)
        for section in sections {
            let parts = section.split(separator: "/")
            guard parts.count >= 3, let project = Int(parts[parts.count - 3]),
                sizes.indices.contains(project)
            else { continue }
            sizes[project] += 1
            if project == 0, newProjects.first == largestProject { note(gid, in: section) }
        }
    }

    private mutating func note(_ gid: UInt64, in section: String) {
        largestTasks += 1
        if let index = firstTasks.firstIndex(where: { $0.section == section }) {
            guard firstTasks[index].tasks.count < Self.listLength else { return }
            firstTasks[index].tasks.append(gid)
        } else {
            firstTasks.append((section, [gid]))
        }
    }

    /// The sections, in their order, of the project at `place` of `newProjects`.
    mutating func take(sections gids: [UInt64], ofProject place: Int) {
        guard !gids.isEmpty else { return }
        let project = newProjects[place]
        if project == largestProject { largestSections = gids }
        for _ in 0...(sizes[place] / Self.tasksPerEntry) {
            projects.append(project)
            for index in 0..<Self.sectionsPerProject { sections.append(gids[index % gids.count]) }
        }
    }

    mutating func finishWorkspace() {
        newProjects = []
        sizes = []
    }

    /// All tasks, for everything but lists.
    var file: [UInt8] { Self.encoded([tasks, sections, projects, people]) }

    /// The largest project alone, its tasks in the order of lists: the first of each section, then
    /// the second of each.
    var listFile: [UInt8] {
        let columns = firstTasks.sorted { $0.section < $1.section }
        let length = columns.map(\.tasks.count).min() ?? 0
        let turns = (0..<Self.sectionsPerProject).map { $0 % max(columns.count, 1) }
        let rows = (0..<length).flatMap { place in turns.map { columns[$0].tasks[place] } }
        let gids = turns.map { $0 < largestSections.count ? largestSections[$0] : 0 }
        return Self.encoded([rows, gids, [largestProject], people])
    }

    /// Little-endian 64-bit numbers: the mark, the four counts, the numbers.
    private static func encoded(_ lists: [[UInt64]]) -> [UInt8] {
        var writer = ByteWriter(capacity: 8 * (5 + lists.reduce(0) { $0 + $1.count }))
        writer.append(fixed: mark)
        for list in lists { writer.append(fixed: UInt64(list.count)) }
        for list in lists { for number in list { writer.append(fixed: number) } }
        return writer.bytes
    }
}
