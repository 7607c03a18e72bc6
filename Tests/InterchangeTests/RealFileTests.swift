import Testing
import WorkProtocol

@testable import Interchange

/// Imports of the sample files, compared with what the raw files show to plain eyes.
@Suite(.enabled(if: SharedData.folder != nil, Comment(rawValue: SharedData.absence)))
struct RealFileTests {
    private func text(_ path: String) throws -> String {
        String(decoding: try SharedData.bytes(path), as: UTF8.self)
    }

    private func loaded(_ path: String) throws -> (MemoryGraph, ImportReader, Project) {
        var graph = MemoryGraph()
        let reader = try graph.load(try SharedData.bytes(path), ImportOptions(name: "file"))
        return (graph, reader, try #require(graph.project(external: reader.projectKey)))
    }

    private func exported(_ path: String, _ options: ExportOptions) throws -> [UInt8] {
        let (graph, _, project) = try loaded(path)
        return graph.export(project, options)
    }

    // MARK: - Round trips

    @Test func `the genuine CSV comes out byte by byte as it went in`() throws {
        let bytes = try SharedData.bytes(SharedData.scrambled)
        let printed = try exported(SharedData.scrambled, .test(.csv))
        if printed != bytes {
            let expected = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            let found = String(decoding: printed, as: UTF8.self).split(separator: "\n")
            for (left, right) in zip(expected, found).filter({ $0 != $1 }).prefix(5) {
                Issue.record("expected \(left)\nfound    \(right)")
            }
        }
        #expect(printed == bytes)
    }

    @Test(arguments: [SharedData.dashana, SharedData.sample, SharedData.scrambled])
    func `CSVs come out equal cell by cell`(_ path: String) throws {
        let before = NaiveCSV.rows(try text(path))
        let printed = try exported(path, .test(.csv))
        let after = NaiveCSV.rows(String(decoding: printed, as: UTF8.self))
        #expect(before.count == after.count)
        for (left, right) in zip(before, after) where left != right {
            Issue.record("expected \(left)\nfound    \(right)")
        }
    }

    @Test func `the JSON of spreeloop keeps every member but hearts and the likes' gids`() throws {
        let bytes = try SharedData.bytes(SharedData.spreeloop)
        let printed = try exported(SharedData.spreeloop, .test(.json))
        let before = try #require(JSONNode(parsing: String(decoding: bytes, as: UTF8.self)))
        let after = try #require(JSONNode(parsing: String(decoding: printed, as: UTF8.self)))
        let expected = (before["data"]?.elements ?? []).map { NaiveJSON.kept($0) }
        let found = (after["data"]?.elements ?? []).map { NaiveJSON.plain($0) }
        #expect(expected == found)
        #expect(after["export"]?["complete"]?.bool == true)
        #expect(after["export"]?["tasks"]?.integer == 3)
        // The order of members too.
        let names = before["data"]?.elements.first?.members.map(\.name).filter { $0 != "hearts" }
        #expect(after["data"]?.elements.first?.members.map(\.name) == names)
    }

    @Test(arguments: SharedData.all)
    func `importing again changes nothing`(_ path: String) throws {
        var (graph, _, _) = try loaded(path)
        let before = graph.outcomes.count
        let made = graph.outcomes.count { $0 == .created }
        graph.forgetOutcomes()
        _ = try graph.load(try SharedData.bytes(path), ImportOptions(name: "file"))
        #expect(graph.outcomes.count == before)
        #expect(graph.outcomes.allSatisfy { $0 == .unchanged })
        #expect(made > 0)
    }

    @Test(arguments: [
        SharedData.scrambled, SharedData.dashana, SharedData.spreeloop, SharedData.bitbucket,
        SharedData.archives[2],
    ])
    func `our own JSON comes in again as it was`(_ path: String) throws {
        let (graph, _, project) = try loaded(path)
        var options = ExportOptions.test(.json, ids: .own)
        options.withStories = true
        let printed = graph.export(project, options)
        var second = MemoryGraph()
        let reader = try second.load(printed, ImportOptions(name: "file"))
        let copy = try #require(second.project(external: String(project.gid)))
        #expect(reader.summary.tasks == graph.tasks.count)
        options.ids = .external
        let again = second.export(copy, options)
        #expect(NaiveJSON.withoutAddresses(printed) == NaiveJSON.withoutAddresses(again))
    }

    @Test(arguments: [SharedData.scrambled, SharedData.sample, SharedData.bitbucket])
    func `our own CSV with ids comes in again as it was`(_ path: String) throws {
        let (graph, _, project) = try loaded(path)
        var options = ExportOptions.test(.csv, ids: .own)
        options.withIDs = true
        let printed = graph.export(project, options)
        var second = MemoryGraph()
        let reader = try second.load(printed, ImportOptions(name: "file"))
        let copy = try #require(second.project(external: reader.projectKey))
        options.ids = .external
        #expect(second.export(copy, options) == printed)
        let relations = { (graph: MemoryGraph) in
            (
                graph.tasks.values.count { $0.parent != 0 },
                graph.tasks.values.reduce(0) { $0 + $1.dependencies.count }
            )
        }
        #expect(relations(graph) == relations(second))
    }

    // MARK: - Counts

    @Test(arguments: [SharedData.scrambled, SharedData.dashana, SharedData.sample])
    func `a CSV holds what its rows show`(_ path: String) throws {
        let (graph, reader, _) = try loaded(path)
        let rows = NaiveCSV.rows(try text(path))
        let header = try #require(rows.first)
        let cells = { (name: String) in
            rows.dropFirst().map { $0[header.firstIndex(of: name) ?? 0] }
        }
        let things = { (name: String) in
            Set(cells(name).flatMap { $0.split(separator: ",") }.map(\.trimmed))
        }
        #expect(reader.summary.tasks == rows.count - 1)
        #expect(graph.tasks.count == rows.count - 1)
        #expect(reader.summary.subtasks == cells("Parent task").count { !$0.isEmpty })
        #expect(reader.summary.people == Set(cells("Assignee Email")).subtracting([""]).count)
        #expect(reader.summary.tags == things("Tags").count)
        let own = reader.projectKey.hasPrefix("~file") ? 1 : 0
        #expect(reader.summary.projects == things("Projects").count + own)
        #expect(reader.summary.comments == 0)
        #expect(reader.problems.isEmpty)
    }

    @Test(arguments: SharedData.archives)
    func `a GitHub archive holds what it lists`(_ path: String) throws {
        let (graph, reader, _) = try loaded(path)
        let archive = try #require(JSONNode(parsing: try text(path)))
        let issues = (archive["issues"]?.elements ?? []) + (archive["pulls"]?.elements ?? [])
        var people: Set<String> = []
        var comments = 0
        for issue in issues {
            let reviews = issue["reviews"]?.elements ?? []
            let replies = (issue["comments"]?.elements ?? []) + reviews
            comments += replies.count { !$0.text("body").isEmpty }
            comments += reviews.reduce(0) { sum, review in
                sum + (review["comments"]?.elements ?? []).count { !$0.text("body").isEmpty }
            }
            people.formUnion(replies.map { $0.text("author") } + [issue.text("author")])
            people.formUnion((issue["assignees"]?.elements ?? []).compactMap(\.string))
        }
        #expect(reader.summary.tasks == issues.count)
        #expect(graph.tasks.count == issues.count)
        #expect(reader.summary.subtasks == 0)
        #expect(reader.summary.comments == comments)
        #expect(graph.stories.values.reduce(0) { $0 + $1.count } == comments)
        #expect(reader.summary.people == people.subtracting([""]).count)
        #expect(reader.summary.tags == archive["labels"]?.elements.count)
        #expect(reader.summary.projects == 1)
        #expect(
            graph.tasks.values.count { $0.completed } == issues.count { $0.text("closedAt") != "" })
    }

    @Test func `the Bitbucket tracker holds what it lists`() throws {
        let (graph, reader, _) = try loaded(SharedData.bitbucket)
        let tracker = try #require(JSONNode(parsing: try text(SharedData.bitbucket)))
        let list = { (name: String) in tracker[name]?.elements ?? [] }
        var people: Set<String> = []
        for issue in list("issues") {
            people.formUnion([issue.text("reporter"), issue.text("assignee")])
            people.formUnion((issue["watchers"]?.elements ?? []).compactMap(\.string))
        }
        for part in list("comments") + list("logs") + list("attachments") {
            people.insert(part.text("user"))
        }
        #expect(reader.summary.tasks == 361)
        #expect(reader.summary.comments == list("comments").count { !$0.text("content").isEmpty })
        #expect(reader.summary.stories == 910)
        #expect(reader.summary.attachments == 189)
        #expect(reader.summary.people == people.subtracting([""]).count)
        #expect(reader.summary.tags == 0)
        #expect(graph.tasks.values.count { $0.completed } == 358)
        #expect(graph.tasks.values.count { $0.assignee != 0 } == 138)
        #expect(reader.warnings.contains { $0.message.contains("control characters") })
    }

    @Test func `spreeloop holds what it lists`() throws {
        let (_, reader, project) = try loaded(SharedData.spreeloop)
        #expect(project.name == "Place")
        #expect(reader.summary.tasks == 3)
        #expect(reader.summary.subtasks == 1)
        #expect(reader.summary.people == 2)
        #expect(reader.summary.tags == 1)
        #expect(reader.summary.projects == 2)
    }
}

/// A CSV parser of a few lines, to compare with.
enum NaiveCSV {
    static func rows(_ text: String) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var cell = String.UnicodeScalarView()
        var isQuoted = false
        var scalars = Array(text.unicodeScalars)
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        for (index, scalar) in scalars.enumerated() {
            if isQuoted {
                if scalar != "\"" {
                    cell.append(scalar)
                } else if index + 1 < scalars.count, scalars[index + 1] == "\"" {
                    cell.append(scalar)
                    isQuoted = false
                } else {
                    isQuoted = false
                }
            } else if scalar == "\"" {
                isQuoted = true
            } else if scalar == "," || scalar == "\n" {
                row.append(String(cell))
                cell = String.UnicodeScalarView()
                if scalar == "\n" {
                    rows.append(row)
                    row = []
                }
            } else {
                cell.append(scalar)
            }
        }
        return rows
    }
}

/// JSON values without places, to compare.
enum NaiveJSON: Hashable {
    case other(JSONNode.Value)
    case array([NaiveJSON])
    case object([String: NaiveJSON])

    static func plain(_ node: JSONNode) -> NaiveJSON {
        switch node.value {
        case .array(let elements): .array(elements.map(plain))
        case .object(let members):
            .object(
                Dictionary(
                    members.map { ($0.name, plain($0.value)) },
                    uniquingKeysWith: { _, last in last }))
        case .null, .bool, .number, .string: .other(node.value)
        }
    }

    /// Without what is not kept.
    static func kept(_ node: JSONNode) -> NaiveJSON {
        guard case .object(var members) = plain(node) else { return plain(node) }
        members["hearts"] = nil
        if case .array(let likes) = members["likes"] {
            members["likes"] = .array(
                likes.map { like in
                    guard case .object(var parts) = like else { return like }
                    parts["gid"] = nil
                    return .object(parts)
                })
        }
        members["subtasks"] = .array((node["subtasks"]?.elements ?? []).map(kept))
        return .object(members)
    }

    /// An export as lines, without what depends on the store: addresses, and the ids of options,
    /// which are known by name.
    static func withoutAddresses(_ bytes: [UInt8]) -> [Substring] {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        return lines.indices.filter { index in
            let isOption = index + 2 < lines.count && lines[index + 2].contains("\"enum_option\"")
            return !isOption && !lines[index].contains("\"permalink_url\"")
        }.map { lines[$0] }
    }
}
