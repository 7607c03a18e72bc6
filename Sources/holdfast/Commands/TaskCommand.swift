internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast task`: the work itself.
struct TaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task",
        abstract: "Make, show and change tasks.",
        discussion: """
            EXAMPLES
              holdfast task create "Order the cake" --due friday --assignee me
              holdfast task list --project "Website relaunch" --section Doing
              holdfast task complete 7291846502
              holdfast task move 7291846502 --project "Website relaunch" --section Done
            """,
        subcommands: [
            Create.self, List.self, Show.self, Update.self, Complete.self, Reopen.self, Move.self,
            AddTo.self, RemoveFrom.self, Assign.self, Parent.self, Depend.self, Tag.self,
            Follow.self, Unfollow.self, Like.self, Unlike.self, Public.self, Private.self,
            Stories.self, Delete.self,
        ])
}

extension TaskCommand {
    struct Create: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a task; without a project it is one's own.",
            discussion: """
                EXAMPLES
                  holdfast task create "Order the cake" --due friday
                  holdfast task create Draft --project "Website relaunch" --section Doing
                """)

        @Argument(help: "What is to be done.") var name: String
        @Option(help: "The project it goes into; may be given several times.")
        var project: [String] = []
        @Option(help: "The section of the (first) project.") var section: String?
        @Option(help: "Who does it: me, a name, an e-mail address, a gid.") var assignee: String?
        @Option(help: "friday, tomorrow, 2026-12-01, in 3 days.") var due: String?
        @Option(help: "The day it begins.") var start: String?
        @Option(help: "More about it.") var notes: String?
        @Option(help: "The task it is part of.") var parent: String?
        @Option(help: "A tag; may be given several times.") var tag: [String] = []
        @Option(help: "Somebody to follow it; may be given several times.")
        var follower: [String] = []
        @Flag(help: "A milestone.") var milestone = false
        @Flag(help: "In nobody's project: only for oneself, assignee and followers.")
        var `private` = false
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func validate() throws {
            guard !`private` || project.isEmpty else {
                throw ValidationError("A task in a project is as private as the project.")
            }
            guard section == nil || !project.isEmpty else {
                throw ValidationError("--section needs a --project.")
            }
        }

        func run(_ client: Client) async throws {
            var request = CreateTask()
            request.name = name
            request.notes = notes ?? ""
            request.subtype = milestone ? .milestone : .defaultTask
            _ = try await client.identity()
            let time = client.output.time
            request.dueOn = try due.map { try time.day($0, "--due") }
            request.startOn = try start.map { try time.day($0, "--start") }
            for (index, name) in project.enumerated() {
                var placement = Placement()
                placement.project = try await client.project(name).gid
                if index == 0, let section {
                    placement.section = try await client.section(section, in: placement.project)
                }
                request.placements.append(placement)
            }
            if let parent { request.parent = try await client.taskGid(parent) }
            if let assignee {
                request.assignee = try await client.account(assignee)
            } else if project.isEmpty, parent == nil {
                request.assignee = try await client.me()
            }
            for name in tag { request.labels.append(try await client.tag(name).gid) }
            for name in follower {
                request.collaborators.append(try await client.account(name))
            }
            let place = request.placements.first?.project ?? request.parent
            try await client.changed(request, in: client.route(place), change)
        }
    }

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List tasks: of a project, section, person, tag or parent.",
            discussion: """
                Without any of these: one's own. What is done is left out.

                EXAMPLES
                  holdfast task list --project "Website relaunch" --all
                  holdfast task list --assignee ana@example.com -o json
                """)

        @Option(help: "Of a project.") var project: String?
        @Option(help: "Of a section, by gid or by name with --project.") var section: String?
        @Option(help: "Of a person.") var assignee: String?
        @Option(help: "With a tag.") var tag: String?
        @Option(help: "Under a task.") var parent: String?
        @Flag(help: "Also what is done.") var all = false
        @OptionGroup var length: LengthOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = ListTasks()
            if let section {
                let project = try await project.asyncMap { try await client.project($0).gid }
                request.section = try await client.section(section, in: project)
            } else if let project {
                request.project = try await client.project(project).gid
            } else if let tag {
                request.label = try await client.tag(tag).gid
            } else if let parent {
                request.parent = try await client.taskGid(parent)
            } else {
                request.assignee = try await client.account(assignee ?? "me")
            }
            request.completedSince = all ? 0 : .max
            request.withNames = true
            let place = request.section + request.project + request.label + request.parent
            let route = try await client.route(place)
            let isOfProject = request.project != 0 || request.section != 0
            try await client.list(length.most, isOfProject: isOfProject) { cursor, size in
                request.cursor = cursor
                request.limit = size
                return try await client.ask(request, in: route)
            }
        }
    }

    struct Show: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a task.",
            discussion: examples("task show 7291846502", "task show external:1204 -o json"))
        @Argument(help: "The task's gid, or external:ID.") var task: String
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            _ = try await client.identity()
            let found = try await client.task(task)
            try client.output.show(found, as: WorkTask.shape(NameTable(found.names)))
            let isOpened = found.unseen
            guard isOpened else { return }
            var seen = MarkSeen()
            seen.task = found.gid
            _ = try await client.change(seen, in: found.gid, ChangeOptions.none)
        }
    }

    struct Update: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a task.",
            discussion: """
                EXAMPLES
                  holdfast task update 7291846502 --due "next friday" --name "Order two cakes"
                  holdfast task update 7291846502 --clear due --set "Priority=High"
                """)
        @Argument(help: "The task.") var task: String
        @Option(help: "A new name.") var name: String?
        @Option(help: "New notes.") var notes: String?
        @Option(help: "A new due day.") var due: String?
        @Option(help: "A new first day.") var start: String?
        @Option(help: "A custom field, FIELD=VALUE; an empty value clears it.")
        var set: [String] = []
        @Option(help: "Take away: assignee, start, due, external or html_notes.")
        var clear: [Choice<TaskField>] = []
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = UpdateTask()
            request.task = try await client.taskGid(task)
            request.ifVersion = version.ifVersion
            request.name = name
            request.notes = notes
            _ = try await client.identity()
            let time = client.output.time
            request.dueOn = try due.map { try time.day($0, "--due") }
            request.startOn = try start.map { try time.day($0, "--start") }
            request.clear = clear.map(\.value)
            for text in set {
                request.fields.append(try await client.fieldValue(text))
            }
            do {
                try await client.changed(request, in: request.task, change)
            } catch let error as StoreError where error.code == .notFound && !set.isEmpty {
                throw Complaint(
                    .notFound, "there is no such task, or none of its projects has these fields",
                    help: "holdfast project add-field PROJECT FIELD")
            }
        }
    }
}

extension Optional where Wrapped: Sendable {
    /// `map` with a question in it.
    func asyncMap<Value>(_ transform: (Wrapped) async throws -> Value) async throws -> Value? {
        guard let self else { return nil }
        return try await transform(self)
    }
}

extension ChangeOptions {
    /// Nothing said.
    static var none: ChangeOptions {
        var options = ChangeOptions()
        options.requestID = nil
        options.dryRun = false
        return options
    }
}
