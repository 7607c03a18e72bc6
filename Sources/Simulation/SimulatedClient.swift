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
    private let name: String
    private let pool: TaskPool
    private var isDone = false
    private var count = 0
    /// What it did, for the checker.
    package private(set) var operations: [Operation] = []
    /// What it did to single tasks and saw of them, for the other checker.
    package private(set) var sightings: [TaskRegisters.Sighting] = []
    /// What it was told that no client should be.
    package private(set) var surprises: [String] = []

    package init(
        _ name: String, servers: [Endpoint], token: String, workspace: UInt64,
        pool: TaskPool, world: SimulatedScheduler, wire: SimulatedWire, seed: Seed
    ) {
        self.name = name
        self.pool = pool
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
        case 4..<6 where !pool.tasks.isEmpty: update()
        default: pool.tasks.isEmpty ? create() : read()
        }
    }

    private func create() {
        var request = CreateTask()
        request.name = "task \(count) of \(name)"
        request.notes = String(repeating: "x", count: seed.number(below: 300))
        let called = scheduler.now.nanoseconds
        write(.createTask, request.encoded()) { [self, text = request.name] answer in
            guard let answer, let changed = try? Changed(decoding: answer) else { return }
            pool.tasks.append(changed.gid)
            see(changed.gid, .named(text), called, isKnown: true)
        }
    }

    private func update() {
        var request = UpdateTask()
        request.task = someTask()
        request.name = "renamed \(count) by \(name)"
        if seed.chance(1, in: 3) { request.completed = seed.chance(1, in: 2) }
        let called = scheduler.now.nanoseconds
        write(.updateTask, request.encoded()) {
            [self, gid = request.task, text = "renamed \(count) by \(name)"] answer in
            see(gid, .named(text), called, isKnown: answer != nil)
        }
    }

    /// Half of the time one of the newest, so that clients meet.
    private func someTask() -> UInt64 {
        let all = pool.tasks.count
        let newest = min(all, 4)
        return pool.tasks[
            seed.chance(1, in: 2)
                ? all - newest + seed.number(below: newest) : seed.number(below: all)]
    }

    private func see(
        _ task: UInt64, _ act: TaskRegisters.Sighting.Act, _ called: UInt64, isKnown: Bool
    ) {
        sightings.append(
            TaskRegisters.Sighting(
                task: task, act: act, called: called,
                returned: isKnown ? scheduler.now.nanoseconds : nil))
    }

    /// Does a command, and tells what was answered; nothing, if it is not known whether it was
    /// done.
    private func write(
        _ method: Method, _ payload: [UInt8], _ ended: @escaping @Sendable ([UInt8]?) -> Void
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
                ended(reply.payload)
            case .failure(let error):
                guard let id = error.requestID.flatMap({ RequestID($0) }) else { return }
                record(
                    .write(session: id.sessionBytes, sequence: id.sequence), called,
                    error.outcome == .notExecuted ? .refused : .unknown)
                if error.outcome != .notExecuted { ended(nil) }
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
                if let task = try? WorkTask(decoding: reply.payload) {
                    see(gid, .seen(task.name), called, isKnown: true)
                }
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

/// The tasks that clients have been told are made: they work on each other's.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
package final class TaskPool: @unchecked Sendable {
    var tasks: [UInt64] = []
    package init() {}
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
