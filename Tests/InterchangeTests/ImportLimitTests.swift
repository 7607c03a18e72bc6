import Testing
import WorkProtocol

@testable import Interchange

/// What a check passes, the store takes: batches and rows within its limits.
@Suite struct ImportLimitTests {
    /// A row with the cells that matter here.
    private func row(
        _ id: String, _ name: String, created: String = "2024-01-01", tags: String = "",
        notes: String = "", projects: String = "P", parent: String = "", blockedBy: String = ""
    ) -> String {
        "\(id),\(created),,2024-01-02,\(name),A,,,,,\"\(tags)\",\(notes),\"\(projects)\","
            + "\(parent),\(blockedBy),\n"
    }

    private func reader(_ rows: [String], keepsGoing: Bool = false) -> ImportReader {
        let text = CSVColumnNames.line + rows.joined()
        return ImportReader(
            ByteArraySource(Array(text.utf8)),
            options: ImportOptions(name: "file", keepsGoing: keepsGoing))
    }

    private func batches(_ reader: inout ImportReader) throws -> [ImportBatch] {
        try reader.check()
        try reader.begin(people: reader.people.indices.map { UInt64($0 + 1) })
        var batches: [ImportBatch] = []
        while let batch = try reader.nextBatch() { batches.append(batch) }
        return batches
    }

    @Test func `a batch of dependencies makes the store write no more than one of tasks`() throws {
        let notes = String(repeating: "n", count: 65_536)
        // Some rows are plain, and some are not: the last has no predecessor.
        let rows = (0..<40).map { index in
            row("\(index)", "Task \(index)", notes: notes, blockedBy: "Task \(index + 1)")
        }
        var reader = reader(rows)
        let batches = try batches(&reader)
        let dependencies = batches.map { $0.kinds.count { $0 == .dependencies } }
        #expect(dependencies.reduce(0, +) == 39)
        // Each writes a task anew, and the log takes 2 MiB at once.
        #expect(dependencies.max() ?? 0 <= 16)
        for batch in batches {
            let notes = batch.items.reduce(0) { sum, item in
                switch item.kind {
                case .task(let task): sum + task.notes.utf8.count
                case .dependencies: sum + 65_536
                default: sum
                }
            }
            #expect(notes <= ImportBatches.bytesMax)
        }
    }

    @Test func `a row in more projects than a task may be in is found by the check`() throws {
        let names = (1...21).map { "Project \($0)" }.joined(separator: ",")
        var many = reader([row("1", "Good"), row("2", "Bad", projects: names)])
        let failure = #expect(throws: ImportFailure.self) { try many.check() }
        #expect(failure?.problems.first?.place.line == 3)
        // With the project that the file becomes, which these do not name, 20 are too many, too.
        let twenty = names.split(separator: ",").dropLast().joined(separator: ",")
        var own = reader([row("1", "Good"), row("2", "Bad", projects: twenty)])
        #expect(throws: ImportFailure.self) { try own.check() }
        var enough = reader([row("1", "Good", projects: twenty)])
        try enough.check()
    }

    @Test func `subtasks above their parents are no deeper than those below`() throws {
        let rows = (0..<80).map { index in
            row("\(index)", "Task \(index)", parent: index == 79 ? "" : "Task \(index + 1)")
        }
        var reader = reader(rows)
        var parents: [String: String] = [:]
        for item in try batches(&reader).flatMap(\.items) {
            guard case .task(let task) = item.kind, let gid = task.external?.gid else { continue }
            parents[gid] = task.parent?.gid
        }
        let depths = rows.indices.map { index in
            var depth = 0
            var next = parents["\(index)"]
            while let above = next {
                depth += 1
                next = parents[above]
            }
            return depth
        }
        #expect(depths.max() == CSVSurvey.depthMax)
        #expect(depths.count { $0 == 0 } == 3)
    }

    @Test func `what happened on the first day of 1970 did not happen today`() throws {
        // The first is plain; of the second more has to be kept than the task says.
        let old = row("2", "Long ago", created: "1970-01-01T00:00:00Z")
        var reader = reader([row("1", "Long ago", created: "1970-01-01"), old])
        let tasks = try batches(&reader).flatMap(\.items).compactMap { item in
            if case .task(let task) = item.kind { task } else { nil }
        }
        #expect(tasks.map(\.createdAt) == [1, 1])
        let node = try #require(JSONNode(parsing: #"{"created_at": "1970-01-01T00:00:00Z"}"#))
        #expect(try node.pastMoment("created_at") == 1)
        #expect(try node.moment("created_at") == 0)
    }

    @Test func `one name in two spellings is one tag, project and section, and stays as it was`()
        throws
    {
        let (one, two) = ("Caf\u{E9}", "Cafe\u{301}")
        let rows = [one, two].enumerated().map { index, name in
            row("\(index)", "Task \(index)", tags: name, projects: "P,\(name)")
                .replacing(",A,", with: ",\(name),")
        }
        var reader = reader(rows)
        var defined: [String] = []
        var named: [String] = []
        for item in try batches(&reader).flatMap(\.items) {
            switch item.kind {
            case .label(let label): defined.append(label.external?.gid ?? "")
            case .project(let project):
                defined.append(project.external?.gid ?? "")
                defined += project.sections.map { $0.external?.gid ?? "" }
            case .task(let task):
                named += task.labels.map(\.gid)
                named += task.placements.compactMap { $0.project?.gid }
                named += task.placements.compactMap { $0.section?.gid }
            default: break
            }
        }
        // By bytes, as the store finds them.
        #expect(Set(named.map { Array($0.utf8) }) == Set(defined.map { Array($0.utf8) }))
        #expect(defined.count == 4)
        let text = "\u{FEFF}" + CSVColumnNames.line + rows.joined()
        var graph = MemoryGraph()
        let again = try graph.load(Array(text.utf8), ImportOptions(name: "file"))
        let project = try #require(graph.project(external: again.projectKey))
        let printed = graph.export(project, .test(.csv))
        for name in [one, two] {
            let isThere = String(decoding: printed, as: UTF8.self).unicodeScalars.split(
                whereSeparator: { ",\"\n".unicodeScalars.contains($0) }
            ).count { $0.elementsEqual(name.unicodeScalars) }
            #expect(isThere == 3)
        }
    }

    @Test func `one label of GitHub in two spellings is one tag`() throws {
        let issue = { (id: Int, label: String) in
            "{\"id\": \"I\(id)\", \"title\": \"t\", \"labels\": [\"\(label)\"]}"
        }
        let issues = issue(1, "Caf\u{E9}") + "," + issue(2, "Cafe\u{301}")
        let text = "{\"repo\": \"a/b\", \"issues\": [\(issues)]}"
        var reader = ImportReader(
            ByteArraySource(Array(text.utf8)), options: ImportOptions(name: "file"))
        var keys: Set<[UInt8]> = []
        for item in try batches(&reader).flatMap(\.items) {
            if case .task(let task) = item.kind {
                keys.formUnion(task.labels.map { Array($0.gid.utf8) })
            }
        }
        #expect(keys.count == 1)
    }

    @Test(arguments: [-1, 1, 2])
    func `a file that changes while it is read is not imported on`(by change: Int) throws {
        let header = CSVColumnNames.line
        let row = { (number: Int) in self.row("\(number)", "Task \(number)") }
        let source = ChangingSource(
            header + (0..<4).map(row).joined(), header + (0..<4 + change).map(row).joined())
        var reader = ImportReader(source, options: ImportOptions(name: "file"))
        try reader.check()
        source.change()
        let problem = #expect(throws: TextProblem.self) {
            try reader.begin(people: [])
            while try reader.nextBatch() != nil {}
        }
        #expect(problem?.message == "the file has changed while it was read; import it again")
    }
}

/// A file of which another is made while it is read.
private final class ChangingSource: ByteSource {
    private var text: String
    private let later: String
    private var isRead = false

    init(_ text: String, _ later: String) {
        self.text = text
        self.later = later
    }

    func change() { text = later }
    func rewind() { isRead = false }

    func read() -> [UInt8] {
        defer { isRead = true }
        return isRead ? [] : Array(text.utf8)
    }
}
