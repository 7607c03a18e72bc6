internal import Environment
internal import StoreClient
internal import SystemEnvironment
internal import WorkProtocol

/// What one command works with: a connection, the person's options, and the way to print.
final class Client {
    let connection: Connection
    let options: CommonOptions
    var output: Output
    /// Whether it is a line of the demo.
    let isDemo: Bool
    /// What was named by its gid and not looked up: one of these may not be there.
    private var unseen: [String] = []

    private static let clock = SystemScheduler()

    init(_ connection: Connection, _ options: CommonOptions, isDemo: Bool) {
        self.connection = connection
        self.options = options
        self.isDemo = isDemo
        output = Output(
            options.output, isDemo: isDemo,
            time: LocalTime(zone: "", now: Client.clock.wallTime))
    }

    /// Milliseconds since 1970.
    var now: Int64 { Client.clock.wallTime }

    var store: Store {
        get async throws { try await connection.store(options.connection) }
    }

    /// Who is asking. Its time zone decides what day it is from here on.
    func identity() async throws -> Identified {
        let identity = try await connection.identity(options.connection)
        if let zone = identity.account?.timeZone, !zone.isEmpty, zone != output.time.zone {
            output.time = LocalTime(zone: zone, now: Client.clock.wallTime)
        }
        return identity
    }

    /// The caller's own account.
    func me() async throws -> UInt64 { try await identity().account?.gid ?? 0 }

    /// The workspace the command is for: the one named, or the only one.
    func workspace() async throws -> Workspace {
        let all = try await identity().workspaces
        if let name = options.connection.workspace ?? connection.location?[.workspace] {
            guard
                let found = all.first(where: {
                    $0.name == name || String($0.ordinal) == name || String($0.gid) == name
                })
            else { throw Complaint(.notFound, "there is no workspace \(name)") }
            return found
        }
        guard let only = all.first else {
            throw Complaint(
                .notFound, "there is no workspace for you",
                help: "holdfast workspace create NAME, or ask its admin to invite you")
        }
        guard all.count == 1 else {
            let names = all.map { "\($0.name) (\($0.ordinal))" }.joined(separator: ", ")
            throw Complaint(
                .usage, "there are several workspaces: \(names)", help: "--workspace NAME")
        }
        return only
    }

    /// Where a request goes that is about `gid`, or about nothing in particular.
    func route(_ gid: UInt64 = 0) async throws -> UInt64 {
        gid > UInt64(UInt32.max) ? gid : UInt64(try await workspace().ordinal)
    }

    // MARK: - Asking

    /// Asks a query.
    func ask<Request: Message, Value: Message>(
        _ request: Request, in route: UInt64, as type: Value.Type = Value.self
    ) async throws -> Value {
        try await store.perform(request, in: route, callOptions(nil), as: Value.self).value
    }

    /// Asks for a change and says nothing of it; nil where it was only to be said what would be
    /// asked.
    func change<Request: Message>(
        _ request: Request, in route: UInt64, _ options: ChangeOptions
    ) async throws -> Answered<Changed>? {
        if options.dryRun {
            try describe(request)
            return nil
        }
        let answer = try await store.perform(
            request, in: route, callOptions(options.requestID), as: Changed.self)
        connection.acknowledged?.note(request, answer.value)
        unseen = []
        return answer
    }

    /// Asks for a change and says what was done.
    func change<Request: Message>(
        _ request: Request, in route: UInt64, _ options: ChangeOptions, done what: String,
        _ more: [String] = []
    ) async throws {
        guard let answer = try await change(request, in: route, options) else { return }
        try done(answer, what, more)
    }

    /// A gid that is taken as it was typed.
    func noting(_ gid: UInt64, _ what: String) -> UInt64 {
        unseen.append("\(what) \(gid)")
        return gid
    }

    /// What is not there, by its name: the store says only that there is no such object.
    func naming(_ error: StoreError) -> Complaint? {
        guard error.code == .notFound, !unseen.isEmpty else { return nil }
        return Complaint(
            .notFound, "there is no \(unseen.joined(separator: ", or no ")), or not for you",
            help: "holdfast trash list shows what was deleted")
    }

    func callOptions(_ requestID: String?) -> Store.CallOptions {
        var call = Store.CallOptions()
        call.deadline = .milliseconds(Int64(options.connection.timeout * 1000))
        call.minimumReplicas = options.connection.minReplicas
        call.requestID = requestID
        return call
    }

    /// Prints what would be asked.
    private func describe<Request: Message>(_ request: Request) throws {
        let method = Method.descriptions.first { $0.request == Request.messageName }
        let json = try SchemaJSON.json(
            of: Request.messageName, request.encoded(), withDates: true)
        output.tell("would ask \(method?.name ?? Request.messageName) \(json)")
    }

    // MARK: - Telling

    /// Says what was done: its gid to whom the output is piped, and a line for people.
    func done(_ answer: Answered<Changed>, _ what: String = "", _ more: [String] = []) throws {
        let changed = answer.value
        if output.format == .json || output.format == .jsonl {
            return try output.show(answer, as: Client.changeShape)
        }
        if !output.isTerminal, !isDemo, changed.gid != 0 {
            StandardStream.output.write("\(changed.gid)\n")
        }
        let parts = ([what] + more).filter { !$0.isEmpty }.joined(separator: "   ")
        let gid = changed.gid == 0 ? "" : "\(changed.gid)  "
        let unchanged = changed.unchanged ? "   (nothing had to be changed)" : ""
        output.tell(
            "\(output.tick) \(gid)\(parts)\(unchanged)    "
                + output.dimmed(Client.how(answer.details)))
    }

    /// `0.4 ms · LSN 5017 · 2 copies`.
    static func how(_ details: ReplyDetails) -> String {
        var parts = [details.latency.duration.shown]
        if details.lsn > 0 { parts.append("LSN \(details.lsn)") }
        if details.replicas > 0 {
            parts.append(details.replicas == 1 ? "1 copy" : "\(details.replicas) copies")
        }
        return parts.joined(separator: " · ")
    }

    private static var changeShape: Shape<Answered<Changed>> {
        Shape([
            .init("gid", "Gid") { .gid($0.value.gid) },
            .init("version", "Version") { .count($0.value.version) },
            .init("unchanged", nil) { .flag($0.value.unchanged) },
            .init("lsn", nil) { .count($0.details.lsn) },
            .init("copies", nil) { .count($0.details.replicas) },
            .init("request_id", nil) { $0.details.requestID.map { .text($0.text) } ?? .missing },
        ])
    }

    /// Asks before something that cannot simply be undone.
    func confirm(_ question: String, _ options: ConfirmationOptions) throws {
        guard !options.yes else { return }
        guard StandardStream.isInputTerminal else {
            throw Complaint(.usage, "\(question): this is not done without asking", help: "--yes")
        }
        StandardStream.error.write("\(question)? [y/N] ")
        let answer = StandardStream.readLine()?.lowercased() ?? ""
        guard answer == "y" || answer == "yes" else {
            throw Complaint(.checkFailed, "nothing was done")
        }
    }
}
