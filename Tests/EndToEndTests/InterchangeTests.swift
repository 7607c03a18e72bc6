import Foundation
import Testing

/// Real files through real processes: in, again, and out.
@Suite(
    .serialized, .withPair,
    .enabled(if: SharedData.folder != nil, Comment(rawValue: SharedData.absence)))
struct InterchangeEndToEndTests {
    @Test func `a genuine CSV comes out byte for byte as it went in`() throws {
        let pair = try #require(PairUnderTest.current)
        let file = try SharedData.path(SharedData.scrambled)
        let report = try PairUnderTest.holdfast("import", file, "-o", "json").json()
        #expect(report["tasks"] as? Int == 1426)
        #expect(report["subtasks"] as? Int == 328)
        let project = try #require(report["project"] as? String)
        let output = "\(pair.folder)/a.csv"
        try PairUnderTest.ask(
            "export", "project", project, "--format", "csv", "--ids", "external", "--output",
            output)
        let before = try Data(contentsOf: URL(filePath: file))
        let after = try Data(contentsOf: URL(filePath: output))
        #expect(before == after)
        // To standard output as well, where a pipe would take it.
        let piped = try PairUnderTest.holdfast(
            "export", "project", project, "--format", "csv", "--ids", "external")
        #expect(Data(piped.output.utf8) == before)
        #expect(piped.errors.contains("1,426 rows, complete"))
    }

    @Test(arguments: SharedData.handmade)
    func `a hand-made CSV comes out equal cell by cell`(_ name: String) throws {
        let pair = try #require(PairUnderTest.current)
        let file = try SharedData.path(name)
        let project = try #require(
            try PairUnderTest.holdfast("import", file, "-o", "json").json()["project"] as? String)
        let output = "\(pair.folder)/\(project).csv"
        try PairUnderTest.ask(
            "export", "project", project, "--format", "csv", "--ids", "external", "--output",
            output)
        #expect(try cells(output) == cells(file))
    }

    /// The rows of a CSV file as cells, without a byte order mark and without empty rows.
    private func cells(_ path: String) throws -> [[String]] {
        var text = Array(
            try String(contentsOf: URL(filePath: path), encoding: .utf8).unicodeScalars)
        if text.first == "\u{FEFF}" { text.removeFirst() }
        var rows: [[String]] = []
        var row: [String] = []
        var cell = ""
        var isQuoted = false
        for (index, scalar) in text.enumerated() {
            switch scalar {
            case "\"":
                // A doubled quote within quotes is one.
                if !isQuoted, index > 0, text[index - 1] == "\"" { cell.append("\"") }
                isQuoted.toggle()
            case ",", "\n":
                guard !isQuoted else { fallthrough }
                row.append(cell)
                cell = ""
                guard scalar == "\n" else { continue }
                if row != [""] { rows.append(row) }
                row = []
            default:
                if scalar != "\r" { cell.unicodeScalars.append(scalar) }
            }
        }
        return rows + (row.isEmpty && cell.isEmpty ? [] : [row + [cell]])
    }

    @Test(arguments: SharedData.all.map { ($0.key, $0.value) })
    func `importing a file again changes nothing`(
        _ name: String, _ counts: SharedData.Counts
    ) throws {
        let file = try SharedData.path(name)
        let tried = try PairUnderTest.holdfast("import", file, "-o", "json", "--dry-run")
        #expect(tried.code == 0, "\(tried.errors)")
        let first = try PairUnderTest.holdfast("import", file, "-o", "json")
        #expect(first.code == 0, "\(first.errors)")
        let said = try first.json()
        #expect(said["tasks"] as? Int == counts.tasks)
        #expect(said["subtasks"] as? Int == counts.subtasks)
        #expect(said["comments"] as? Int == counts.comments)
        #expect(said["tags"] as? Int == counts.tags)
        #expect(said["people"] as? Int == counts.people)
        let second = try PairUnderTest.holdfast("import", file, "-o", "json").json()
        let created = try #require(second["created"] as? [String: Int])
        let updated = try #require(second["updated"] as? [String: Int])
        #expect(created.values.allSatisfy { $0 == 0 }, "\(created)")
        #expect(updated.values.allSatisfy { $0 == 0 }, "\(updated)")
        #expect(second["tasks"] as? Int == (try first.json()["tasks"] as? Int))
    }

    @Test func `a JSON export has the keys and values it came with`() throws {
        let pair = try #require(PairUnderTest.current)
        let file = try SharedData.path(SharedData.spreeloop)
        let project = try #require(
            try PairUnderTest.holdfast("import", file, "-o", "json").json()["project"] as? String)
        let output = "\(pair.folder)/s.json"
        try PairUnderTest.ask(
            "export", "project", project, "--format", "json", "--ids", "external", "--output",
            output)
        for (old, new) in zip(try tasks(file), try tasks(output)) {
            for (key, value) in old where !key.contains("heart") {
                #expect(try kept(value, key) == kept(new[key] as Any, key), "\(key)")
            }
        }
        #expect(try tasks(file).count == tasks(output).count)
    }

    /// What is kept of a value: not the deprecated hearts, not the gids of likes, and of what is
    /// nested, no keys that Asana does not write.
    private func kept(_ value: Any, _ key: String) throws -> String {
        func pruned(_ value: Any, _ key: String) -> Any {
            if let list = value as? [Any] { return list.map { pruned($0, key) } }
            guard let object = value as? [String: Any] else { return value }
            var result: [String: Any] = [:]
            for (name, inner) in object where !name.contains("heart") {
                if name == "gid", key == "likes" { continue }
                if Self.added.contains(name) { continue }
                result[name] = pruned(inner, name)
            }
            return result
        }
        let data = try JSONSerialization.data(
            withJSONObject: [pruned(value, key)], options: [.sortedKeys])
        return String(decoding: data, as: UTF8.self)
    }

    private static let added: Set = ["stories", "attachments", "created_by", "completed_by"]

    private func tasks(_ path: String) throws -> [[String: Any]] {
        let data = try Data(contentsOf: URL(filePath: path))
        let value = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        return try #require(value?["data"] as? [[String: Any]])
    }

    @Test func `bad data is refused with its line and column, and nothing is imported`() throws {
        let pair = try #require(PairUnderTest.current)
        let file = "\(pair.folder)/bad.csv"
        let header =
            "Task ID,Created At,Completed At,Last Modified,Name,Section/Column,Assignee,"
            + "Assignee Email,Start Date,Due Date,Tags,Notes,Projects,Parent task,"
            + "Blocked By (Dependencies),Blocking (Dependencies)\n"
        let row = "\"1\",2026-01-05,,2026-01-05,Fine,,,,,,,,Bad,,,\n"
        let bad = "\"2\",2026-13-05,,2026-01-05,Not fine,,,,,,,,Bad,,,\n"
        try Data((header + row + bad).utf8).write(to: URL(filePath: file))
        let run = try PairUnderTest.holdfast("import", file)
        #expect(run.code == 65)
        #expect(run.errors.contains("bad.csv:3:5:"), "\(run.errors)")
        #expect(try PairUnderTest.holdfast("project", "show", "Bad").code == 66)
        let kept = try PairUnderTest.holdfast("import", file, "--keep-going", "-o", "json")
        #expect(kept.code == 0, "\(kept.errors)")
        #expect(try kept.json()["skipped"] as? Int == 1)
    }
}

/// The sample files that lie outside of the project, where there are any.
enum SharedData {
    static let folder: URL? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let asked = ProcessInfo.processInfo.environment["HOLDFAST_SHARED_DATA"]
        let places = [asked.map { URL(filePath: $0) }, root.appending(path: "../shared/data")]
        return places.compactMap { $0 }.first {
            FileManager.default.fileExists(atPath: $0.path)
        }
    }()

    static func path(_ name: String) throws -> String {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        return folder.appending(path: name).path
    }

    static let scrambled = "asana/scrambled-project-export-A.csv"
    static let spreeloop = "asana/spreeloop-tasks_with_subtasks.json"
    static let handmade = [
        "asana/dashana-project.csv", "asana/chrisputnam9-Asana-Sample.csv",
    ]
    /// What a file holds, as counted by a script of its own (Python's csv and json).
    struct Counts: Sendable {
        var tasks, subtasks, comments, tags, people: Int

        init(_ tasks: Int, _ subtasks: Int, _ comments: Int, _ tags: Int, _ people: Int) {
            self.tasks = tasks
            self.subtasks = subtasks
            self.comments = comments
            self.tags = tags
            self.people = people
        }
    }

    static let all: KeyValuePairs<String, Counts> = [
        "asana/scrambled-project-export-A.csv": Counts(1426, 328, 0, 56, 16),
        "asana/dashana-project.csv": Counts(75, 7, 0, 76, 8),
        "asana/chrisputnam9-Asana-Sample.csv": Counts(13, 3, 0, 2, 2),
        "asana/spreeloop-tasks_with_subtasks.json": Counts(3, 1, 0, 1, 2),
        "trackers/gdc-bitbucket.db-1.0.json": Counts(361, 0, 1655, 0, 71),
        "trackers/tls13-spec.archive.json": Counts(1444, 0, 3798, 21, 171),
        "trackers/dtls13-spec.archive.json": Counts(304, 0, 574, 12, 34),
        "trackers/quic-datagram.archive.json": Counts(85, 0, 354, 11, 31),
        "trackers/cfrg-hpke.archive.json": Counts(252, 0, 946, 11, 42),
    ]
    static let absence = "the sample files are not here: set HOLDFAST_SHARED_DATA to their folder"
}
