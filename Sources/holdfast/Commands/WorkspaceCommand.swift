internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast workspace`.
struct WorkspaceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workspace",
        abstract: "Make, show and change workspaces.",
        discussion: """
            EXAMPLES
              holdfast workspace list
              holdfast workspace create Acme --organization --email-domain acme.example
            """,
        subcommands: [List.self, Show.self, Create.self, Update.self])

    private static var shape: Shape<Workspace> {
        Shape([
            .init("ordinal", "Number", isRight: true) { .count($0.ordinal) },
            .init("gid", nil) { .gid($0.gid) },
            .init("name", "Name") { .text($0.name) },
            .init("organization", "Organization") { .flag($0.isOrganization) },
            .init("email_domains", "E-mail domains") {
                .list($0.emailDomains.map { .text($0) })
            },
            .init("created_at", nil) { .moment(orMissing: $0.createdAt) },
            .init("version", nil) { .count($0.version) },
        ])
    }

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the workspaces one is in; an operator: all.",
            discussion: examples("workspace list"))
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let list = try await client.ask(ListWorkspaces(), in: 0, as: WorkspaceList.self)
            try client.output.list(list.workspaces, of: "workspaces", as: WorkspaceCommand.shape)
        }
    }

    struct Show: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the workspace.",
            discussion: examples("workspace show", "workspace show --workspace Acme"))
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let route = try await client.route()
            let found = try await client.ask(GetWorkspace(), in: route, as: Workspace.self)
            try client.output.show(found, as: WorkspaceCommand.shape)
        }
    }

    struct Create: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a workspace; for operators.",
            discussion: examples("workspace create Acme --organization"))
        @Argument(help: "Its name.") var name: String
        @Flag(help: "With teams.") var organization = false
        @Option(help: "An e-mail domain of its people; may be given several times.")
        var emailDomain: [String] = []
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = CreateWorkspace()
            request.name = name
            request.isOrganization = organization
            request.emailDomains = emailDomain
            guard let answer = try await client.change(request, in: 0, change) else { return }
            client.connection.forgetIdentity()
            try client.done(answer, name)
        }
    }

    struct Update: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change the workspace.",
            discussion: examples("workspace update --workspace Acme --name \"Acme Works\""))
        @Option(help: "A new name.") var name: String?
        @Option(help: "The e-mail domains, instead of those there are.")
        var emailDomain: [String] = []
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = UpdateWorkspace()
            request.name = name
            request.emailDomains = emailDomain
            request.setEmailDomains = !emailDomain.isEmpty
            request.ifVersion = version.ifVersion
            let route = try await client.route()
            guard let answer = try await client.change(request, in: route, change) else { return }
            client.connection.forgetIdentity()
            try client.done(answer, name ?? "")
        }
    }
}
