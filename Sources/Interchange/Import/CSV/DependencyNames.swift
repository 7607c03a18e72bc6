/// Resolves the dependencies of a CSV file, which lists the names of tasks, joined by commas that
/// may be part of a name.
struct DependencyNames {
    /// A row whose cells list something.
    private struct Lister {
        var row: Int32
        var name: String
        var blockedBy: [Part]
        var blocking: [Part]
    }

    /// A name in a cell, and its hash if some row has it.
    private struct Part {
        var text: String
        var hash: UInt64?
    }

    private var cells: [(row: Int32, name: String, blockedBy: String, blocking: String)] = []
    private var listers: [Int32: Lister] = [:]
    private var names: [Int32: String] = [:]
    private var edges: [Int32: [Int32]] = [:]
    private var counts: [Int32: Int] = [:]
    /// Rows that depend on others, in the order in which the import tells it.
    private(set) var dependents: [Int32] = []
    /// What the export prints for a row in both columns.
    private(set) var made: [Int32: (blockedBy: String, blocking: String)] = [:]
    /// Rows with names that could not be resolved, or not for certain.
    private(set) var unresolved: [Int32] = []

    /// The most dependencies and dependents of a task together.
    static let edgesMax = 30

    mutating func add(row: Int32, name: String, blockedBy: String, blocking: String) {
        if !blockedBy.isEmpty || !blocking.isEmpty {
            cells.append((row, name, blockedBy, blocking))
        }
    }

    /// The rows that depend on a row, in the order in which the import tells it.
    private var reverse: [Int32: [Int32]] = [:]

    /// The rows that `row` depends on.
    func dependencies(_ row: Int32) -> [Int32] { edges[row] ?? [] }

    /// The rows that depend on `row`.
    func dependents(of row: Int32) -> [Int32] { reverse[row] ?? [] }

    /// Adds a dependency that the file gives by id.
    mutating func link(_ dependent: Int32, _ dependency: Int32) {
        guard dependent != dependency, edges[dependent]?.contains(dependency) != true,
            counts[dependent, default: 0] < DependencyNames.edgesMax,
            counts[dependency, default: 0] < DependencyNames.edgesMax,
            !reaches(from: dependency, to: dependent)
        else { return }
        if edges[dependent] == nil { dependents.append(dependent) }
        edges[dependent, default: []].append(dependency)
        counts[dependent, default: 0] += 1
        counts[dependency, default: 0] += 1
    }

    /// Finds the rows that the cells name, by the names of the survey's rows.
    mutating func resolve(_ survey: CSVSurvey, isByID: Bool) {
        for cell in cells {
            names[cell.row] = cell.name
            listers[cell.row] = Lister(
                row: cell.row, name: cell.name, blockedBy: parts(cell.blockedBy, survey),
                blocking: parts(cell.blocking, survey))
        }
        for cell in cells {
            guard let lister = listers[cell.row] else { continue }
            resolve(lister.blockedBy, of: lister, survey, isBlockedBy: true, isByID)
            resolve(lister.blocking, of: lister, survey, isBlockedBy: false, isByID)
        }
        predict()
    }

    /// A cell taken apart: at each place the longest name some row has, else up to the next comma.
    private func parts(_ cell: String, _ survey: CSVSurvey) -> [Part] {
        let pieces = cell.split(separator: ",", omittingEmptySubsequences: false)
        var parts: [Part] = []
        var index = 0
        while index < pieces.count, !cell.isEmpty {
            var taken = Part(text: String(pieces[index]), hash: nil)
            var length = 1
            for end in stride(from: min(pieces.count, index + 20), to: index, by: -1) {
                let text = pieces[index..<end].joined(separator: ",")
                let found = [text, String(text.trimmed)].first {
                    !$0.isEmpty && survey.hasRow(named: CSVSurvey.hash($0))
                }
                if let found {
                    taken = Part(text: found, hash: CSVSurvey.hash(found))
                    length = end - index
                    break
                }
            }
            parts.append(taken)
            index += length
        }
        return parts
    }

    private mutating func resolve(
        _ parts: [Part], of lister: Lister, _ survey: CSVSurvey, isBlockedBy: Bool,
        _ isByID: Bool
    ) {
        var used: Set<Int32> = [lister.row]
        var isExact = true
        for part in parts {
            guard let hash = part.hash,
                let row = choose(
                    survey.rows(named: hash).filter { !used.contains($0) }, lister, isBlockedBy)
            else {
                isExact = false
                continue
            }
            used.insert(row)
            names[row] = names[row] ?? part.text
            if isByID { continue }
            if isBlockedBy { link(lister.row, row) } else { link(row, lister.row) }
        }
        if !isExact { unresolved.append(lister.row) }
    }

    /// Of several rows with the name, one that lists this row in its other column; else the
    /// nearest.
    private func choose(_ candidates: [Int32], _ lister: Lister, _ isBlockedBy: Bool) -> Int32? {
        let mutual = candidates.first { candidate in
            guard let other = listers[candidate] else { return false }
            let listed = isBlockedBy ? other.blocking : other.blockedBy
            return listed.contains { $0.text == lister.name }
        }
        return mutual ?? candidates.min { abs($0 - lister.row) < abs($1 - lister.row) }
    }

    private func reaches(from start: Int32, to goal: Int32) -> Bool {
        var seen: Set<Int32> = [start]
        var stack = [start]
        while let row = stack.popLast() {
            if row == goal { return true }
            for next in edges[row] ?? [] where seen.insert(next).inserted { stack.append(next) }
        }
        return false
    }

    private mutating func predict() {
        var blocked: [Int32: [String]] = [:]
        var blocking: [Int32: [String]] = [:]
        for dependent in dependents {
            for dependency in edges[dependent] ?? [] {
                blocked[dependent, default: []].append(names[dependency] ?? "")
                blocking[dependency, default: []].append(names[dependent] ?? "")
                reverse[dependency, default: []].append(dependent)
            }
        }
        for row in Set(blocked.keys).union(blocking.keys) {
            made[row] = (
                (blocked[row] ?? []).joined(separator: ","),
                (blocking[row] ?? []).joined(separator: ",")
            )
        }
    }
}
