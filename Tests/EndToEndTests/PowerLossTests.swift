import Foundation
import LocalPair
import StoreClient
import Testing
import WorkProtocol

/// Fault D4: power loss under real nodes on a real file system, while clients write.
///
/// A failure prints the seed; `HOLDFAST_POWER_LOSS_SEED` runs that one alone, and
/// `HOLDFAST_POWER_LOSSES` says how many fresh ones to run of each kind.
@Suite(
    .serialized,
    .enabled(if: LoopDisk.absence == nil, Comment(rawValue: LoopDisk.absence ?? "")))
struct PowerLossTests {
    /// Whose power is cut.
    enum Victim: CaseIterable, Sendable { case primary, follower, both, primaryForGood }

    @Test(arguments: Victim.allCases)
    func `nothing acknowledged is lost with the power`(of victim: Victim) async throws {
        let variables = ProcessInfo.processInfo.environment
        let asked = variables["HOLDFAST_POWER_LOSS_SEED"].flatMap { UInt64($0) }
        let count = variables["HOLDFAST_POWER_LOSSES"].flatMap { Int($0) } ?? 2
        for _ in 0..<(asked == nil ? count : 1) {
            let seed = asked ?? UInt64.random(in: 0...UInt64.max)
            do {
                let run = try await PowerLoss(seed: seed, victim: victim).run()
                print("power loss of \(victim), seed \(seed): \(run)")
                #expect(run.problems.isEmpty, "seed \(seed), \(victim): \(run)")
            } catch {
                Issue.record("seed \(seed), \(victim): \(error)")
            }
        }
    }
}

/// One loss of power, decided by a seed but for what the machine does.
private struct PowerLoss {
    let seed: UInt64
    let victim: PowerLossTests.Victim

    struct Outcome: CustomStringConvertible {
        var acknowledged = 0
        var cut = ""
        var problems: [String] = []

        var description: String {
            "\(acknowledged) writes acknowledged, \(cut); "
                + (problems.isEmpty ? "lost 0, copies equal" : problems.joined(separator: "; "))
        }
    }

    func run() async throws -> Outcome {
        var draw = PowerLossDraw(state: seed)
        let place = try TemporaryFolder()
        let disks = try ["disk-a", "disk-b"].map {
            try LoopDisk($0, in: place.path, megabytes: 192)
        }
        defer { for disk in disks { try? disk.unmount() } }
        let pair = try pair(on: disks, in: place.path)
        defer { pair.stop() }
        try await pair.start()
        let project = try await makeProject(pair)
        let writers = try (0..<6).map { try Writer(pair, "writer \($0)", project) }
        let tasks = writers.map { writer in Task { await writer.work() } }
        try await Task.sleep(for: .milliseconds(150 + draw.below(900)))
        var outcome = Outcome()
        try await lose(pair, disks, &draw, &outcome)
        try await Task.sleep(for: .milliseconds(draw.below(300)))
        for writer in writers { writer.finish() }
        for task in tasks { await task.value }
        try await check(pair, writers, project, &outcome)
        for writer in writers { await writer.store.close() }
        return outcome
    }

    private func makeProject(_ pair: LocalPair) async throws -> UInt64 {
        let store = try await pair.connect()
        let project = try await store.createProject(name: "Power loss", in: 1)
        await store.close()
        return project
    }

    /// A pair whose nodes have their directories on the two disks.
    private func pair(on disks: [LoopDisk], in folder: String) throws -> LocalPair {
        let pair = LocalPair(programs: ProgramRun.folder, root: "\(folder)/pair")
        pair.settings = ["segment_bytes = \(4 << 20)"]
        try FileManager.default.createDirectory(
            atPath: pair.root, withIntermediateDirectories: true)
        for (disk, node) in zip(disks, ["node-a0", "node-b1"]) {
            let home = "\(disk.path)/node"
            try FileManager.default.createDirectory(
                atPath: home, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: "\(pair.root)/\(node)", withDestinationPath: home)
        }
        return pair
    }

    /// Cuts the power, and brings back what is to come back.
    private func lose(
        _ pair: LocalPair, _ disks: [LoopDisk], _ draw: inout PowerLossDraw,
        _ outcome: inout Outcome
    ) async throws {
        let cut: LoopDisk.Cut = draw.below(2) == 0 ? .atOnce : .journalFlushed
        let victims: [Int] =
            switch victim {
            case .primary, .primaryForGood: [0]
            case .follower: [1]
            case .both: draw.below(2) == 0 ? [0, 1] : [1, 0]
            }
        let isLeftAlone = draw.below(2) == 0
        outcome.cut = "\(cut), \(isLeftAlone ? "ended by itself" : "killed at once")"
        for index in victims { try disks[index].cutPower(cut) }
        for index in victims {
            // A node whose disk is gone must end, and not go on from memory.
            if isLeftAlone, !(await ends(pair, index)) {
                outcome.problems.append("node \(index) goes on without its disk")
            }
            pair.kill(index)
        }
        if victim == .primaryForGood {
            // The disk comes back and the node does not: the harness asks with what is kept there.
            try disks[0].restore()
            try await pair.promoteFollower(reason: "power loss \(seed)")
            try pair.addFollower()
            return try await pair.waitForCopies(2)
        }
        for index in victims { try disks[index].restore() }
        for index in victims { try pair.restart(index) }
        try await pair.waitForPrimary()
        try await pair.waitForCopies(2)
    }

    private func ends(_ pair: LocalPair, _ index: Int) async -> Bool {
        let limit = ContinuousClock.now.advanced(by: .seconds(10))
        while pair.members[index].isRunning {
            if ContinuousClock.now > limit { return false }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return true
    }

    // MARK: - Judgement

    private func check(
        _ pair: LocalPair, _ writers: [Writer], _ project: UInt64, _ outcome: inout Outcome
    ) async throws {
        let store = try await pair.connect()
        for writer in writers {
            outcome.acknowledged += writer.acknowledged.count
            for (gid, name) in writer.acknowledged {
                let found = try? await store.task(gid)
                if found?.name != name {
                    outcome.problems.append(
                        "\(gid) should be “\(name)”, is \(found?.name ?? "gone")")
                }
            }
        }
        var names: [String: Int] = [:]
        var cursor: [UInt8] = []
        repeat {
            let page = try await store.tasks(inProject: project, cursor: cursor)
            for task in page.elements { names[task.name, default: 0] += 1 }
            cursor = page.next
        } while !cursor.isEmpty
        // Every write has a name of its own.
        for (name, count) in names where count > 1 {
            outcome.problems.append("“\(name)” is there \(count) times")
        }
        await store.close()
        if outcome.acknowledged == 0 {
            outcome.problems.append("no write was acknowledged")
        }
        if !(try await copiesAreEqual(pair)) { outcome.problems.append("the copies differ") }
    }

    /// Waits until both copies are at the same place, and compares what they say they hold.
    private func copiesAreEqual(_ pair: LocalPair) async throws -> Bool {
        var stores: [Store] = []
        for index in pair.members.indices where pair.members[index].isRunning {
            stores.append(try await pair.connect(toMember: index))
        }
        guard stores.count == 2 else { return false }
        let limit = ContinuousClock.now.advanced(by: .seconds(20))
        var areEqual = false
        while !areEqual, ContinuousClock.now < limit {
            var digests: [[WorkspaceDigest]] = []
            for store in stores {
                digests.append(try await store.perform(GetStatus(), as: Status.self).value.digests)
            }
            areEqual = !digests[0].isEmpty && digests[0] == digests[1]
            if !areEqual { try await Task.sleep(for: .milliseconds(20)) }
        }
        for store in stores { await store.close() }
        return areEqual
    }
}

/// A client that makes and renames tasks, and remembers what it was told.
private final class Writer: @unchecked Sendable {
    // `@unchecked Sendable`: worked by one task; read by another after that has ended, but for
    // `isDone`, which only goes from false to true.
    let store: Store
    private let name: String
    private let project: UInt64
    private(set) var acknowledged: [UInt64: String] = [:]
    private let isDone = Flag()

    init(_ pair: LocalPair, _ name: String, _ project: UInt64) throws {
        var options = Store.Options()
        options.deadline = .seconds(60)
        store = try Store(
            to: pair.addresses, certificateAuthority: pair.certificateAuthority,
            token: pair.token, options: options)
        self.name = name
        self.project = project
    }

    func finish() { isDone.set() }

    func work() async {
        var count = 0
        while !isDone.isSet {
            count += 1
            let text = "\(name), \(count)"
            if count % 3 == 0, let gid = acknowledged.keys.randomElement() {
                var changes = Store.TaskChanges()
                changes.name = text
                // What is not known to have been renamed is not looked at any more.
                acknowledged[gid] = nil
                if (try? await store.updateTask(gid, changes)) != nil { acknowledged[gid] = text }
            } else {
                var task = Store.NewTask(name: text)
                task.project = project
                if let gid = try? await store.createTask(task, in: 1) { acknowledged[gid] = text }
            }
        }
    }
}

private final class Flag: @unchecked Sendable {
    // `@unchecked Sendable`: guarded by the lock.
    private let lock = NSLock()
    private var value = false
    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
}

/// SplitMix64.
private struct PowerLossDraw {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
}
