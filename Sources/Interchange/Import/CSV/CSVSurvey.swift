internal import ByteCoding

/// What the first reading of a CSV file finds: enough of each row to resolve parents and
/// dependencies, which the file gives by name, and to say whether its order is the one an export
/// would have.
///
/// Some 80 bytes a row. Names are compared by a 64-bit hash: of ten million different names two
/// have the same with a probability of 1 in 400,000.
struct CSVSurvey {
    /// A row that is good.
    struct Row {
        var name: UInt64
        /// The hash of the parent's name; 0 for none.
        var parentName: UInt64
        /// Numbers of the cells in `projectCells` and `sectionCells`.
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
    private var idHashes: [UInt64] = []
    /// For ids that stand for several rows: which of them, from 0.
    private(set) var ordinals: [Int32: UInt32] = [:]
    private var rowsByID = RowsByHash([])
    private var rowsByName = RowsByHash([])

    private var projectCells = ByteInterner()
    private var sectionCells = ByteInterner()
    /// What the cells in `projectCells` say, in the same order.
    private(set) var projectLists: [[String]] = []
    /// The sections that the cells in `sectionCells` name, by number, in the same order.
    private var sectionNumbers: [Int] = []
    private var sectionNames = Interned()
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
        unsafe hash(Array(text.utf8).span.bytes)
    }

    static func hash(_ text: RawSpan) -> UInt64 {
        text.byteCount == 0 ? 0 : max(1, XXH3.hash(text))
    }

    /// Adds the record at hand. The parent's cell is empty for a top-level row, or one whose parent
    /// has no name. Amortised O(bytes).
    mutating func add(_ record: CSVReader, _ layout: CSVLayout) {
        idHashes.append(CSVSurvey.hash(record.column(layout.taskID)))
        ids.append(record.column(layout.taskID))
        let projects = projectNumber(record.column(layout.projects))
        let section = sectionNumber(record.column(layout.section))
        let hasParent = !record.isEmpty(layout.parent)
        let isNamelessChild =
            !hasParent && record.isEmpty(layout.projects) && record.isEmpty(layout.section)
            && lastWasNameless
        if !hasParent, !isNamelessChild { narrow(projects) }
        lastWasNameless = record.isEmpty(layout.name) || isNamelessChild
        rows.append(
            Row(
                name: CSVSurvey.hash(record.column(layout.name)),
                parentName: CSVSurvey.hash(record.column(layout.parent)),
                projects: Int32(projects), section: Int32(section),
                isNamelessChild: isNamelessChild))
    }

    private mutating func projectNumber(_ cell: RawSpan) -> Int {
        let number = projectCells.number(cell)
        if number == projectLists.count {
            projectLists.append(
                listed(cell.text).map { projectNames.spelled(CleanText.line($0).text) })
        }
        return number
    }

    private mutating func sectionNumber(_ cell: RawSpan) -> Int {
        let number = sectionCells.number(cell)
        if number == sectionNumbers.count {
            sectionNumbers.append(sectionNames.number(CleanText.line(cell.text).text))
        }
        return number
    }

    /// Finds rows with the same id, once all have been added. O(rows).
    mutating func finishRows() {
        rowsByID = RowsByHash(idHashes)
        rowsByName = RowsByHash(rows.map(\.name))
        for (index, hash) in idHashes.enumerated() {
            guard rowsByID.first(hash) == Int32(index) else { continue }
            var ordinal: UInt32 = 1
            var next = rowsByID.follower(of: Int32(index))
            while next >= 0 {
                ordinals[next] = ordinal
                ordinal += 1
                next = rowsByID.follower(of: next)
            }
        }
        idHashes = []
    }

    func hasRow(named hash: UInt64) -> Bool { rowsByName.first(hash) != nil }

    /// The rows with a name, ascending.
    func rows(named hash: UInt64) -> [Int32] { rowsByName.rows(hash) }

    /// Cells whose projects are known to leave `common` as it is.
    private var lastNarrowed = -1

    private mutating func narrow(_ cell: Int) {
        // The same once more changes nothing.
        guard cell != lastNarrowed else { return }
        lastNarrowed = cell
        let projects = projectLists[cell]
        common = common.map { $0.filter(projects.contains) } ?? projects
    }

    /// The first row with this id.
    func row(id: String) -> Int32? { rowsByID.first(CSVSurvey.hash(id)) }

    func projects(_ row: Int) -> [String] { projectLists[Int(rows[row].projects)] }
    func section(_ row: Int) -> String { sectionNames.texts[sectionNumber(row)] }
    private func sectionNumber(_ row: Int) -> Int { sectionNumbers[Int(rows[row].section)] }
    /// The cell that names a row's section, as it is.
    func sectionCell(_ row: Int) -> String { sectionCells.text(Int(rows[row].section)) }
    /// The cell that names a row's projects, as it is.
    func projectCell(_ row: Int) -> String { projectCells.text(Int(rows[row].projects)) }

    /// Decides which project the file is, and finds the parents. `parentID` gives the parents of
    /// files that name them by id.
    mutating func resolve(parentIDs: [Int32: Int32]) {
        mainProject = common?.first
        let isMain = projectLists.map { list in mainProject.map(list.contains) ?? false }
        for index in rows.indices {
            let row = rows[index]
            rows[index].isPlaced =
                mainProject == nil
                ? row.parentName == 0 && !row.isNamelessChild : isMain[Int(row.projects)]
        }
        for index in rows.indices {
            if let parent = parentIDs[Int32(index)] {
                link(index, to: parent)
            } else if rows[index].parentName != 0 {
                findParent(index)
            } else if rows[index].isNamelessChild, let open = openRow(before: index, named: 0) {
                link(index, to: open)
            }
        }
        unlinkTooDeep()
        // A subtask whose parent is not in the file stays in the file's project.
        for index in rows.indices where rows[index].parent < 0 { rows[index].isPlaced = true }
    }

    /// Takes its parent from each row that is deeper than a subtask may be. A row knows no more
    /// than those above it when it is linked: it may get others below it later on. O(rows).
    private mutating func unlinkTooDeep() {
        var depths = [Int8](repeating: -1, count: rows.count)
        var path: [Int] = []
        for index in rows.indices {
            var next = index
            while depths[next] < 0, rows[next].parent >= 0 {
                path.append(next)
                next = Int(rows[next].parent)
            }
            var depth = max(0, depths[next])
            depths[next] = depth
            while let row = path.popLast() {
                depth += 1
                if depth > CSVSurvey.depthMax {
                    rows[row].parent = -1
                    rows[row].isForward = false
                    depth = 0
                }
                depths[row] = depth
            }
        }
    }

    /// The parent by name: for a row that stands under it, the nearest of the rows it stands under;
    /// for one with a place of its own the nearest above; else the first below.
    private mutating func findParent(_ index: Int) {
        if !rows[index].isPlaced, let open = openRow(before: index, named: rows[index].parentName) {
            link(index, to: open)
            return
        }
        let candidates = rows(named: rows[index].parentName)
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
        var isKnown = [Bool](repeating: false, count: sectionNames.count)
        var names: [String] = []
        for index in rows.indices where rows[index].isPlaced && !isKnown[sectionNumber(index)] {
            isKnown[sectionNumber(index)] = true
            names.append(section(index))
        }
        return names
    }

    /// Whether the rows stand in the order an export would print them in: section by section, each
    /// task followed by its subtasks that have no place of their own. O(rows).
    var isInSectionOrder: Bool {
        // Each row's first subtask and next sibling, each section's first row and its follower.
        var first = [Int32](repeating: -1, count: rows.count)
        var follower = [Int32](repeating: -1, count: rows.count)
        var sections = [Int32](repeating: -1, count: sectionNames.count)
        for index in rows.indices.reversed() {
            let row = rows[index]
            if row.isPlaced {
                follower[index] = sections[sectionNumber(index)]
                sections[sectionNumber(index)] = Int32(index)
            } else {
                follower[index] = first[Int(row.parent)]
                first[Int(row.parent)] = Int32(index)
            }
        }
        // In the order in which their first rows come, which is the order of the sections.
        var expected: Int32 = 0
        for start in sections.filter({ $0 >= 0 }).sorted() {
            var stack = [start]
            while let index = stack.popLast() {
                guard index == expected else { return false }
                expected += 1
                if follower[Int(index)] >= 0 { stack.append(follower[Int(index)]) }
                if first[Int(index)] >= 0 { stack.append(first[Int(index)]) }
            }
        }
        return Int(expected) == rows.count
    }
}

/// Texts one after another in one piece of memory.
struct TextArena {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    mutating func append(_ text: RawSpan) {
        unsafe text.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        ends.append(bytes.count)
    }

    subscript(index: Int) -> String { String(decoding: bytes[place(index)], as: UTF8.self) }

    /// Appends a field with the text to a message.
    func write(_ index: Int, tag: UInt32, to writer: inout ByteWriter) {
        writer.append(tag: tag, span: unsafe bytes.span.bytes.extracting(place(index)))
    }

    private func place(_ index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }
}

/// Different texts with their numbers, in the order in which they came.
///
/// Two that look the same but are composed of other characters, as `é` may be, are one: what people
/// see is one name. The first is what both are called, so ids are made of it alone.
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

    /// The text as it was spelled the first time, which is now if it is new.
    mutating func spelled(_ text: String) -> String { texts[number(text)] }
}
