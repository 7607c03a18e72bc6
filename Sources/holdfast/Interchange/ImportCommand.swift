internal import ArgumentParser
internal import Interchange
internal import StoreClient
internal import SystemEnvironment
internal import WorkProtocol

/// The kinds of file, by the names they have in the library.
extension ImportFormat: ExpressibleByArgument {}

/// `holdfast import`: a file of another system becomes a project, or several.
struct ImportCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import a file: Asana's CSV or JSON, a GitHub archive, a Bitbucket tracker.",
        discussion: """
            The whole file is checked before anything is changed. Importing it again changes \
            nothing but what has changed in it; an interrupted import is completed that way.

            EXAMPLES
              holdfast import export.csv --dry-run
              holdfast import export.csv --map columns.txt
              holdfast import issues.json --format github -o json
            """)
    @Argument(help: "The file.") var file: String
    @Option(help: "What it is; found out if not given.") var format: ImportFormat?
    @Option(help: "The project to import into, instead of one of its own.") var into: String?
    @Flag(help: "Check the file and say what would be done; change nothing.")
    var dryRun = false
    @Option(help: "A file that says what columns are: a line `Column = kind` each.")
    var map: String?
    @Flag(help: "Leave out bad rows instead of refusing the file.") var keepGoing = false
    @OptionGroup var common: CommonOptions

    func run(_ client: Client) async throws {
        let workspace = try await client.workspace()
        var reader = try await reader(client)
        try checkFile(&reader)
        for message in reader.messages { tell(client, message) }
        for warning in reader.warnings.prefix(20) { tell(client, "warning: \(warning)") }
        if reader.warningCount > 20 {
            let more = TextWidth.count(reader.warningCount - 20, "more warning")
            tell(client, "and \(more); -o json has them")
        }
        for problem in reader.problems { tell(client, "left out: \(problem)") }
        var load = ImportLoad(client, workspace: workspace.ordinal, isDry: dryRun)
        let people = try await load.people(reader.people)
        do { try reader.begin(people: people) } catch { throw located(error) }
        var progress = ProgressLine()
        while true {
            let batch: ImportBatch?
            do { batch = try reader.nextBatch() } catch { throw located(error) }
            guard let batch else { break }
            try await load.load(batch)
            progress.show("\(TextWidth.grouped(load.loadedCount)) objects …")
        }
        try await load.finish()
        progress.end()
        try report(reader, load, client)
    }

    private func reader(_ client: Client) async throws -> ImportReader {
        guard FileText.exists(file) else {
            throw Complaint(.notFound, "there is no such file", at: file)
        }
        guard !FileText.exists("\(file)/.") else {
            throw Complaint(.io, "is a folder, not a file", at: file)
        }
        var fields = FieldMap()
        if let map {
            do {
                fields = try FieldMap(String(decoding: try FileText.read(map), as: UTF8.self))
            } catch let problem as TextProblem {
                throw Complaint(.badData, problem.description, at: map)
            }
        }
        let gid = try await into.asyncMap { try await client.project($0).gid } ?? 0
        let name = file.split(separator: "/").last ?? ""
        let stem = name.lastIndex(of: ".").map { name[..<$0] } ?? name
        let options = ImportOptions(
            name: String(stem), format: format, into: gid, map: fields, keepsGoing: keepGoing)
        let source: FileSource
        do { source = try FileSource(file) } catch { throw located(error) }
        return ImportReader(source, options: options)
    }

    private func checkFile(_ reader: inout ImportReader) throws {
        do { try reader.check() } catch {
            if let unreadable = error.problems.first(where: { $0.kind == .unreadable }) {
                throw located(unreadable)
            }
            let lines = error.problems.prefix(20).map {
                "\(file):\($0.place.line):"
                    + "\($0.place.column): \($0.message)"
            }
            for line in lines { StandardStream.error.write(line + "\n") }
            throw Complaint(
                .badData,
                "\(TextWidth.count(error.count, "problem")); nothing was imported", at: file,
                help: "mend the file, or leave such rows out with --keep-going")
        }
    }

    private func located(_ problem: TextProblem) -> Complaint {
        problem.kind == .unreadable
            ? Complaint(.io, problem.message, at: file)
            : Complaint(
                .badData, "\(problem.place.line):\(problem.place.column): \(problem.message)",
                at: file)
    }

    private func tell(_ client: Client, _ text: String) {
        guard client.output.isForPeople || !client.isDemo else { return }
        client.output.tell(text)
    }

    private func report(
        _ reader: ImportReader, _ load: ImportLoad, _ client: Client
    ) throws {
        let summary = reader.summary
        let project = load.projects.first { $0.external == reader.projectKey }?.gid ?? 0
        if client.output.format == .json || client.output.format == .jsonl {
            return try client.output.show(
                reader, as: ImportReport(load: load, project: project, isDry: dryRun).shape)
        }
        if !client.output.isTerminal, !client.isDemo, project != 0, !dryRun {
            StandardStream.output.write("\(project)\n")
        }
        let counts = [
            TextWidth.count(summary.tasks, "task"),
            TextWidth.count(summary.subtasks, "subtask"),
            TextWidth.count(summary.comments, "comment"), TextWidth.count(summary.tags, "tag"),
            TextWidth.count(summary.people, "person", "people"),
        ].filter { !$0.hasPrefix("0 ") }
        let new = load.created["tasks"] ?? 0
        let changed = load.updated["tasks"] ?? 0
        let verb = dryRun ? "would make" : "made"
        let gid = project == 0 || dryRun ? "" : "\(project)  "
        client.output.tell(
            "\(client.output.tick) \(gid)\(counts.joined(separator: ", "));  \(verb) "
                + "\(TextWidth.count(new, "task")), changed \(TextWidth.grouped(changed))"
                + (summary.skipped > 0 ? ", left out \(summary.skipped)" : "")
                + (dryRun ? "" : load.last.map { "    " + Client.how($0) } ?? ""))
    }
}

/// What `import -o json` prints.
private struct ImportReport {
    var load: ImportLoad
    var project: UInt64
    var isDry: Bool

    var shape: Shape<ImportReader> {
        Shape([
            .init("project", nil) { [project] _ in .gid(project) },
            .init("format", nil) { .text($0.format?.rawValue ?? "") },
            .init("tasks", nil) { .count($0.summary.tasks) },
            .init("subtasks", nil) { .count($0.summary.subtasks) },
            .init("comments", nil) { .count($0.summary.comments) },
            .init("tags", nil) { .count($0.summary.tags) },
            .init("people", nil) { .count($0.summary.people) },
            .init("projects", nil) { .count($0.summary.projects) },
            .init("stories", nil) { .count($0.summary.stories) },
            .init("attachments", nil) { .count($0.summary.attachments) },
            .init("created", nil) { [load] _ in counts(load.created) },
            .init("updated", nil) { [load] _ in counts(load.updated) },
            .init("skipped", nil) { .count($0.summary.skipped) },
            .init("dry_run", nil) { [isDry] _ in .flag(isDry) },
            .init("decisions", nil) { .list($0.messages.map { .text($0) }) },
            .init("warnings", nil) { reader in
                .list(
                    (reader.warnings + reader.problems).map { problem in
                        .object([
                            ("line", .count(problem.place.line)),
                            ("column", .count(problem.place.column)),
                            ("message", .text(problem.message)),
                        ])
                    })
            },
        ])
    }

    private func counts(_ counts: [String: Int]) -> Cell {
        .object(ImportLoad.words.map { ($0, .count(counts[$0] ?? 0)) })
    }
}
