internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// Where a task stands: in projects, sections, before and after others; and its end.
extension TaskCommand {
    /// Where in a section.
    struct SpotOptions: ParsableArguments {
        @Option(help: "Stand before this task.") var before: String?
        @Option(help: "Stand after this task.") var after: String?
        @Flag(help: "Stand first.") var top = false
    }

    struct AddTo: StoreCommand {
        static let configuration = CommandConfiguration(
            commandName: "add-to", abstract: "Put a task into a further project.",
            discussion: examples("task add-to 7291846502 \"Office move\" --section Doing --top"))
        @Argument(help: "The task.") var task: String
        @Argument(help: "The project.") var project: String
        @Option(help: "Its section.") var section: String?
        @OptionGroup(title: "Place") var spot: SpotOptions
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let gid = try await client.project(project).gid
            try await TaskCommand.place(
                task, Place(project: gid, section: section, spot: spot), change, version, client)
        }
    }

    struct Move: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move a task to another section, or within one.",
            discussion: """
                Without --project: in the only project it is in.

                EXAMPLES
                  holdfast task move 7291846502 --section Done
                  holdfast task move 7291846502 --before 7291846777
                """)
        @Argument(help: "The task.") var task: String
        @Option(help: "The project.") var project: String?
        @Option(help: "The section.") var section: String?
        @OptionGroup(title: "Place") var spot: SpotOptions
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let present = try await client.task(task)
            let gid: UInt64
            if let project {
                gid = try await client.project(project).gid
            } else if let only = present.memberships.first, present.memberships.count == 1 {
                gid = only.project
            } else {
                throw Complaint(
                    .usage, "the task is in \(present.memberships.count) projects",
                    help: "--project NAME")
            }
            // Without a new section it stays in its own.
            let own = present.memberships.first { $0.project == gid }?.section
            let section = section ?? own.map(String.init)
            try await TaskCommand.place(
                task, Place(project: gid, section: section, spot: spot), change, version, client)
        }
    }

    struct Place {
        var project: UInt64
        var section: String?
        var spot: SpotOptions
    }

    private static func place(
        _ task: String, _ place: Place, _ change: ChangeOptions, _ version: VersionOptions,
        _ client: Client
    ) async throws {
        var request = AddToProject()
        request.task = try await client.taskGid(task)
        var placement = Placement()
        placement.project = place.project
        if let section = place.section {
            placement.section = try await client.section(section, in: place.project)
        }
        if let before = place.spot.before {
            placement.before = try await client.taskGid(before)
        }
        if let after = place.spot.after { placement.after = try await client.taskGid(after) }
        placement.atTop = place.spot.top
        request.placement = placement
        request.ifVersion = version.ifVersion
        try await client.changed(request, in: request.task, change)
    }

    struct RemoveFrom: StoreCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove-from", abstract: "Take a task out of a project.",
            discussion: examples("task remove-from 7291846502 \"Office move\""))
        @Argument(help: "The task.") var task: String
        @Argument(help: "The project.") var project: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = RemoveFromProject()
            request.task = try await client.taskGid(task)
            request.project = try await client.project(project).gid
            request.ifVersion = version.ifVersion
            try await client.changed(request, in: request.task, change)
        }
    }

    struct Delete: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put tasks into the trash, for 30 days.",
            discussion: examples(
                "task delete 7291846502", "task delete 7291846502 7291846777 --yes"))
        @Argument(help: "The tasks.") var task: [String]
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            for text in task {
                let present = try await client.task(text)
                if !change.dryRun {
                    try client.confirm("Delete “\(present.name)”", confirmation)
                }
                var request = DeleteTask()
                request.task = present.gid
                request.ifVersion = version.ifVersion
                try await client.change(
                    request, in: present.gid, change, done: present.name, ["in the trash"])
            }
        }
    }

    struct Stories: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what happened to a task, comments among it.",
            discussion: examples("task stories 7291846502"))
        @Argument(help: "The task.") var task: String
        @OptionGroup var length: LengthOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            try await client.stories(of: task, commentsOnly: false, length.most)
        }
    }
}
