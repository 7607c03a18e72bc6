import ByteCoding
import Environment
import Glibc
import Histogram
import StoreClient
import SystemEnvironment
import WorkProtocol

/// The operations of a load.
enum LoadKind: String, CaseIterable { case create, update, get, list, mix }

/// What a load of one kind came to. Times in microseconds.
struct LoadReport {
    var kind: LoadKind
    var operations: UInt64
    var errors: UInt64
    var seconds: Double
    var histogram: Histogram<UInt64>
    var processors: [(name: String, seconds: Double)]

    var rate: Double { Double(operations) / seconds }

    static let header =
        "kind\toperations\tseconds\trate\tp50_us\tp99_us\tp999_us\tmax_us\terrors\tcpu"

    private func percentile(_ percent: Double) -> UInt64 { histogram.valueAtPercentile(percent) }

    var line: String {
        let shares = processors.map { "\($0.name) \(Int($0.seconds / seconds * 100)) %" }
        return
            "\(kind.rawValue)\t\(operations)\t\(rounded(seconds))\t\(Int(rate))\t"
            + "\(percentile(50))\t"
            + "\(percentile(99))\t\(percentile(99.9))\t\(histogram.max)\t\(errors)\t"
            + shares.joined(separator: ", ")
    }

    var json: String {
        let shares = processors.map { "\"\($0.name)\":\(rounded($0.seconds / seconds))" }
        return "{\"kind\":\"\(kind.rawValue)\",\"operations\":\(operations),"
            + "\"seconds\":\(rounded(seconds)),\"rate\":\(Int(rate)),\"p50_us\":\(percentile(50)),"
            + "\"p99_us\":\(percentile(99)),\"p999_us\":\(percentile(99.9)),"
            + "\"max_us\":\(histogram.max),\"errors\":\(errors),"
            + "\"cpu\":{\(shares.joined(separator: ","))}}"
    }

    private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

/// Drives a store from one thread, over as many connections as are asked for.
///
/// `@unchecked Sendable`: everything that changes is touched on its queue, or before and after a
/// run.
final class LoadRun: @unchecked Sendable {
    private let scheduler = SystemScheduler()
    private let queue: any SerialQueue
    private let network: SystemNetwork
    private let configuration: ClientSession.Configuration
    private let store: Store
    private let depth: Int
    private let rate: Double?
    private let seconds: Double
    private let count: Int
    private let processes: [String: Int32]
    private var connections: [LoadConnection] = []
    private var tasks: [UInt64] = []
    private var section: UInt64 = 0
    private var project: UInt64 = 0
    private var draw = SplitMix(state: 1)
    private var current: Measured?
    /// Requests of an open loop that have been sent.
    private var arrivals: UInt64 = 0

    /// What is being measured.
    private struct Measured {
        var kind: LoadKind
        var start: UInt64
        var end: UInt64
        var operations: UInt64 = 0
        var errors: UInt64 = 0
        var histogram = Histogram<UInt64>(
            highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)
        var completed: CheckedContinuation<Void, Never>?
    }

    init(
        folder: String, socket: Bool, address: String?, connections: Int, depth: Int,
        rate: Double?, seconds: Double, processes: [String: Int32]
    ) throws {
        let authority = try FileText.read("\(folder)/tls/ca.pem")
        let token = String(
            decoding: try FileText.read("\(folder)/admin.token").filter { $0 > 0x20 },
            as: UTF8.self)
        let place = socket || address == nil ? "\(folder)/holdfast.sock" : address ?? ""
        guard let endpoint = Endpoint(place) else { throw Failure(64, "\(place) is no address") }
        configuration = ClientSession.Configuration(servers: [endpoint], token: token)
        network = SystemNetwork(TLSMaterial(clientAuthority: authority))
        store = try Store(to: [place], certificateAuthority: authority, token: token)
        queue = scheduler.makeQueue("load", .core)
        self.depth = depth
        self.rate = rate
        self.seconds = seconds
        count = connections
        self.processes = processes
    }

    // MARK: - Preparing

    /// Makes a project, its sections and the tasks that are read and changed, and connects.
    func prepare(tasks wanted: Int) async throws {
        var create = CreateProject()
        create.name = "Load \(scheduler.wallTime)"
        create.sections = (0..<20).map { "Section \($0)" }
        project = try await store.perform(create, in: 1, as: Changed.self).value.gid
        var list = ListSections()
        list.project = project
        let sections = try await store.perform(list, in: 1, as: SectionList.self).value.sections
        section = sections.first?.gid ?? 0
        while tasks.count < wanted {
            var bulk = Bulk()
            bulk.atomic = true
            bulk.items = (0..<min(1_000, wanted - tasks.count)).map { index in
                var item = BulkItem()
                item.kind = .create(task(sections[(tasks.count + index) % sections.count].gid))
                return item
            }
            let answer = try await store.perform(bulk, in: 1, as: BulkAnswer.self).value
            tasks += answer.results.compactMap { $0.changed?.gid }
        }
        for _ in 0..<count { connections.append(try await connect()) }
    }

    /// A task of about 300 bytes.
    private func task(_ section: UInt64) -> CreateTask {
        var create = CreateTask()
        create.name = "Prepare the quarterly figures for the board \(draw.next() % 100_000)"
        create.notes = String(repeating: "Some words that people write. ", count: 5)
        create.dueOn = Int32(20_700 + draw.next() % 100)
        var placement = Placement()
        placement.project = project
        placement.section = section
        create.placements = [placement]
        return create
    }

    private func connect() async throws -> LoadConnection {
        let connection = LoadConnection(
            configuration, depth: depth, randomness: SystemRandomness())
        try await withCheckedThrowingContinuation {
            (done: CheckedContinuation<Void, any Error>) in
            queue.run { [self] in
                connection.answered = { [unowned self, unowned connection] answer, _ in
                    answered(answer, connection)
                }
                connection.open(network, on: queue) { result in
                    done.resume(with: result.map { _ in () }.mapError { $0 })
                }
            }
        }
        return connection
    }

    func close() {
        queue.run { [self] in for connection in connections { connection.close() } }
    }

    // MARK: - Running

    func run(_ kind: LoadKind) async throws -> LoadReport {
        let before = processorTimes()
        let began = scheduler.now
        await withCheckedContinuation { done in
            queue.run { [self] in
                let start = scheduler.now.nanoseconds
                var measured = Measured(
                    kind: kind, start: start, end: start + UInt64(seconds * 1e9))
                measured.completed = done
                current = measured
                arrivals = 0
                if let rate { sendWhatIsDue(rate) } else { fillAll() }
            }
        }
        let elapsed = Double(scheduler.now.since(began).nanoseconds) / 1e9
        guard let measured = current else { throw Failure(70, "nothing was measured") }
        current = nil
        let after = processorTimes()
        return LoadReport(
            kind: kind, operations: measured.operations, errors: measured.errors,
            seconds: elapsed, histogram: measured.histogram,
            processors: after.map { name, seconds in
                (name, seconds - (before.first { $0.0 == name }?.1 ?? 0))
            })
    }

    private func processorTimes() -> [(String, Double)] {
        (processes.sorted { $0.key < $1.key } + [("client", getpid())]).compactMap { name, pid in
            Console.processorSeconds(of: pid).map { (name, $0) }
        }
    }

    /// Closed loop: every connection gets as much as it may have under way.
    private func fillAll() {
        for connection in connections {
            while connection.inFlight < depth, send(on: connection, at: scheduler.now.nanoseconds) {
            }
            connection.flush()
        }
    }

    /// Open loop: a few times a millisecond whatever is due by then is sent.
    private func sendWhatIsDue(_ rate: Double) {
        guard let measured = current else { return }
        let now = scheduler.now.nanoseconds
        guard now < measured.end else { return finishIfIdle() }
        let due = UInt64(Double(now - measured.start) / 1e9 * rate)
        while arrivals < due {
            let moment = measured.start + UInt64(Double(arrivals) / rate * 1e9)
            let connection = connections[Int(arrivals % UInt64(connections.count))]
            guard send(on: connection, at: moment) else { break }
            arrivals += 1
        }
        for connection in connections { connection.flush() }
        queue.schedule(after: .microseconds(250)) { [self] in sendWhatIsDue(rate) }
    }

    private func send(on connection: LoadConnection, at moment: UInt64) -> Bool {
        guard let measured = current else { return false }
        return connection.send(PreparedRequest(request(measured.kind)), tag: moment)
    }

    private func request(_ kind: LoadKind) -> ClientRequest {
        switch kind {
        case .create: return ClientRequest(.createTask, route: 1, payload: task(section).encoded())
        case .update:
            var update = UpdateTask()
            update.task = someTask()
            update.notes =
                String(repeating: "Changed words. ", count: 10)
                + String(draw.next() % 10_000)
            return ClientRequest(.updateTask, route: 1, payload: update.encoded())
        case .get:
            var get = GetTask()
            get.task = someTask()
            return ClientRequest(.getTask, route: 1, payload: get.encoded())
        case .list:
            var list = ListTasks()
            list.section = section
            list.limit = 50
            return ClientRequest(.listTasks, route: 1, payload: list.encoded())
        case .mix: return request(draw.next() % 5 == 0 ? .update : .get)
        }
    }

    private func someTask() -> UInt64 { tasks[Int(draw.next() % UInt64(tasks.count))] }

    private func answered(_ answer: LoadAnswer, _ connection: LoadConnection) {
        let now = scheduler.now.nanoseconds
        guard current != nil else { return }
        if answer.status == 0 { current?.operations += 1 } else { current?.errors += 1 }
        let microseconds = (now > answer.tag ? now - answer.tag : 0) / 1_000
        current?.histogram.record(min(microseconds, 60_000_000))
        if rate == nil, let end = current?.end, now < end {
            _ = send(on: connection, at: now)
        } else {
            finishIfIdle()
        }
    }

    private func finishIfIdle() {
        guard let measured = current, scheduler.now.nanoseconds >= measured.end,
            connections.allSatisfy({ $0.inFlight == 0 })
        else { return }
        current?.completed = nil
        measured.completed?.resume()
    }
}
