internal import Interchange
internal import StoreClient
internal import WorkProtocol

/// Puts what an import or the generator makes into a workspace: people first, then batches in their
/// order, since later ones refer to earlier ones.
struct ImportLoad {
    private let client: Client
    private let workspace: UInt32
    private let isDry: Bool
    /// What was made and changed, by the words of the machine output.
    private(set) var created: [String: Int] = [:]
    private(set) var updated: [String: Int] = [:]
    /// The gids of the projects, by their external ids, in the order they came.
    private(set) var projects: [(external: String, gid: UInt64)] = []
    private(set) var loadedCount = 0
    /// Where the store stood after the last batch.
    private(set) var last: ReplyDetails?
    /// The batches that are on their way, in their order.
    private var underWay: [(batch: ImportBatch, call: BegunCall)] = []
    private var series: Series?

    /// The words, in the order they are printed.
    static let words = [
        "projects", "tasks", "comments", "stories", "tags", "fields", "attachments",
        "dependencies", "teams",
    ]

    init(_ client: Client, workspace: UInt32, isDry: Bool = false) {
        self.client = client
        self.workspace = workspace
        self.isDry = isDry
    }

    /// The gids of people's accounts, in order. In a dry run nobody is made: who is not there yet
    /// is stood in for by the caller.
    func people(_ accounts: [Account]) async throws -> [UInt64] {
        if isDry { return try await knownPeople(accounts) }
        var gids: [UInt64] = []
        var rest = accounts[...]
        while !rest.isEmpty {
            var request = EnsurePeople()
            request.workspace = workspace
            request.people = Array(rest.prefix(ImportLoad.peopleMax))
            rest = rest.dropFirst(ImportLoad.peopleMax)
            let answer: Changed = try await ask(request, in: 0)
            guard answer.gids.count == request.people.count else {
                throw Complaint(.protocol, "the store did not answer for everybody")
            }
            gids += answer.gids
        }
        return gids
    }

    private static let peopleMax = 1000

    private func knownPeople(_ accounts: [Account]) async throws -> [UInt64] {
        let me = try await client.me()
        var gids: [UInt64] = []
        for account in accounts {
            var found: UInt64?
            let names = [account.external.map { "external:\($0.gid)" } ?? "", account.email]
            for name in names where found == nil && !name.isEmpty {
                var request = GetUser()
                request.user = name
                found = try? await client.ask(
                    request, in: UInt64(workspace), as: Membership.self
                ).account
            }
            gids.append(found ?? me)
        }
        return gids
    }

    /// Begins to load a batch behind those under way, as soon as they are few: the primary works on
    /// one while both nodes write those before it and the caller makes the next.
    mutating func load(_ batch: ImportBatch) async throws {
        while underWay.count >= ImportLoad.underWayMax { try await finishFirst() }
        let series: Series
        if let known = self.series {
            series = known
        } else {
            series = Series(try await client.store)
            self.series = series
        }
        let call = try series.begin(
            .import, payload: isDry ? batch.dryRun : batch.payload, in: UInt64(workspace), options)
        underWay.append((batch, call))
    }

    /// Of 1 MiB each: a connection takes 8 MiB of requests.
    private static let underWayMax = 4

    /// Waits for the batches under way.
    mutating func finish() async throws {
        while !underWay.isEmpty { try await finishFirst() }
    }

    /// Waits for the batch that is first. If it fails, so do those behind it.
    private mutating func finishFirst() async throws {
        let (batch, call) = underWay.removeFirst()
        do {
            try take(try await call.reply(), of: batch)
        } catch {
            for later in underWay { later.call.cancel() }
            underWay = []
            throw error
        }
    }

    /// Counts what became of a batch.
    private mutating func take(_ reply: Reply, of batch: ImportBatch) throws {
        last = reply.details
        guard let answer = try? ImportAnswer(decoding: reply.payload),
            answer.outcomes.count == batch.kinds.count
        else {
            throw Complaint(.protocol, "the store did not answer for every item")
        }
        if !isDry { client.connection.acknowledged?.note(batch.kinds, answer) }
        for (kind, outcome) in zip(batch.kinds, answer.outcomes) {
            switch outcome {
            case .created: created[ImportLoad.word(kind), default: 0] += 1
            case .updated: updated[ImportLoad.word(kind), default: 0] += 1
            case .unchanged: break
            }
        }
        for project in batch.projects where project.index < answer.gids.count {
            projects.append((project.external, answer.gids[project.index]))
        }
        loadedCount += batch.kinds.count
    }

    /// What an item is called in the machine output.
    static func word(_ kind: ImportBatch.Kind) -> String {
        switch kind {
        case .team: "teams"
        case .label: "tags"
        case .field: "fields"
        case .project: "projects"
        case .task: "tasks"
        case .dependencies: "dependencies"
        case .comment: "comments"
        case .story: "stories"
        case .attachment: "attachments"
        }
    }

    /// A batch is a thousand writes: it may take longer than one.
    private var options: Store.CallOptions {
        var call = client.callOptions(nil)
        call.deadline = .milliseconds(Int64(max(client.options.connection.timeout, 60) * 1000))
        return call
    }

    private func ask<Request: Message, Value: Message>(
        _ request: Request, in route: UInt64
    ) async throws -> Value {
        try await client.store.perform(request, in: route, options, as: Value.self).value
    }
}
