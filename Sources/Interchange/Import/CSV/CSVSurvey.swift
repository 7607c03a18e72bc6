internal import ByteCoding

/// What the first reading of a CSV file finds: enough of each row to resolve parents and
/// dependencies, which the file gives by name, and to say whether its order is the one an export
/// would have.
///
/// Some 50 bytes a row. Names are compared by a 64-bit hash: of ten million different names two
/// have the same with a probability of 1 in 400,000.
struct CSVSurvey {
    /// A row that is good.
    struct Row {
        var name: UInt64
        /// The hash of the parent's name; 0 for none.
        var parentName: UInt64
        /// Numbers of the cells in `projectCells` and `sectionNames`.
        var projects: Int32
        var section: Int32
        /// The parent's row; -1 for none in the file.
        var parent: Int32 = -1
        /// Whether the parent stands further down.
        var isForward = false
        /// Whether it has a place of its own in the file's project.
        var isPlaced = false
        /// Whether it looks like a subtask of a task without a name: it follows one, and is in no
        /// project and no section.
        var isNamelessChild = false
    }

    var rows: [Row] = []
    var ids = TextArena()
    /// For ids that stand for several rows: which of them, from 0.
    private(set) var ordinals: [Int32: UInt32] = [:]
    private var idCounts: [UInt64: (first: Int32, count: UInt32)] = [:]

    var projectCells = Interned()
    var sectionNames = Interned()
    /// What the cells in `projectCells` say, in the same order.
    private(set) var projectLists: [[String]] = []
    /// All projects named, in order.
    private(set) var projectNames = Interned()
    var labels = Interned()

    /// The projects that all top-level rows so far are in; nil before the first.
    private var common: [String]?
    /// The file's project if it names one that all top-level rows are in.
    private(set) var mainProject: String?

    private var lastWasNameless = false

    /// How deep subtasks may be nested.
    static let depthMax = 31

    static func hash(_ text: String) -> UInt64 {
        if text.isEmpty { return 0 }
        return max(1, XXH3.hash(Array(text.utf8)))
    }

    /// Adds a row. The parent's cell is empty for a top-level row, or one whose parent has no name.
    mutating func add(
        id: String, name: String, parent: String, projects: String, section: String
    ) {
        let index = Int32(rows.count)
        let key = CSVSurvey.hash(id)
        if let known = idCounts[key] {
            ordinals[index] = known.count
            idCounts[key] = (known.first, known.count + 1)
        } else {
            idCounts[key] = (index, 1)
        }
        ids.append(id)
        let cell = projectCells.number(projects)
        if projectLists.count < projectCells.count {
            projectLists.append(listed(projects).map { CleanText.line($0).text })
            for project in projectLists[cell] { _ = projectNames.number(project) }
        }
        let isNamelessChild =
            parent.isEmpty && projects.isEmpty && section.isEmpty && lastWasNameless
        if parent.isEmpty, !isNamelessChild { narrow(projectLists[cell]) }
        lastWasNameless = name.isEmpty || isNamelessChild
        rows.append(
            Row(
                name: CSVSurvey.hash(name), parentName: CSVSurvey.hash(parent),
                projects: Int32(cell),
                section: Int32(sectionNames.number(CleanText.line(section).text)),
                isNamelessChild: isNamelessChild))
    }

    private mutating func narrow(_ projects: [String]) {
        common = common.map { $0.filter(projects.contains) } ?? projects
    }

    /// The first row with this id.
    func row(id: String) -> Int32? { idCounts[CSVSurvey.hash(id)]?.first }

    func projects(_ row: Int) -> [String] { projectLists[Int(rows[row].projects)] }
    func section(_ row: Int) -> String { sectionNames.texts[Int(rows[row].section)] }

    /// Decides which project the file is, and finds the parents. `parentID` gives the parents of
    /// files that name them by id.
    mutating func resolve(parentIDs: [Int32: Int32]) {
        mainProject = common?.first
        for index in rows.indices {
            let row = rows[index]
            let isNamed = mainProject.map { projects(index).contains($0) } ?? false
            rows[index].isPlaced =
                mainProject == nil ? row.parentName == 0 && !row.isNamelessChild : isNamed
        }
        var byName: [UInt64: [Int32]] = [:]
        for index in rows.indices where rows[index].name != 0 {
            byName[rows[index].name, default: []].append(Int32(index))
        }
        for index in rows.indices {
            if let parent = parentIDs[Int32(index)] {
                link(index, to: parent)
            } else if rows[index].parentName != 0 {
                findParent(index, byName[rows[index].parentName] ?? [])
            } else if rows[index].isNamelessChild, let open = openRow(before: index, named: 0) {
                link(index, to: open)
            }
            // A subtask whose parent is not in the file stays in the file's project.
            if rows[index].parent < 0 { rows[index].isPlaced = true }
        }
    }

    /// The parent by name: for a row that stands under it, the nearest of the rows it stands under;
    /// for one with a place of its own the nearest above; else the first below.
    private mutating func findParent(_ index: Int, _ candidates: [Int32]) {
        if !rows[index].isPlaced, let open = openRow(before: index, named: rows[index].parentName) {
            link(index, to: open)
            return
        }
        let place = CSVSurvey.place(of: Int32(index), in: candidates)
        if place > 0 {
            link(index, to: candidates[place - 1])
        } else if let below = candidates[place...].first(where: { $0 > index }) {
            link(index, to: below)
        }
    }

    /// How many of the rows, which ascend, stand above a row. O(log rows).
    static func place(of row: Int32, in rows: [Int32]) -> Int {
        var low = 0
        var high = rows.count
        while low < high {
            let middle = (low + high) / 2
            if rows[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func link(_ index: Int, to parent: Int32) {
        guard parent != index, !isAncestor(Int32(index), of: parent) else { return }
        rows[index].parent = parent
        rows[index].isForward = parent > index
    }

    /// The row above, its parent, its parent's parent: the nearest of that name.
    private func openRow(before index: Int, named name: UInt64) -> Int32? {
        var candidate = Int32(index) - 1
        var steps = 0
        while candidate >= 0, steps <= CSVSurvey.depthMax {
            if rows[Int(candidate)].name == name { return candidate }
            candidate = rows[Int(candidate)].parent
            steps += 1
        }
        return nil
    }

    /// Whether `ancestor` is above `row`, or the row too deep to have subtasks.
    private func isAncestor(_ ancestor: Int32, of row: Int32) -> Bool {
        var candidate = row
        var steps = 0
        while candidate >= 0 {
            if candidate == ancestor || steps >= CSVSurvey.depthMax { return true }
            candidate = rows[Int(candidate)].parent
            steps += 1
        }
        return false
    }

    /// The sections of the file's project, in order.
    var sections: [String] {
        var numbers = Set<Int32>()
        var names: [String] = []
        for row in rows where row.isPlaced && numbers.insert(row.section).inserted {
            names.append(sectionNames.texts[Int(row.section)])
        }
        return names
    }

    /// Whether the rows stand in the order an export would print them in: section by section, each
    /// task followed by its subtasks that have no place of their own.
    var isInSectionOrder: Bool {
        var children: [Int32: [Int32]] = [:]
        var placed: [Int32: [Int32]] = [:]
        var order: [Int32] = []
        for (index, row) in rows.enumerated() {
            if row.isPlaced {
                if placed[row.section] == nil { order.append(row.section) }
                placed[row.section, default: []].append(Int32(index))
            } else {
                children[row.parent, default: []].append(Int32(index))
            }
        }
        var expected: Int32 = 0
        var stack: [Int32] = order.reversed().flatMap { (placed[$0] ?? []).reversed() }
        while let index = stack.popLast() {
            if index != expected { return false }
            expected += 1
            stack += (children[index] ?? []).reversed()
        }
        return Int(expected) == rows.count
    }
}

/// Texts one after another in one piece of memory.
struct TextArena {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        ends.append(bytes.count)
    }

    subscript(index: Int) -> String {
        let start = index == 0 ? 0 : ends[index - 1]
        return String(decoding: bytes[start..<ends[index]], as: UTF8.self)
    }
}

/// Different texts with their numbers, in the order in which they came.
struct Interned {
    private(set) var texts: [String] = []
    private var numbers: [String: Int] = [:]

    var count: Int { texts.count }

    mutating func number(_ text: String) -> Int {
        if let number = numbers[text] { return number }
        numbers[text] = texts.count
        texts.append(text)
        return texts.count - 1
    }
}
