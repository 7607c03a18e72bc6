import ByteCoding
import Checking
import Environment
import LocalPair
import ReplicatedLog
import StoreClient
import SystemEnvironment
import WorkProtocol

/// One run of the failover drill.
struct FailoverDrill {
    let seed: UInt64
    let clients: Int
    let seconds: Double
    let policy: String
    let keep: String?

    func run() async throws -> DrillReport {
        let folder = try keep.map { "\($0)/seed-\(seed)" } ?? Console.temporaryFolder()
        let pair = LocalPair(programs: Console.programs, root: folder, policy: policy)
        defer {
            pair.stop()
            if keep == nil { Console.removeFolder(folder) }
        }
        try await pair.start()
        var draw = SplitMix(state: seed)
        let workers = try (0..<clients).map { number in
            DrillWorker(
                try Store(
                    to: pair.addresses, certificateAuthority: pair.certificateAuthority,
                    token: pair.token),
                seed: draw.next(), name: "client \(number)")
        }
        let tasks = workers.map { worker in Task { await worker.work() } }
        try await Task.sleep(for: .seconds(0.3 + draw.fraction() * seconds))
        pair.killPrimary()
        let killed = DrillWorker.now()
        try await pair.promoteFollower(reason: "drill \(seed)")
        try await Task.sleep(for: .seconds(0.5 + draw.fraction() * seconds))
        try pair.addFollower()
        try await pair.waitForCopies(2)
        for worker in workers { worker.finish() }
        for task in tasks { await task.value }
        let (copiesEqual, epochs) = try await compareCopies(pair)
        for worker in workers { await worker.store.close() }
        return try judge(pair, workers, killed, copiesEqual, epochs)
    }

    /// Waits until both copies are at the same place, and compares what they say they hold.
    private func compareCopies(_ pair: LocalPair) async throws -> (equal: Bool, epochs: String) {
        guard
            let other = pair.members.indices.first(where: {
                $0 != pair.primary && pair.members[$0].isRunning
            })
        else { return (false, "") }
        let first = try await pair.connect(toMember: pair.primary)
        let second = try await pair.connect(toMember: other)
        let clock = ContinuousClock()
        let limit = clock.now.advanced(by: .seconds(20))
        var isEqual = false
        var epoch = ""
        repeat {
            let one = try await first.perform(GetStatus(), as: Status.self).value
            let two = try await second.perform(GetStatus(), as: Status.self).value
            isEqual = !one.digests.isEmpty && one.digests == two.digests
            epoch = one.nodes.first.map { "\($0.epochVersion).\($0.epochBoot)" } ?? ""
            // Asked again after a moment: the follower applies what is committed by and by.
            if !isEqual { try await Task.sleep(for: .milliseconds(20)) }
        } while !isEqual && clock.now < limit
        await first.close()
        await second.close()
        return (isEqual, "1 to \(epoch)")
    }

    private func judge(
        _ pair: LocalPair, _ workers: [DrillWorker], _ killed: UInt64, _ copiesEqual: Bool,
        _ epochs: String
    ) throws -> DrillReport {
        pair.members[pair.primary].process?.terminate()
        let operations = workers.flatMap(\.operations)
        let log = try records(pair.members[pair.primary].folder)
        let verdict = HistoryChecker(operations: operations, log: log).check()
        let acknowledged = operations.compactMap { operation -> UInt64? in
            guard case .write = operation.kind, case .answered = operation.ending else {
                return nil
            }
            return operation.returned
        }.sorted()
        let first = acknowledged.first { $0 > killed } ?? .max
        let pause = zip(acknowledged, acknowledged.dropFirst()).map { $1 - $0 }.max() ?? 0
        return DrillReport(
            seed: seed, verdict: verdict, pauseMilliseconds: Double(pause) / 1e6,
            firstAckMilliseconds: first == .max ? -1 : Double(first - killed) / 1e6,
            epochs: epochs, copiesEqual: copiesEqual)
    }

    private func records(_ folder: String) throws -> [LoggedRecord] {
        var records: [LoggedRecord] = []
        let wrong = try LogInspection(disk: SystemDisk(root: folder)).forEachBatch { inspected in
            try? inspected.batch.forEachRecord { record throws(Corruption) in
                guard record.type == .change else { return }
                records.append(
                    LoggedRecord(
                        lsn: record.lsn.rawValue, workspace: record.workspace,
                        body: record.copy().body))
            }
            return true
        }
        if let wrong { throw Failure(80, "the primary's log: \(wrong)") }
        return records
    }
}

/// A client of a drill: one call after the other, everything remembered.
final class DrillWorker: @unchecked Sendable {
    // `@unchecked Sendable`: worked by one task; read by another after that has ended, but for
    // `isDone`, which only goes from false to true.
    let store: Store
    private var draw: SplitMix
    private let name: String
    private var tasks: [UInt64] = []
    private(set) var operations: [Operation] = []
    private let done = Latch()

    init(_ store: Store, seed: UInt64, name: String) {
        self.store = store
        draw = SplitMix(state: seed)
        self.name = name
    }

    static func now() -> UInt64 {
        // Read first: it is made when it is first read.
        let start = epoch
        let elapsed = ContinuousClock.now - start
        let parts = elapsed.components
        return UInt64(parts.seconds) &* 1_000_000_000 &+ UInt64(parts.attoseconds / 1_000_000_000)
    }

    private static let epoch = ContinuousClock.now

    func finish() { done.set() }

    func work() async {
        var count = 0
        while !done.isSet {
            count += 1
            switch draw.next() % 10 {
            case 0..<4:
                var create = CreateTask()
                create.name = "\(name) \(count)"
                await write(create)
            case 4..<6 where !tasks.isEmpty:
                var update = UpdateTask()
                update.task = tasks[Int(draw.next() % UInt64(tasks.count))]
                update.name = "\(name) renames \(count)"
                await write(update)
            default: if !tasks.isEmpty { await read() }
            }
        }
    }

    private func write(_ request: some Message) async {
        let called = Self.now()
        do {
            let answered = try await store.perform(request, in: 1, as: Changed.self)
            guard let id = answered.details.requestID else { return }
            tasks.append(answered.value.gid)
            record(
                .write(session: Self.session(id), sequence: id.sequence), called,
                .answered(lsn: answered.details.lsn, answer: answered.value.encoded()))
        } catch {
            guard let id = error.requestID.flatMap({ RequestID($0) }) else { return }
            record(
                .write(session: Self.session(id), sequence: id.sequence), called,
                error.outcome == .notExecuted ? .refused : .unknown)
        }
    }

    private func read() async {
        var get = GetTask()
        get.task = tasks[Int(draw.next() % UInt64(tasks.count))]
        let called = Self.now()
        guard let answered = try? await store.perform(get, in: 1, as: WorkTask.self) else { return }
        record(
            .read(task: get.task), called,
            .answered(lsn: answered.details.lsn, answer: answered.value.encoded()))
    }

    private func record(_ kind: Operation.Kind, _ called: UInt64, _ ending: Operation.Ending) {
        operations.append(
            Operation(kind, workspace: 1, called: called, returned: Self.now(), ending: ending))
    }

    /// The session's 16 bytes, as records hold them.
    private static func session(_ id: RequestID) -> [UInt8] {
        [id.high, id.low].flatMap { word in
            stride(from: UInt64(56), through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: word >> $0)
            }
        }
    }
}
