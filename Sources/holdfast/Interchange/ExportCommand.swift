internal import ArgumentParser
internal import StoreClient
internal import SystemEnvironment
internal import WorkProtocol

/// `holdfast export`: a project, or one's own tasks, from one consistent position.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Export a project, or one's own tasks, as CSV or JSON.",
        discussion: """
            EXAMPLES
              holdfast export project "Website relaunch" --format csv --output website.csv
              holdfast export my --format json > my.json
              holdfast export project 7291846502 --ids external --output as-it-came.csv
            """,
        subcommands: [OfProject.self, OfMine.self])

    /// What an export may look like.
    struct Looks: ParsableArguments {
        @Option(help: "csv or json; what --output ends with if not given, else json.")
        var format: Choice<ExportFormat>?
        @Option(help: "The file to write: it is there whole, or not at all.")
        var output: String?
        @Option(help: "own, or external: those that an import brought.")
        var ids = Choice(ExportIds.own)
        @Flag(help: "CSV: with the ids of parents and dependencies.") var withIds = false
        @Option(help: "CSV: 2024 or 2018.") var dialect = Choice(ExportDialect._2024)
        @Flag(help: "CSV: disarm cells that spreadsheets take for formulas.")
        var guardFormulas = false
        @Flag(inversion: .prefixedNo, help: "JSON: with comments and what else happened.")
        var stories = true

        var request: Export {
            var request = Export()
            let isCSV = output?.lowercased().hasSuffix(".csv") ?? false
            request.format = format?.value ?? (isCSV ? .csv : .json)
            request.ids = ids.value
            request.withIds = withIds
            request.dialect = dialect.value
            request.guardFormulas = guardFormulas
            request.withStories = stories && request.format == .json
            return request
        }
    }

    struct OfProject: StoreCommand {
        static let configuration = CommandConfiguration(
            commandName: "project", abstract: "Export a project.",
            discussion: examples(
                "export project \"Website relaunch\" --output website.csv",
                "export project 7291846502 --format csv --ids external"))
        @Argument(help: "The project, by name or gid.") var project: String
        @OptionGroup var looks: Looks
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = looks.request
            request.project = try await client.project(project).gid
            try await client.export(request, to: looks.output, in: request.project)
        }
    }

    struct OfMine: StoreCommand {
        static let configuration = CommandConfiguration(
            commandName: "my", abstract: "Export one's own tasks.",
            discussion: examples(
                "export my --format csv --output my.csv", "export my --no-stories | less"))
        @OptionGroup var looks: Looks
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let route = try await client.route()
            try await client.export(looks.request, to: looks.output, in: route)
        }
    }
}

extension Client {
    /// Streams an export to a file, or to standard output, and says whether it is whole.
    func export(_ request: Export, to path: String?, in route: UInt64) async throws {
        if let path, FileText.exists("\(path)/.") {
            throw Complaint(.exists, "is a folder, not a file", at: path)
        }
        var call = callOptions(nil)
        // The deadline is for all of it, however long it is.
        call.deadline = .seconds(3600)
        let stream = try await store.stream(request, in: route, call)
        var progress = ProgressLine()
        var bytesTaken = 0
        if let path {
            var file = try OutputFile(path)
            for try await bytes in stream {
                try file.write(bytes)
                bytesTaken += bytes.count
                progress.show("\(TextWidth.grouped(bytesTaken)) bytes …")
            }
            try await finish(stream, bytesTaken)
            try file.finish()
        } else {
            for try await bytes in stream {
                StandardStream.output.write(bytes)
                bytesTaken += bytes.count
            }
            try await finish(stream, bytesTaken)
        }
        progress.end()
        guard let reply = await stream.end, let end = try? ExportEnd(decoding: reply.payload)
        else { return }
        let rows = TextWidth.count(end.rows, "row")
        // Only who operates the store is told where it stood.
        let place =
            reply.details.lsn > 0
            ? ", at LSN \(reply.details.lsn)"
            : end.position > 0 ? ", at position \(end.position)" : ""
        let line = "\(output.tick) \(rows), complete\(place)"
        // Standard output may be the export itself.
        if path == nil { StandardStream.error.write(line + "\n") } else { output.tell(line) }
    }

    /// An export that ends early is none.
    private func finish(_ stream: AnswerStream, _ bytesTaken: Int) async throws {
        guard let reply = await stream.end, let end = try? ExportEnd(decoding: reply.payload),
            end.bytes == UInt64(bytesTaken)
        else {
            throw Complaint(
                .protocol, "the export was cut off; what has come is not whole",
                help: "ask again")
        }
    }
}
