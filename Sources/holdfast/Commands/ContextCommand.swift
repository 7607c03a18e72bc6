internal import ArgumentParser
internal import SystemEnvironment
internal import WorkProtocol

/// `holdfast context`: the stores one uses.
struct ContextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "Name the stores one uses.",
        discussion: """
            EXAMPLES
              holdfast context add here --data /var/lib/holdfast
              holdfast context use work
            """,
        subcommands: [Add.self, Use.self, List.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a context, or replace one; the first one is used from then on.",
            discussion: examples(
                "context add work --address a.example:7420,b.example:7420 \\\n"
                    + "      --ca ca.pem --token-file work.token",
                "context add here --data /var/lib/holdfast"))
        @Argument(help: "A name: small letters, digits, _.") var name: String
        @Option(help: "HOST:PORT of the nodes, with commas between.") var address: String?
        @Option(help: "The certificate of the store's authority.") var ca: String?
        @Option(help: "The file with the token.") var tokenFile: String?
        @Option(help: "Or a node's folder on this machine.") var data: String?
        @Option(help: "The workspace to use.") var workspace: String?

        func validate() throws {
            guard Contexts.isName(name) else {
                throw ValidationError("The name of a context has small letters, digits and _ only.")
            }
            guard data != nil || address != nil else {
                throw ValidationError("A context needs --address or --data.")
            }
        }

        func run() throws {
            var contexts = try Contexts.load()
            contexts.set(.address, name, address)
            contexts.set(.ca, name, ca.map(Program.absolute))
            contexts.set(.tokenFile, name, tokenFile.map(Program.absolute))
            contexts.set(.data, name, data.map(Program.absolute))
            contexts.set(.workspace, name, workspace)
            if contexts.current.isEmpty { contexts.current = name }
            try contexts.save()
            StandardStream.error.write("✓ context \(name) in \(Contexts.path)\n")
        }
    }

    struct Use: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Use a context from now on.",
            discussion: examples("context use work"))
        @Argument(help: "Its name.") var name: String

        func run() throws {
            var contexts = try Contexts.load()
            guard contexts.all.contains(where: { $0.name == name }) else {
                throw Complaint(
                    .notFound, "there is no context \(name)", at: Contexts.path,
                    help: "holdfast context list")
            }
            contexts.current = name
            try contexts.save()
            StandardStream.error.write("✓ context \(name) from now on\n")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the contexts.",
            discussion: examples("context list"))
        @OptionGroup(title: "Output") var output: OutputOptions

        func run() throws {
            let contexts = try Contexts.load()
            let current = contexts.current
            try Output(output, isDemo: false, time: LocalTime(zone: "", now: 0)).list(
                contexts.all, of: "contexts",
                as: Shape([
                    .init("current", "") {
                        .text($0.name == current ? "*" : "")
                    },
                    .init("name", "Name") { .text($0.name) },
                    .init("address", "Address") {
                        .text(orMissing: $0.values[.address] ?? $0.values[.data] ?? "")
                    },
                    .init("workspace", "Workspace") {
                        .text(orMissing: $0.values[.workspace] ?? "")
                    },
                    .init("token_file", nil) { .text(orMissing: $0.values[.tokenFile] ?? "") },
                    .init("ca", nil) { .text(orMissing: $0.values[.ca] ?? "") },
                ]))
        }
    }
}

/// `holdfast config explain`.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show the settings and where they come from.",
        discussion: examples("config explain"),
        subcommands: [Explain.self])

    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print each value and its source.",
            discussion: examples("config explain", "config explain --context work"))
        @OptionGroup var common: CommonOptions

        private struct Line {
            var key: String
            var value: String
            var source: String
        }

        func run() throws {
            let location = try Location(common.connection)
            var lines = Location.Key.allCases.map { key in
                let setting = location.settings[key]
                return Line(
                    key: key.rawValue, value: setting?.value ?? "",
                    source: setting?.source ?? "not set")
            }
            let token = try? location.token
            lines.append(
                Line(
                    key: "token", value: token == nil ? "" : "***",
                    source: location.tokenSource ?? "not set"))
            lines.append(
                Line(
                    key: "context", value: location.context,
                    source: location.context.isEmpty ? "not set" : Contexts.path))
            let time = LocalTime(zone: "", now: 0)
            lines.append(Line(key: "time_zone", value: time.zone, source: "this machine"))
            try Output(common.output, isDemo: false, time: time).list(
                lines, of: "settings",
                as: Shape([
                    .init("setting", "Setting") { .text($0.key) },
                    .init("value", "Value") { .text(orMissing: $0.value) },
                    .init("source", "Source") { .text($0.source) },
                ]))
        }
    }
}

/// `holdfast login`: keeps a token.
struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Check a token and keep it in a file of one's own.",
        discussion: """
            The token is typed, or read from standard input; never given as an option.

            EXAMPLES
              holdfast login --address store.example:7420 --ca ca.pem
              holdfast login --context work < work.token
            """)
    @Option(help: "The name of the context the token goes with.") var name = "default"
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let location = try Location(common.connection)
        // Before anybody types a secret in vain.
        _ = try location.addresses
        let name = location.context.isEmpty ? self.name : location.context
        guard Contexts.isName(name) else {
            throw Complaint(
                .usage, "--name has small letters, digits and _ only", help: "--name work")
        }
        let typed = StandardStream.readSecret("Token: ") ?? ""
        let token = String(decoding: typed.utf8.filter { $0 > 0x20 }, as: UTF8.self)
        guard !token.isEmpty else {
            throw Complaint(
                .usage, "no token was given", help: "type it, or holdfast login < FILE")
        }
        let file = "\(Contexts.folder)/\(name).token"
        // Written before it is tried, so that the way it is found is the way it will be.
        try FileText.createFolder(Contexts.folder)
        let fresh = "\(file).new"
        try FileText.write(fresh, Array((token + "\n").utf8), replacing: true)
        var options = common
        options.connection.tokenFile = fresh
        let client = Client(
            Connection(try Location(options.connection)), options, isDemo: false)
        let identity: String
        do {
            identity = try await client.identity().account?.name ?? ""
        } catch {
            FileRemoval.remove(fresh)
            throw error
        }
        await client.connection.close()
        try FileRemoval.rename(fresh, file)
        var contexts = try Contexts.load()
        for key in [Location.Key.address, .ca, .data, .workspace] {
            if let value = location[key] { contexts.set(key, name, value) }
        }
        contexts.set(.tokenFile, name, file)
        if contexts.current.isEmpty { contexts.current = name }
        try contexts.save()
        StandardStream.error.write("✓ \(identity), in context \(name); token in \(file)\n")
    }
}
