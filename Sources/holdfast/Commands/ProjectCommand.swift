internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast project`.
struct ProjectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project",
        abstract: "Make, show and change projects.",
        discussion: """
            EXAMPLES
              holdfast project list
              holdfast project create "Website relaunch" --section "To do" --section Doing
              holdfast project add-member "Website relaunch" ana@example.com
            """,
        subcommands: [
            List.self, Show.self, Create.self, Update.self, Delete.self, Members.self,
            AddMember.self, RemoveMember.self, AddField.self, RemoveField.self,
        ])

    static func shape(_ names: NameTable) -> Shape<Project> {
        Shape([
            .init("gid", "Gid") { .gid($0.gid) },
            .init("name", "Name") { .text($0.name) },
            .init("tasks", "Tasks", isRight: true) { .count($0.taskCount) },
            .init("completed_tasks", "Done", isRight: true) { .count($0.completedCount) },
            .init("owner", "Owner") { names.cell($0.owner) },
            .init("team", "Team") { names.cell($0.team) },
            .init("due_on", "Due") { .day($0.dueOn) },
            .init("archived", "Archived") { .flag($0.archived) },
            .init("completed", nil) { .flag($0.completed) },
            .init("notes", nil) { .text(orMissing: $0.notes) },
            .init("privacy", nil) { .word($0.privacy) },
            .init("access", nil) { .word($0.access) },
            .init("default_access", nil) { .word($0.defaultAccess) },
            .init("view", nil) { .word($0.defaultView) },
            .init("color", nil) { .word($0.color) },
            .init("start_on", nil) { .day($0.startOn) },
            .init("sections", nil) { names.cells($0.sections) },
            .init("fields", nil) { names.cells($0.fields.map(\.field)) },
            .init("members", nil) { project in
                .list(project.members.map { names.cell($0.member) })
            },
            .init("created_at", nil) { .moment(orMissing: $0.createdAt) },
            .init("modified_at", nil) { .moment(orMissing: $0.modifiedAt) },
            .init("external", nil) { .text(orMissing: $0.external?.gid ?? "") },
            .init("version", nil) { .count($0.version) },
        ])
    }

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List projects.",
            discussion: examples("project list", "project list --team Design --all"))
        @Option(help: "Of one team.") var team: String?
        @Flag(help: "Archived ones, too.") var all = false
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = ListProjects()
            if let team { request.team = try await client.team(team).gid }
            request.withArchived = all
            request.withNames = true
            request.limit = 500
            let route = try await client.route(request.team)
            var names = NameTable([])
            let projects = try await client.all { cursor in
                request.cursor = cursor
                let page = try await client.ask(request, in: route, as: ProjectPage.self)
                names.add(page.names)
                return (page.projects, page.next)
            }
            try client.output.list(projects, of: "projects", as: ProjectCommand.shape(names))
        }
    }

    struct Show: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a project.",
            discussion: examples("project show \"Website relaunch\""))
        @Argument(help: "The project, by name or gid.") var project: String
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            _ = try await client.identity()
            let found = try await client.project(project)
            var names = NameTable(found.names)
            names.add(
                try await client.sections(found.gid).map { section in
                    var name = Name()
                    name.gid = section.gid
                    name.name = section.name.isEmpty ? "(no name)" : section.name
                    return name
                })
            try client.output.show(found, as: ProjectCommand.shape(names))
        }
    }

    /// What a project may be made with and changed to.
    struct Settings: ParsableArguments {
        @Option(help: "More about it.") var notes: String?
        @Option(help: "Who answers for it.") var owner: String?
        @Option(help: "The team it belongs to.") var team: String?
        @Option(help: "Who sees it.") var privacy: Choice<ProjectPrivacy>?
        @Option(help: "What those may do who see it without being members.")
        var defaultAccess: Choice<AccessLevel>?
        @Option(help: "How it is shown first.") var view: Choice<ProjectView>?
        @Option(help: "Its colour.") var projectColor: Choice<Color>?
        @Option(help: "The day it is due.") var due: String?
        @Option(help: "The day it begins.") var start: String?
    }

    struct Create: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a project.",
            discussion: examples(
                "project create \"Website relaunch\" --section \"To do\"",
                "project create Hiring --privacy private --due \"in 3 months\""))
        @Argument(help: "Its name.") var name: String
        @Option(help: "A section; may be given several times.") var section: [String] = []
        @OptionGroup var settings: Settings
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            _ = try await client.identity()
            let time = client.output.time
            var request = CreateProject()
            request.name = name
            request.sections = section
            request.notes = settings.notes ?? ""
            if let owner = settings.owner { request.owner = try await client.account(owner) }
            if let team = settings.team { request.team = try await client.team(team).gid }
            request.privacy = settings.privacy?.value ?? .publicToWorkspace
            request.defaultAccess = settings.defaultAccess?.value ?? .none
            request.defaultView = settings.view?.value ?? .list
            request.color = settings.projectColor?.value ?? .none
            request.dueOn = try settings.due.map { try time.day($0, "--due") }
            request.startOn = try settings.start.map { try time.day($0, "--start") }
            let route = try await client.route(request.team)
            try await client.change(request, in: route, change, done: name)
        }
    }

    struct Update: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a project.",
            discussion: examples(
                "project update \"Website relaunch\" --name Website --owner me",
                "project update Website --archived true --clear due_on"))
        @Argument(help: "The project.") var project: String
        @Option(help: "A new name.") var name: String?
        @OptionGroup var settings: Settings
        @Option(help: "true or false.") var archived: Bool?
        @Option(help: "true or false.") var completed: Bool?
        @Option(help: "Take away: owner, team, start_on, due_on or color.")
        var clear: [Choice<ProjectField>] = []
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            _ = try await client.identity()
            let time = client.output.time
            let present = try await client.project(project)
            var request = UpdateProject()
            request.project = present.gid
            request.name = name
            request.notes = settings.notes
            if let owner = settings.owner { request.owner = try await client.account(owner) }
            if let team = settings.team { request.team = try await client.team(team).gid }
            request.privacy = settings.privacy?.value
            request.defaultAccess = settings.defaultAccess?.value
            request.defaultView = settings.view?.value
            request.color = settings.projectColor?.value
            request.archived = archived
            request.completed = completed
            request.dueOn = try settings.due.map { try time.day($0, "--due") }
            request.startOn = try settings.start.map { try time.day($0, "--start") }
            request.clear = clear.map(\.value)
            request.ifVersion = version.ifVersion
            try await client.change(request, in: present.gid, change, done: name ?? present.name)
        }
    }

    struct Delete: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a project and what is only in it into the trash.",
            discussion: examples("project delete \"Website relaunch\""))
        @Argument(help: "The project.") var project: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let present = try await client.project(project)
            if !change.dryRun {
                let tasks = TextWidth.count(present.taskCount, "task")
                try client.confirm("Delete “\(present.name)” with \(tasks)", confirmation)
            }
            var request = DeleteProject()
            request.project = present.gid
            request.ifVersion = version.ifVersion
            try await client.change(
                request, in: present.gid, change, done: present.name, ["in the trash"])
        }
    }
}
