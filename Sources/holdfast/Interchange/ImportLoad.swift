internal import Interchange
internal import StoreClient
internal import WorkProtocol

/// Puts what an import or the generator makes into a workspace: people first, then batches, one
/// after the other, since later ones refer to earlier ones.
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

    /// Loads one batch.
    mutating func load(_ items: [ImportItem]) async throws {
        var request = Import()
        request.items = items
        request.dryRun = isDry
        let answer: ImportAnswer = try await ask(request, in: UInt64(workspace), &last)
        guard answer.outcomes.count == items.count else {
            throw Complaint(.protocol, "the store did not answer for every item")
        }
        if !isDry { client.connection.acknowledged?.note(items, answer) }
        for (index, item) in items.enumerated() {
            let word = ImportLoad.word(item)
            switch answer.outcomes[index] {
            case .created: created[word, default: 0] += 1
            case .updated: updated[word, default: 0] += 1
            case .unchanged: break
            }
            if case .project(let project) = item.kind, index < answer.gids.count {
                projects.append((project.external?.gid ?? "", answer.gids[index]))
            }
        }
        loadedCount += items.count
    }

    /// What an item is called in the machine output.
    static func word(_ item: ImportItem) -> String {
        switch item.kind {
        case .team: "teams"
        case .label: "tags"
        case .field: "fields"
        case .project: "projects"
        case .task: "tasks"
        case .dependencies: "dependencies"
        case .story(let story): story.kind == .comment ? "comments" : "stories"
        case .attachment: "attachments"
        case nil: ""
        }
    }

    private func ask<Request: Message, Value: Message>(
        _ request: Request, in route: UInt64
    ) async throws -> Value {
        var details: ReplyDetails?
        return try await ask(request, in: route, &details)
    }

    /// A batch is a thousand writes: it may take longer than one.
    private func ask<Request: Message, Value: Message>(
        _ request: Request, in route: UInt64, _ details: inout ReplyDetails?
    ) async throws -> Value {
        var call = client.callOptions(nil)
        call.deadline = .milliseconds(Int64(max(client.options.connection.timeout, 60) * 1000))
        let answer = try await client.store.perform(request, in: route, call, as: Value.self)
        details = answer.details
        return answer.value
    }
}
