internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast team`.
struct TeamCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "team",
        abstract: "Make and change teams.",
        discussion: """
            EXAMPLES
              holdfast team create Design --visibility request_to_join
              holdfast team add-member Design ana@example.com
            """,
        subcommands: [
            List.self, Show.self, Create.self, Update.self, Delete.self, AddMember.self,
            RemoveMember.self,
        ])

    private static func shape(_ names: NameTable = NameTable([])) -> Shape<Team> {
        Shape([
            .init("gid", "Gid") { .gid($0.gid) },
            .init("name", "Name") { .text($0.name) },
            .init("visibility", "Visibility") { .word($0.visibility) },
            .init("members", "Members") { team in
                .list(team.members.map { names.cell($0.account) })
            },
            .init("description", nil) { .text(orMissing: $0.description) },
            .init("created_at", nil) { .moment(orMissing: $0.createdAt) },
            .init("external", nil) { .text(orMissing: $0.external?.gid ?? "") },
            .init("version", nil) { .count($0.version) },
        ])
    }

    /// The names of the people of some teams.
    private static func names(_ teams: [Team], _ client: Client) async throws -> NameTable {
        var known: Set<UInt64> = []
        var names: [Name] = []
        let route = try await client.route()
        for member in teams.flatMap(\.members) where known.insert(member.account).inserted {
            var request = GetUser()
            request.user = String(member.account)
            let user = try await client.ask(request, in: route, as: Membership.self)
            var name = Name()
            name.gid = user.account
            name.name = user.name
            names.append(name)
        }
        return NameTable(names)
    }

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List teams.",
            discussion: examples("team list"))
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let teams = try await client.teams()
            let names = try await TeamCommand.names(teams, client)
            try client.output.list(teams, of: "teams", as: TeamCommand.shape(names))
        }
    }

    struct Show: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a team.",
            discussion: examples("team show Design"))
        @Argument(help: "The team.") var team: String
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let team = try await client.team(team)
            let names = try await TeamCommand.names([team], client)
            try client.output.show(team, as: TeamCommand.shape(names))
        }
    }

    struct Create: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a team.",
            discussion: examples("team create Design --visibility request_to_join"))
        @Argument(help: "Its name.") var name: String
        @Option(help: "What it is for.") var description: String?
        @Option(help: "public, request_to_join or secret.")
        var visibility = Choice(TeamVisibility.public)
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = CreateTeam()
            request.name = name
            request.description = description ?? ""
            request.visibility = visibility.value
            let route = try await client.route()
            try await client.change(request, in: route, change, done: name)
        }
    }

    struct Update: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a team.",
            discussion: examples("team update Design --description \"Looks and words\""))
        @Argument(help: "The team.") var team: String
        @Option(help: "A new name.") var name: String?
        @Option(help: "A new description.") var description: String?
        @Option(help: "public, request_to_join or secret.") var visibility: Choice<TeamVisibility>?
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let present = try await client.team(team)
            var request = UpdateTeam()
            request.team = present.gid
            request.name = name
            request.description = description
            request.visibility = visibility?.value
            request.ifVersion = version.ifVersion
            try await client.change(request, in: present.gid, change, done: name ?? present.name)
        }
    }

    struct Delete: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a team into the trash.",
            discussion: examples("team delete Design"))
        @Argument(help: "The team.") var team: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let present = try await client.team(team)
            if !change.dryRun {
                try client.confirm("Delete team “\(present.name)”", confirmation)
            }
            var request = DeleteTeam()
            request.team = present.gid
            request.ifVersion = version.ifVersion
            try await client.change(
                request, in: present.gid, change, done: present.name, ["in the trash"])
        }
    }

    struct AddMember: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let somebody into a team.",
            discussion: examples("team add-member Design ana@example.com --admin"))
        @Argument(help: "The team.") var team: String
        @Argument(help: "The person.") var user: String
        @Flag(help: "As one who may change the team.") var admin = false
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let present = try await client.team(team)
            var request = SetTeamMember()
            request.team = present.gid
            request.account = try await client.account(user)
            request.isAdmin = admin
            try await client.change(
                request, in: present.gid, change, done: present.name, ["with \(user)"])
        }
    }

    struct RemoveMember: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take somebody out of a team.",
            discussion: examples("team remove-member Design ana@example.com"))
        @Argument(help: "The team.") var team: String
        @Argument(help: "The person.") var user: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let present = try await client.team(team)
            var request = RemoveTeamMember()
            request.team = present.gid
            request.account = try await client.account(user)
            try await client.change(
                request, in: present.gid, change, done: present.name, ["without \(user)"])
        }
    }
}
