package import Checking
package import Environment
internal import ReplicatedLog
internal import StoreClient
package import WorkProtocol

/// A client of the simulated store: the very client library, driven by the simulated world, doing
/// what a seed says and remembering every call.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
package final class SimulatedClient: @unchecked Sendable {
    private let driver: ClientDriver
    private let scheduler: ProcessScheduler
    private let queue: any SerialQueue
    private var seed: Seed
    private let workspace: UInt64
    /// Tasks that were made and acknowledged.
    private var tasks: [UInt64] = []
    private var isDone = false
    private var count = 0
    /// What it did, for the checker.
    package private(set) var operations: [Operation] = []
    /// What it was told that no client should be.
    package private(set) var surprises: [String] = []

    package init(
        _ name: String, servers: [Endpoint], token: String, workspace: UInt64,
        world: SimulatedScheduler, wire: SimulatedWire, seed: Seed
    ) {
        scheduler = ProcessScheduler(world)
        queue = scheduler.makeQueue(name, .core)
        var own = seed
        driver = ClientDriver(
            ClientSession.Configuration(servers: servers, token: token),
            network: wire.network(host: name, identity: name), scheduler: scheduler,
            randomness: SeededRandomness(own.split()), queue: queue)
        self.seed = own
        self.workspace = workspace
    }

    /// Begins to work: one call after the other, with pauses.
    package func start() { queue.run { [self] in next() } }

    /// Begins nothing more; what is under way goes on.
    package func finish() { isDone = true }

    /// Whether a call is under way.
    package private(set) var isBusy = false

    private func next() {
        guard !isDone else { return }
        count += 1
        switch seed.number(below: 10) {
        case 0..<4: create()
        case 4..<6 where !tasks.isEmpty: update()
        default: tasks.isEmpty ? create() : read()
        }
    }

    private func create() {
        var request = CreateTask()
        request.name = "task \(count) \(seed.next() % 1000)"
        request.notes = String(repeating: "x", count: seed.number(below: 300))
        write(.createTask, request.encoded()) { [self] answer in
            if let changed = try? Changed(decoding: answer) { tasks.append(changed.gid) }
        }
    }

    private func update() {
        var request = UpdateTask()
        request.task = someTask()
        request.name = "renamed \(count)"
        if seed.chance(1, in: 3) { request.completed = seed.chance(1, in: 2) }
        write(.updateTask, request.encoded()) { _ in }
    }

    private func someTask() -> UInt64 { tasks[seed.number(below: tasks.count)] }

    private func write(
        _ method: Method, _ payload: [UInt8], _ acknowledged: @escaping @Sendable ([UInt8]) -> Void
    ) {
        var request = ClientRequest(method, route: workspace, payload: payload, timeout: patience)
        request.requestID = nil
        call(request) { [self] called, result in
            switch result {
            case .success(let reply):
                guard let id = reply.details.requestID else {
                    return surprises.append("a command was answered without its request ID")
                }
                record(
                    .write(session: id.sessionBytes, sequence: id.sequence), called,
                    .answered(lsn: reply.details.lsn, answer: reply.payload))
                acknowledged(reply.payload)
            case .failure(let error):
                guard let id = error.requestID.flatMap({ RequestID($0) }) else { return }
                record(
                    .write(session: id.sessionBytes, sequence: id.sequence), called,
                    error.outcome == .notExecuted ? .refused : .unknown)
            }
        }
    }

    private func read() {
        var request = GetTask()
        request.task = someTask()
        let gid = request.task
        let call = ClientRequest(
            .getTask, route: workspace, payload: request.encoded(), timeout: patience)
        self.call(call) { [self] called, result in
            switch result {
            case .success(let reply):
                record(
                    .read(task: gid), called,
                    .answered(lsn: reply.details.lsn, answer: reply.payload))
            case .failure(let error):
                if error.code == .notFound {
                    surprises.append("task \(gid), which was acknowledged, was not found")
                }
            }
        }
    }

    private var patience: Interval { .milliseconds(UInt64(2_000 + seed.number(below: 4_000))) }

    private func call(
        _ request: ClientRequest,
        _ completed: @escaping @Sendable (UInt64, Result<Reply, StoreError>) -> Void
    ) {
        let called = scheduler.now.nanoseconds
        isBusy = true
        driver.begin(request) { [self] result in
            isBusy = false
            completed(called, result)
            let pause = Interval.microseconds(UInt64(100 + seed.number(below: 20_000)))
            queue.schedule(after: pause) { [self] in next() }
        }
    }

    private func record(_ kind: Operation.Kind, _ called: UInt64, _ ending: Operation.Ending) {
        operations.append(
            Operation(
                kind, workspace: workspace, called: called, returned: scheduler.now.nanoseconds,
                ending: ending))
    }
}

extension RequestID {
    /// The session's 16 bytes, as records hold them.
    package var sessionBytes: [UInt8] {
        var bytes: [UInt8] = []
        for word in [high, low] {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return bytes
    }
}
