internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast section`: the parts of a project.
struct SectionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "section",
        abstract: "Make and change the sections of a project.",
        discussion: """
            EXAMPLES
              holdfast section list "Website relaunch"
              holdfast section create "Website relaunch" Review --after Doing
            """,
        subcommands: [List.self, Create.self, Rename.self, Move.self, Delete.self])

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List a project's sections.",
            discussion: examples("section list \"Website relaunch\""))
        @Argument(help: "The project.") var project: String
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let gid = try await client.project(project).gid
            try client.output.list(
                try await client.sections(gid), of: "sections",
                as: Shape([
                    .init("gid", "Gid") { .gid($0.gid) },
                    .init("name", "Name") { .text($0.name) },
                    .init("tasks", "Tasks", isRight: true) { .count($0.taskCount) },
                    .init("external", nil) { .text(orMissing: $0.external?.gid ?? "") },
                ]))
        }
    }

    /// Which section, and of which project if it is named by its name.
    struct Subject: ParsableArguments {
        @Argument(help: "The section: its gid, or its name with --project.") var section: String
        @Option(help: "The project.") var project: String?

        func gid(_ client: Client) async throws -> (section: UInt64, project: UInt64?) {
            let project = try await project.asyncMap { try await client.project($0).gid }
            return (try await client.section(section, in: project), project)
        }
    }

    struct Create: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a section.",
            discussion: examples("section create \"Website relaunch\" Review --after Doing"))
        @Argument(help: "The project.") var project: String
        @Argument(help: "Its name.") var name: String
        @Option(help: "Stand before this section.") var before: String?
        @Option(help: "Stand after this section.") var after: String?
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = CreateSection()
            request.project = try await client.project(project).gid
            request.name = name
            let gid = request.project
            request.before =
                try await before.asyncMap { try await client.section($0, in: gid) } ?? 0
            request.after = try await after.asyncMap { try await client.section($0, in: gid) } ?? 0
            try await client.change(request, in: gid, change, done: name)
        }
    }

    struct Rename: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Rename a section.",
            discussion: examples("section rename Review --project \"Website relaunch\" --to Check"))
        @OptionGroup var subject: Subject
        @Option(help: "Its new name.") var to: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = UpdateSection()
            request.section = try await subject.gid(client).section
            request.name = to
            try await client.change(request, in: request.section, change, done: to)
        }
    }

    struct Move: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move a section within its project.",
            discussion: examples("section move Done --project \"Website relaunch\" --after Review"))
        @OptionGroup var subject: Subject
        @Option(help: "Stand before this section.") var before: String?
        @Option(help: "Stand after this section.") var after: String?
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let (section, project) = try await subject.gid(client)
            var request = MoveSection()
            request.section = section
            request.before =
                try await before.asyncMap { try await client.section($0, in: project) } ?? 0
            request.after =
                try await after.asyncMap { try await client.section($0, in: project) } ?? 0
            try await client.change(request, in: section, change, done: "moved")
        }
    }

    struct Delete: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete an empty section.",
            discussion: examples("section delete Review --project \"Website relaunch\""))
        @OptionGroup var subject: Subject
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = DeleteSection()
            request.section = try await subject.gid(client).section
            if !change.dryRun {
                try client.confirm("Delete section “\(subject.section)”", confirmation)
            }
            try await client.change(
                request, in: request.section, change, done: subject.section, ["deleted"])
        }
    }
}
