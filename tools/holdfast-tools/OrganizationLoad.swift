import ByteCoding
import Environment
import Interchange
import StoreClient
import SystemEnvironment
import WorkProtocol

/// Imports generated organizations with requests of one frame, several under way on one
/// connection: the store takes them in the order in which they are sent, so that what refers to an
/// earlier object finds it.
///
/// `@unchecked Sendable`: everything that changes is touched on its queue, or while nothing is
/// under way.
final class OrganizationLoad: @unchecked Sendable {
    private let scheduler = SystemScheduler()
    private let queue: any SerialQueue
    private let network: SystemNetwork
    private let configuration: ClientSession.Configuration
    private let store: Store
    private let connection: LoadConnection
    private let began: Instant
    private(set) var keys = LoadedKeys()
    private var current: Current?
    private var tally = Tally()

    /// Requests under way.
    private static let depth = 16
    /// What a request's items take at most: one frame has 64 KiB, and these leave room for what is
    /// around them.
    private static let requestBytes = 60_000
    private static let requestItems = 200
    private static let peopleMax = 1_000

    /// What was loaded.
    private struct Tally {
        var tasks = 0
        var comments = 0
        var objects = 0
        var requests: UInt64 = 0
        /// Of all items, as they were sent.
        var bytes = 0
    }

    /// The workspace that is being loaded.
    private struct Current {
        var route: UInt64
        var generator: Generator
        /// Items that no request has yet, the next one last.
        var waiting: [ImportItem] = []
        /// By the number of the request, what it asks for.
        var asked: [UInt64: [ImportItem]] = [:]
        var completed: CheckedContinuation<Void, any Error>
    }

    init(folder: String) throws {
        let authority = try FileText.read("\(folder)/tls/ca.pem")
        let token = String(
            decoding: try FileText.read("\(folder)/admin.token").filter { $0 > 0x20 },
            as: UTF8.self)
        let place = "\(folder)/holdfast.sock"
        guard let endpoint = Endpoint(place) else { throw Failure(64, "\(place) is no address") }
        configuration = ClientSession.Configuration(servers: [endpoint], token: token)
        network = SystemNetwork(TLSMaterial(clientAuthority: authority))
        store = try Store(to: [place], certificateAuthority: authority, token: token)
        queue = scheduler.makeQueue("load", .core)
        connection = LoadConnection(
            configuration, depth: Self.depth, randomness: SystemRandomness())
        began = scheduler.now
    }

    func open() async throws {
        try await withCheckedThrowingContinuation {
            (done: CheckedContinuation<Void, any Error>) in
            queue.run { [self] in
                connection.answered = { [unowned self] answer, payload in
                    take(answer, payload)
                }
                connection.ended = { [unowned self] error in end(throwing: error) }
                connection.open(network, on: queue) { result in
                    done.resume(with: result.map { _ in () }.mapError { $0 })
                }
            }
        }
    }

    func close() { queue.run { [self] in connection.close() } }

    /// One line of JSON: what was loaded, in how many seconds.
    var report: String {
        let seconds = Double(scheduler.now.since(began).nanoseconds) / 1e9
        return "{\"tasks\":\(tally.tasks),\"comments\":\(tally.comments),"
            + "\"objects\":\(tally.objects),\"requests\":\(tally.requests),"
            + "\"sent_bytes\":\(tally.bytes),\"seconds\":\((seconds * 1000).rounded() / 1000),"
            + "\"largest_project\":\(keys.largestProject),"
            + "\"largest_tasks\":\(keys.largestTasks)}"
    }

    // MARK: - One organization

    /// - Parameter workspace: 0 for the store's first; others are made.
    func load(_ options: GeneratorOptions, workspace: Int) async throws {
        let route = try await makeWorkspace(workspace)
        var generator = Generator(options)
        let people = try await makePeople(generator.accounts, in: UInt32(route))
        generator.begin(people: people)
        keys.begin(people: people)
        let ready = generator
        try await withCheckedThrowingContinuation {
            (done: CheckedContinuation<Void, any Error>) in
            queue.run { [self] in
                current = Current(route: route, generator: ready, completed: done)
                sendMore()
            }
        }
        for (place, project) in keys.newProjects.enumerated() {
            var list = ListSections()
            list.project = project
            let sections = try await store.perform(list, in: project, as: SectionList.self)
            keys.take(sections: sections.value.sections.map(\.gid), ofProject: place)
        }
        keys.finishWorkspace()
    }

    private func makeWorkspace(_ number: Int) async throws -> UInt64 {
        guard number > 0 else { return 1 }
        var request = CreateWorkspace()
        request.name = "Workspace \(number + 1)"
        let made = try await store.perform(request, in: 0, as: Changed.self)
        return UInt64(Gid(made.value.gid).workspace)
    }

    private func makePeople(_ accounts: [Account], in workspace: UInt32) async throws -> [UInt64] {
        var gids: [UInt64] = []
        var rest = accounts[...]
        while !rest.isEmpty {
            var request = EnsurePeople()
            request.workspace = workspace
            request.people = Array(rest.prefix(Self.peopleMax))
            rest = rest.dropFirst(Self.peopleMax)
            gids += try await store.perform(request, in: 0, as: Changed.self).value.gids
        }
        guard gids.count == accounts.count else {
            throw Failure(76, "the store did not answer for everybody")
        }
        return gids
    }

    // MARK: - Sending and taking

    private func sendMore() {
        while connection.inFlight < Self.depth, current != nil {
            guard let items = nextItems() else { break }
            tally.requests += 1
            var request = Import()
            request.items = items
            let asked = ClientRequest(
                .import, route: current?.route ?? 0, payload: request.encoded())
            tally.bytes += asked.payload.count
            current?.asked[tally.requests] = items
            guard connection.send(PreparedRequest(asked), tag: tally.requests) else {
                return end(throwing: Failure(70, "there is no room for a request"))
            }
        }
        connection.flush()
        if connection.inFlight == 0 { end(throwing: nil) }
    }

    /// The items of the next request; nil after the last.
    private func nextItems() -> [ImportItem]? {
        var items: [ImportItem] = []
        var bytes = 0
        while items.count < Self.requestItems {
            if current?.waiting.isEmpty == true {
                guard let items = current?.generator.nextItems() else { break }
                current?.waiting = items.reversed()
            }
            guard let item = current?.waiting.last else { break }
            bytes += Self.bytes(item)
            guard items.isEmpty || bytes <= Self.requestBytes else { break }
            current?.waiting.removeLast()
            items.append(item)
        }
        return items.isEmpty ? nil : items
    }

    private static func bytes(_ item: ImportItem) -> Int {
        var writer = ByteWriter(capacity: 1024)
        item.encode(into: &writer)
        return writer.count + 8
    }

    private func take(_ answer: LoadAnswer, _ payload: RawSpan) {
        guard let items = current?.asked.removeValue(forKey: answer.tag) else { return }
        guard answer.status == 0 else {
            let failure = (try? WorkProtocol.Failure(decoding: payload))?.message ?? ""
            return end(throwing: Failure(70, "the store refused a batch: \(failure)"))
        }
        guard let made = try? ImportAnswer(decoding: payload), made.gids.count == items.count else {
            return end(throwing: Failure(76, "the store did not answer for every item"))
        }
        for (item, gid) in zip(items, made.gids) { note(item, gid) }
        sendMore()
    }

    private func note(_ item: ImportItem, _ gid: UInt64) {
        tally.objects += 1
        switch item.kind {
        case .project: keys.take(project: gid)
        case .task(let task):
            tally.tasks += 1
            keys.take(task: gid, sections: task.placements.compactMap { $0.section?.gid })
        case .story: tally.comments += 1
        default: break
        }
    }

    private func end(throwing error: (any Error)?) {
        guard let completed = current?.completed else { return }
        current = nil
        if let error { completed.resume(throwing: error) } else { completed.resume() }
    }
}
