internal import ArgumentParser
internal import StoreClient
internal import SystemEnvironment
internal import WorkProtocol

/// `holdfast token`: what programs and people sign in with.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and revoke tokens.",
        discussion: """
            The secret is made here; the store keeps only its SHA-256.

            EXAMPLES
              holdfast token create reports --scope read --output reports.token
              holdfast token revoke 4294967301
            """,
        subcommands: [Create.self, List.self, Revoke.self])

    /// A new secret and its SHA-256.
    static func secret() -> (text: String, hash: [UInt8]) {
        let bytes = SystemRandomness().bytes(32)
        let digits = bytes.map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }
        let text = "hft_" + digits.joined()
        let cryptography = SystemCryptography(blockKey: [UInt8](repeating: 0, count: 32))
        return (text, cryptography.sha256(Array(text.utf8)))
    }

    struct Create: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token.",
            discussion: examples(
                "token create reports --scope read --output reports.token",
                "token create nightly --expires \"in 3 months\""))
        @Argument(help: "What it is for.") var name: String
        @Option(help: "read, write, import or operate; may be given several times.")
        var scope: [Choice<Scope>] = []
        @Option(help: "Whose; one's own if not given. A person, or a service account's gid.")
        var account: String?
        @Option(help: "The day it ends.") var expires: String?
        @Option(help: "The file to write the secret to; else it is printed, once.")
        var output: String?
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            _ = try await client.identity()
            let secret = TokenCommand.secret()
            var request = CreateToken()
            if let account {
                request.account = Gid(account)?.rawValue ?? 0
                if request.account == 0 { request.account = try await client.account(account) }
            }
            request.name = name
            request.scopes = scope.isEmpty ? [.read, .write] : scope.map(\.value)
            request.secretHash = secret.hash
            if let expires {
                let day = try client.output.time.day(expires, "--expires")
                request.expiresAt = Int64(day) * CivilDate.millisecondsPerDay
            }
            guard let output, !change.dryRun else {
                guard let answer = try await client.change(request, in: 0, change) else { return }
                StandardStream.output.write(secret.text + "\n")
                return client.output.tell(
                    "\(client.output.tick) \(answer.value.gid)  \(name)   keep it: shown once")
            }
            if FileText.exists(output) {
                throw Complaint(.exists, "the file is there already", at: output)
            }
            // Before the token is made: nobody would know its secret if this failed afterwards.
            try FileText.write(output, Array((secret.text + "\n").utf8))
            do {
                try await client.change(request, in: 0, change, done: name, ["secret in \(output)"])
            } catch let error as StoreError where error.outcome == .notExecuted {
                FileRemoval.remove(output)
                throw error
            }
        }
    }

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List tokens.",
            discussion: examples("token list"))
        @Option(help: "Whose; one's own if not given.") var account: String?
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            _ = try await client.identity()
            var request = ListTokens()
            if let account {
                request.account = Gid(account)?.rawValue ?? 0
                if request.account == 0 { request.account = try await client.account(account) }
            }
            let found = try await client.ask(request, in: 0, as: TokenList.self)
            try client.output.list(
                found.tokens, of: "tokens",
                as: Shape([
                    .init("gid", "Gid") { .gid($0.gid) },
                    .init("name", "Name") { .text($0.name) },
                    .init("scopes", "Scopes") { .list($0.scopes.map { .word($0) }) },
                    .init("created_at", "Made") { .moment($0.createdAt) },
                    .init("expires_at", "Ends") { .moment(orMissing: $0.expiresAt) },
                    .init("account", nil) { .gid($0.account) },
                ]))
        }
    }

    struct Revoke: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token worthless, at once.",
            discussion: examples("token revoke 4294967301"))
        @Argument(help: "The token's gid.") var token: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            guard let gid = Gid(token) else {
                throw Complaint(
                    .usage, "“\(token)” is no token's gid", help: "holdfast token list")
            }
            if !change.dryRun { try client.confirm("Revoke the token", confirmation) }
            var request = RevokeToken()
            request.token = gid.rawValue
            try await client.change(request, in: 0, change, done: "revoked")
        }
    }
}

/// `holdfast service-account`: programs that read a whole workspace.
struct ServiceAccountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service-account",
        abstract: "Make, list and delete service accounts.",
        discussion: """
            EXAMPLES
              holdfast service-account create backup
              holdfast token create backup --account GID --scope read --output b.token
            """,
        subcommands: [Create.self, List.self, Delete.self])

    struct Create: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a service account.",
            discussion: examples("service-account create backup"))
        @Argument(help: "Its name.") var name: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = CreateServiceAccount()
            request.name = name
            request.workspace = try await client.workspace().ordinal
            try await client.change(request, in: 0, change, done: name)
        }
    }

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List service accounts.",
            discussion: examples("service-account list"))
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = ListServiceAccounts()
            request.workspace = try await client.workspace().ordinal
            let found = try await client.ask(request, in: 0, as: AccountList.self)
            try client.output.list(
                found.accounts, of: "service accounts",
                as: Shape([
                    .init("gid", "Gid") { .gid($0.gid) },
                    .init("name", "Name") { .text($0.name) },
                    .init("active", "Active") { .flag($0.isActive) },
                    .init("created_at", "Made") { .moment($0.createdAt) },
                ]))
        }
    }

    struct Delete: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a service account and its tokens.",
            discussion: examples("service-account delete 4294967301"))
        @Argument(help: "Its gid.") var account: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            guard let gid = Gid(account) else {
                throw Complaint(
                    .usage, "“\(account)” is no account's gid",
                    help: "holdfast service-account list")
            }
            if !change.dryRun { try client.confirm("Delete the service account", confirmation) }
            var request = DeleteServiceAccount()
            request.account = gid.rawValue
            try await client.change(request, in: 0, change, done: "deleted")
        }
    }
}
