import Testing
import WorkProtocol

@testable import Interchange

/// What rows of a CSV become where it takes some thought.
@Suite struct CSVImportTests {
    /// A row with the cells that matter here.
    private func row(
        _ id: String, _ name: String, section: String = "", assignee: String = ",",
        tags: String = "", projects: String = "", parent: String = "", blockedBy: String = "",
        blocking: String = ""
    ) -> String {
        let texts = [name, section].map(quoted).joined(separator: ",")
        let rest = [tags, "", projects, parent, blockedBy, blocking].map(quoted)
        return
            "\"\(id)\",2024-01-01,,2024-01-02,\(texts),\(assignee),,,"
            + rest.joined(separator: ",") + "\n"
    }

    private func quoted(_ cell: String) -> String {
        guard cell.contains(where: { ",\"\n".contains($0) }) else { return cell }
        return "\"" + cell.replacing("\"", with: "\"\"") + "\""
    }

    private func load(
        _ rows: [String], header: String = CSVColumnNames.all, _ options: ImportOptions? = nil
    ) throws -> (MemoryGraph, ImportReader, Project, String) {
        let text = "\u{FEFF}" + header + "\n" + rows.joined()
        var graph = MemoryGraph()
        let reader = try graph.load(Array(text.utf8), options ?? ImportOptions(name: "My file"))
        return (graph, reader, try #require(graph.project(external: reader.projectKey)), text)
    }

    private func printed(_ graph: MemoryGraph, _ project: Project) -> String {
        String(decoding: graph.export(project, .test(.csv)), as: UTF8.self)
    }

    private func parent(_ graph: MemoryGraph, _ id: String) -> String {
        graph.text(graph.task(external: id)?.parent ?? 0)
    }

    @Test func `a subtask belongs to the nearest task of that name it stands under`() throws {
        let (graph, _, project, text) = try load([
            row("1", "Twin", section: "A", projects: "P"), row("2", "a", parent: "Twin"),
            row("3", "Twin", section: "A", projects: "P"), row("4", "b", parent: "Twin"),
            row("5", "Twin", parent: "b"), row("6", "c", parent: "Twin"),
            row("7", "d", parent: "b"),
        ])
        let gid = { (id: String) in graph.task(external: id)?.gid }
        #expect(graph.task(external: "2")?.parent == gid("1"))
        #expect(graph.task(external: "4")?.parent == gid("3"))
        #expect(graph.task(external: "6")?.parent == gid("5"))
        #expect(graph.task(external: "7")?.parent == gid("4"))
        #expect(printed(graph, project) == text)
    }

    @Test func `a parent may stand further down, or outside of the file`() throws {
        let (graph, reader, project, text) = try load([
            row("1", "child", section: "A", projects: "P", parent: "Later"),
            row("2", "orphan", section: "A", projects: "P", parent: "Elsewhere"),
            row("3", "Later", section: "A", projects: "P"),
            row("4", "lost", parent: "Nowhere"),
        ])
        #expect(parent(graph, "1") == "Later")
        #expect(graph.task(external: "2")?.parent == 0)
        #expect(reader.summary.subtasks == 3)
        #expect(reader.messages.contains { $0.hasPrefix("2 subtasks name a parent") })
        #expect(printed(graph, project) == text)
        // With our own ids it says what is so here.
        let own = String(decoding: graph.export(project, .test(.csv, ids: .own)), as: UTF8.self)
        #expect(!own.contains("Elsewhere"))
    }

    @Test func `circles of names are not followed`() throws {
        let (graph, _, project, text) = try load([
            row("1", "a", section: "A", projects: "P", parent: "b"),
            row("2", "b", section: "A", projects: "P", parent: "a"),
            row("3", "self", section: "A", projects: "P", parent: "self"),
        ])
        #expect(parent(graph, "2") == "")
        #expect(parent(graph, "1") == "b")
        #expect(parent(graph, "3") == "")
        #expect(printed(graph, project) == text)
    }

    @Test func `a subtask of a task without a name is found`() throws {
        let (graph, reader, project, text) = try load([
            row("1", "first", section: "A", projects: "P"),
            row("2", "", section: "A", projects: "P"), row("3", "child"), row("4", "second"),
            row("5", "grandchild", parent: "second"),
        ])
        #expect(graph.task(external: "3")?.parent == graph.task(external: "2")?.gid)
        #expect(graph.task(external: "4")?.parent == graph.task(external: "2")?.gid)
        #expect(parent(graph, "5") == "second")
        #expect(project.name == "P")
        #expect(reader.summary.subtasks == 3)
        #expect(printed(graph, project) == text)
    }

    @Test func `dependencies are found by names that have commas`() throws {
        let (graph, _, project, text) = try load([
            row("1", "One, two", section: "A", projects: "P"),
            row("2", "One", section: "A", projects: "P"),
            row("3", "two", section: "A", projects: "P", blocking: "all"),
            row(
                "4", "all", section: "A", projects: "P",
                blockedBy: "One, two,One,gone, for ever,two"),
        ])
        let all = try #require(graph.task(external: "4"))
        #expect(all.dependencies.map { graph.text($0) } == ["two", "One, two", "One"])
        #expect(printed(graph, project) == text)
    }

    @Test func `of dependencies with one name the one that says so too is meant`() throws {
        let (graph, _, _, _) = try load([
            row("1", "Same", section: "A", projects: "P"),
            row("2", "X", section: "A", projects: "P", blockedBy: "Same"),
            row("3", "Same", section: "A", projects: "P"),
            row("4", "Same", section: "A", projects: "P", blocking: "X"),
            row("5", "X", section: "A", projects: "P", blockedBy: "X"),
        ])
        let x = try #require(graph.task(external: "2"))
        #expect(x.dependencies == [graph.task(external: "4")?.gid])
        #expect(graph.task(external: "5")?.dependencies == [x.gid])
    }

    @Test func `dependencies never make a circle`() throws {
        let (graph, _, project, text) = try load([
            row("1", "a", section: "A", projects: "P", blockedBy: "b"),
            row("2", "b", section: "A", projects: "P", blockedBy: "c"),
            row("3", "c", section: "A", projects: "P", blockedBy: "a"),
        ])
        #expect(graph.task(external: "3")?.dependencies.isEmpty == true)
        #expect(printed(graph, project) == text)
    }

    @Test func `a cell that was kept is printed only while nothing has changed`() throws {
        var kept = KeptCells()
        kept.keep("Parent task", "Elsewhere", made: "")
        kept.keep("Tags", "a, b", made: "a,b")
        kept.keep("Name", "same", made: "same")
        let again = KeptCells(data: kept.data().text)
        #expect(again == kept)
        #expect(again.cells.count == 2)
        #expect(again.text("Parent task", made: "") == "Elsewhere")
        #expect(again.text("Parent task", made: "New parent") == "New parent")
        #expect(again.text("Tags", made: "a,b") == "a, b")
        #expect(again.text("Tags", made: "b,a") == "a, b")
        #expect(again.text("Tags", made: "a") == "a")
        #expect(again.text("Name", made: "other") == "other")
        #expect(KeptCells(data: "no JSON").cells.isEmpty)
    }

    @Test func `what is too long to be kept is left out`() {
        var kept = KeptCells()
        kept.keep("Notes", String(repeating: "x", count: 40_000), made: "")
        kept.keep("Tags", "a, b", made: "a,b")
        let (text, lost) = kept.data()
        #expect(lost == ["Notes"])
        #expect(KeptCells(data: text).text("Tags", made: "a,b") == "a, b")
    }

    @Test func `rows without a common project get one of their own, in their order`() throws {
        let (graph, reader, project, text) = try load([
            row("1", "a", section: "X", projects: "P"), row("2", "b", section: "Y", projects: "Q"),
            row("3", "c", section: "X", projects: "Q"), row("4", "late", parent: "a"),
        ])
        #expect(project.name == "My file")
        #expect(reader.summary.projects == 3)
        #expect(ExportOrder.isByRows(project))
        #expect(printed(graph, project) == text)
    }

    @Test func `kinds of columns are inferred, and can be said`() throws {
        let header = CSVColumnNames.all + ",Points,Size,Due,Mix,Team,Empty"
        let rows: [String] = (1...8).map { index -> String in
            let start = row("\(index)", "t\(index)", section: "A", projects: "P").dropLast()
            let size = index % 2 == 0 ? "S" : "L"
            let team = index % 2 == 0 ? "\"Web,App\"" : "App"
            return "\(start),\(index).\(index),\(size),2024-01-0\(index),word \(index),\(team),\n"
        }
        let (graph, reader, project, text) = try load(rows, header: header)
        let kinds = project.fields.compactMap { graph.field($0.field)?.kind }
        #expect(kinds == [.number, .enum, .date, .text, .multiEnum, .text])
        #expect(reader.messages.count == 6)
        #expect(printed(graph, project) == text)

        var options = ImportOptions(name: "f")
        options.map = try FieldMap("# what they are\nPoints = text\nMix=ignore\n Size = enum \n")
        let (mapped, _, second, _) = try load(rows, header: header, options)
        let again = second.fields.compactMap { mapped.field($0.field) }
        #expect(again.map(\.kind) == [.text, .enum, .date, .multiEnum, .text])
    }

    @Test func `a map that is wrong says in which line`() {
        #expect(
            throws: TextProblem(
                TextPlace(line: 2, column: 1),
                "\"colour\" is no kind: text, number, enum, multi_enum, date, people or ignore")
        ) { try FieldMap("A = text\nB = colour") }
    }

    @Test func `the layouts of older years are understood`() throws {
        let old =
            "Task ID,Created At,Completed At,Last Modified,Name,Column,Assignee,Assignee Email,"
            + "Start Date,Due Date,Tags,Notes,Projects,Parent Task\n"
            + "\"1\",2019-01-01,,2019-01-01,a,Doing,,,,,,,P,\n"
            + "\"2\",2019-01-01,,2019-01-01,b,,,,,,,,,a\n"
        var graph = MemoryGraph()
        let reader = try graph.load(Array(old.utf8), ImportOptions(name: "f"))
        var project = try #require(graph.project(external: reader.projectKey))
        project.defaultView = .board
        var request = Export()
        request.format = .csv
        request.dialect = ._2018
        request.ids = .external
        let printed = graph.export(project, ExportOptions(request, host: "x"))
        #expect(String(decoding: printed, as: UTF8.self) == "\u{FEFF}" + old)
    }

    @Test func `lines above the header are passed over`() throws {
        let text =
            ",,\nhttps://app.example.com/-/googleSheetsProjectCsv,,\nTask ID,Name,Projects\n1,a,P\n"
        var graph = MemoryGraph()
        let reader = try graph.load(Array(text.utf8), ImportOptions(name: "f"))
        #expect(reader.summary.tasks == 1)
    }

    @Test func `long texts go on as comments, long names are cut, with a warning`() throws {
        let notes = String(repeating: "é", count: 70_000)
        let name = String(repeating: "n", count: 1030)
        let text = "Task ID,Name,Notes,Projects\n1,\(name),\(notes),P\n"
        var graph = MemoryGraph()
        let reader = try graph.load(Array(text.utf8), ImportOptions(name: "f"))
        let task = try #require(graph.task(external: "1"))
        let stories = graph.stories[task.gid] ?? []
        #expect(task.name.utf8.count == 1024)
        #expect(task.notes + stories.map(\.text).joined() == notes)
        #expect(reader.summary.comments == 0)
        #expect(
            reader.warnings.map(\.place) == [
                TextPlace(line: 2, column: 3), TextPlace(line: 2, column: 1034),
                TextPlace(line: 2, column: 1),
            ])
    }

    @Test func `into a project leads every batch with it`() throws {
        let rows = (1...2500).map { row("\($0)", "t", section: "A", projects: "P") }
        let text = CSVColumnNames.line + rows.joined()
        var reader = ImportReader(
            ByteArraySource(Array(text.utf8)), options: ImportOptions(name: "f", into: 77))
        try reader.check()
        try reader.begin(people: [])
        var batches = 0
        while let batch = try reader.nextBatch() {
            batches += 1
            guard case .project(let project) = batch.items.first?.kind else {
                Issue.record("batch \(batches) does not begin with the project")
                return
            }
            #expect(project.into == 77)
        }
        #expect(batches == 3)
    }

    @Test func `formulas are disarmed where asked for`() throws {
        let (graph, _, project, _) = try load([row("1", "=1+1", section: "A", projects: "P")])
        var options = ExportOptions.test(.csv, ids: .own)
        options.guardsFormulas = true
        #expect(String(decoding: graph.export(project, options), as: UTF8.self).contains(",'=1+1,"))
    }
}
