internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast whoami`.
struct WhoAmICommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Show who the token makes one.",
        discussion: examples("whoami", "whoami --token-file reports.token"))
    @OptionGroup var common: CommonOptions

    func run(_ client: Client) async throws {
        let identity = try await client.identity()
        let zone = client.output.time.zone
        try client.output.show(
            identity,
            as: Shape([
                .init("gid", "Gid") { .gid($0.account?.gid ?? 0) },
                .init("name", "Name") { .text($0.account?.name ?? "") },
                .init("email", "E-mail") { .text(orMissing: $0.account?.email ?? "") },
                .init("time_zone", "Time zone") { identity in
                    let own = identity.account?.timeZone ?? ""
                    return .text(own.isEmpty ? zone : own)
                },
                .init("operator", "Operator") { .flag($0.account?.isOperator ?? false) },
                .init("scopes", "Scopes") { .list($0.scopes.map { .word($0) }) },
                .init("workspaces", "Workspaces") { identity in
                    .list(
                        identity.workspaces.map { .reference(UInt64($0.ordinal), $0.name) })
                },
            ]))
    }
}

/// `holdfast user`: the people of a workspace.
struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "List, invite and change the people of a workspace.",
        discussion: """
            EXAMPLES
              holdfast user list
              holdfast user invite ana@example.com --role member --name "Ana Lee"
              holdfast user update ana@example.com --role guest
            """,
        subcommands: [List.self, Show.self, Invite.self, Update.self])

    private static var shape: Shape<Membership> {
        Shape([
            .init("gid", "Gid") { .gid($0.account) },
            .init("name", "Name") { .text($0.name) },
            .init("email", "E-mail") { .text(orMissing: $0.email) },
            .init("role", "Role") { .word($0.role) },
            .init("active", "Active") { .flag($0.isActive) },
            .init("service", nil) { .flag($0.isService) },
            .init("time_zone", nil) { .text(orMissing: $0.timeZone) },
            .init("created_at", nil) { .moment(orMissing: $0.createdAt) },
            .init("external", nil) { .text(orMissing: $0.external?.gid ?? "") },
            .init("version", nil) { .count($0.version) },
        ])
    }

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List people.",
            discussion: examples("user list", "user list ana -o json"))
        @Argument(help: "Only those whose name or e-mail address begins with this.")
        var prefix: String?
        @Flag(help: "Those who were removed, too.") var all = false
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let route = try await client.route()
            var request = ListUsers()
            request.limit = 500
            request.prefix = prefix ?? ""
            request.withInactive = all
            let users = try await client.all { cursor in
                request.cursor = cursor
                let page = try await client.ask(request, in: route, as: UserPage.self)
                return (page.users, page.next)
            }
            try client.output.list(users, of: "people", as: UserCommand.shape)
        }
    }

    struct Show: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a person.",
            discussion: examples("user show me", "user show ana@example.com"))
        @Argument(help: "me, a name, an e-mail address or a gid.") var user: String
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            try client.output.show(try await client.user(user), as: UserCommand.shape)
        }
    }

    struct Invite: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let somebody into the workspace.",
            discussion: examples(
                "user invite ana@example.com --name \"Ana Lee\"",
                "user invite guest@agency.example --role guest"))
        @Argument(help: "The e-mail address.") var email: String
        @Option(help: "The name, if it is a new account.") var name: String?
        @Option(help: "guest, member or admin.") var role = Choice(Role.member)
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = WorkProtocol.Invite()
            request.email = email
            request.name = name ?? ""
            request.role = role.value
            let route = try await client.route()
            try await client.change(request, in: route, change, done: email, [word(role.value)])
        }
    }

    struct Update: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change what somebody is in the workspace, or remove or readmit them.",
            discussion: examples(
                "user update ana@example.com --role admin",
                "user update ana@example.com --active false"))
        @Argument(help: "The person.") var user: String
        @Option(help: "guest, member or admin.") var role: Choice<Role>?
        @Option(help: "false removes the person from the workspace.") var active: Bool?
        @Option(help: "A new name, of the account.") var name: String?
        @Option(help: "A new time zone, of the account: Europe/Berlin.") var timeZone: String?
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let account = try await client.account(user)
            if name != nil || timeZone != nil {
                var request = UpdateAccount()
                request.account = account
                request.name = name
                request.timeZone = timeZone
                if let answer = try await client.change(request, in: 0, change) {
                    client.connection.forgetIdentity()
                    try client.done(answer, user)
                }
            }
            guard role != nil || active != nil else { return }
            if active == false, !change.dryRun {
                try client.confirm("Remove \(user) from the workspace", confirmation)
            }
            var request = UpdateMembership()
            request.account = account
            request.role = role?.value
            request.isActive = active
            request.ifVersion = version.ifVersion
            let route = try await client.route()
            try await client.change(request, in: route, change, done: user)
        }
    }
}
