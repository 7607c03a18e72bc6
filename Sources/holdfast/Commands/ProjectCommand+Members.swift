internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// Who belongs to a project, and which custom fields it has.
extension ProjectCommand {
    struct Members: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the members of a project.",
            discussion: examples("project members \"Website relaunch\""))
        @Argument(help: "The project.") var project: String
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let found = try await client.project(project)
            let names = NameTable(found.names)
            try client.output.list(
                found.members, of: "members",
                as: Shape([
                    .init("gid", "Gid") { .gid($0.member) },
                    .init("name", "Name") { .text(names[$0.member]) },
                    .init("access", "Access") { .word($0.access) },
                ]))
        }
    }

    struct AddMember: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make somebody a member, or change what a member may do.",
            discussion: examples(
                "project add-member Hiring ana@example.com --access editor",
                "project add-member Hiring team:Design --access viewer"))
        @Argument(help: "The project.") var project: String
        @Argument(help: "A person, or team:NAME.") var member: String
        @Option(help: "What it may do.") var access = Choice(AccessLevel.editor)
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let found = try await client.project(project)
            var request = SetProjectMember()
            request.project = found.gid
            request.member = try await client.projectMember(member)
            request.access = access.value
            try await client.change(
                request, in: found.gid, change, done: found.name,
                ["\(member): \(word(access.value))"])
        }
    }

    struct RemoveMember: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take somebody out of a project.",
            discussion: examples("project remove-member Hiring \"Ana Lee\""))
        @Argument(help: "The project.") var project: String
        @Argument(help: "A person, or team:NAME.") var member: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let found = try await client.project(project)
            var request = RemoveProjectMember()
            request.project = found.gid
            request.member = try await client.projectMember(member)
            try await client.change(
                request, in: found.gid, change, done: found.name, ["without \(member)"])
        }
    }

    struct AddField: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a project a custom field.",
            discussion: examples("project add-field \"Website relaunch\" Priority --important"))
        @Argument(help: "The project.") var project: String
        @Argument(help: "The field.") var field: String
        @Flag(help: "Shown before others.") var important = false
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let found = try await client.project(project)
            var request = SetProjectField()
            request.project = found.gid
            request.field = try await client.field(field).gid
            request.isImportant = important
            try await client.change(
                request, in: found.gid, change, done: found.name, ["with \(field)"])
        }
    }

    struct RemoveField: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a custom field from a project.",
            discussion: examples("project remove-field \"Website relaunch\" Priority"))
        @Argument(help: "The project.") var project: String
        @Argument(help: "The field.") var field: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let found = try await client.project(project)
            var request = RemoveProjectField()
            request.project = found.gid
            request.field = try await client.field(field).gid
            try await client.change(
                request, in: found.gid, change, done: found.name, ["without \(field)"])
        }
    }
}
