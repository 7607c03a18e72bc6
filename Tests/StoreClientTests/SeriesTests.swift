import Foundation
import Simulation
import Testing
import WorkProtocol

@testable import StoreClient

/// What a series promises, against the plainest way there is to keep it: one call at a time. Set
/// HOLDFAST_SEED to repeat a run.
struct SeriesTests {
    private static let runs = 120

    private func seeds() -> [UInt64] {
        let given = ProcessInfo.processInfo.environment["HOLDFAST_SEED"].flatMap { UInt64($0) }
        if let given { return [given] }
        let first = UInt64.random(in: 0...UInt64.max / 2)
        return (0..<UInt64(Self.runs)).map { first + $0 }
    }

    /// The batches of a run; some runs have one that is refused for good.
    private func batches(_ seed: UInt64) -> [Import] {
        var seed = Seed(seed ^ 0xBA7C)
        let count = 2 + seed.number(below: 30)
        let bad = seed.chance(1, in: 3) ? 1 + seed.number(below: count - 1) : count
        return (0..<count).map { SeriesStore.batch($0, bad: $0 == bad, &seed) }
    }

    /// What the batches do one after the other: the answers of those that are taken, and the tasks
    /// after each.
    private func reference(
        _ batches: [Import]
    ) throws -> (answers: [[UInt8]], tasks: [[String]]) {
        var store = try SeriesStore()
        var answers: [[UInt8]] = []
        var tasks = [try store.tasks()]
        for batch in batches {
            guard let answer = try? store.perform(.import(batch)) else { break }
            answers.append(answer)
            tasks.append(try store.tasks())
        }
        return (answers, tasks)
    }

    @Test func `whatever happens, a series does what its calls do one at a time`() throws {
        var counts: [String: Int] = [:]
        for seed in seeds() {
            let batches = batches(seed)
            let (answers, tasks) = try reference(batches)
            var misfortune = SeriesWorld.Misfortune()
            misfortune.isOld = seed % 5 == 0
            let world = try SeriesWorld(seed, misfortune)
            try world.run(batches, window: 4)
            counts.merge(world.counts, uniquingKeysWith: +)
            #expect(try world.store.tasks() == tasks.last, "HOLDFAST_SEED=\(seed)")
            // The workspace's first record, and one a batch.
            #expect(world.store.records.count == answers.count + 1, "HOLDFAST_SEED=\(seed)")
            for (place, result) in world.results {
                if place < answers.count {
                    #expect((try? result.get()) == answers[place], "HOLDFAST_SEED=\(seed)")
                } else {
                    #expect((try? result.get()) == nil, "HOLDFAST_SEED=\(seed)")
                }
            }
            #expect(world.results.count >= min(answers.count + 1, batches.count))
        }
        guard seeds().count > 1 else { return }
        for what in ["cut", "failover", "goaway", "refused", "expired", "out of order"] {
            #expect(counts[what] != nil, "\(what): \(counts)")
        }
    }

    @Test func `a call names the one before it, as long as that is under way here`() throws {
        let bench = SessionBench()
        let calls = (0..<4).map { bench.create("\($0)", in: 1) }
        let other = bench.create()
        bench.greet()
        #expect(bench.requests.compactMap(\.requestID).map(\.after) == [0, 1, 2, 3, 0])
        bench.answer(bench.requests[0])
        #expect(bench.reply(calls[0]) != nil)
        // Lost: what has been answered need not be named any more.
        bench.cut()
        bench.greet()
        let again = bench.requests.dropFirst(5)
        #expect(again.compactMap(\.requestID).map(\.sequence) == [2, 3, 4, 5])
        #expect(again.compactMap(\.requestID).map(\.after) == [0, 2, 3, 0])
        for request in again { bench.answer(request) }
        #expect((calls + [other]).allSatisfy { bench.reply($0) != nil })
    }

    @Test func `what comes behind a call that rests waits for it`() throws {
        let bench = SessionBench()
        let calls = (0..<3).map { bench.create("\($0)", in: 1) }
        bench.greet()
        bench.refuse(bench.requests[0], Failure(.overloaded, "busy", retryAfter: 300))
        bench.refuse(bench.requests[1], Failure(.outOfOrder, "not yet"))
        bench.refuse(bench.requests[2], Failure(.outOfOrder, "not yet"))
        bench.pass(.milliseconds(290))
        #expect(bench.requests.count == 3)
        bench.pass(.milliseconds(20))
        #expect(bench.requests.dropFirst(3).compactMap(\.requestID).map(\.sequence) == [1, 2, 3])
        #expect(bench.requests.dropFirst(3).compactMap(\.requestID).map(\.after) == [0, 1, 2])
        #expect(calls.allSatisfy { bench.results[$0] == nil })
    }

    @Test func `what comes behind a call that failed fails, and is not sent`() throws {
        let bench = SessionBench()
        let calls = (0..<3).map { bench.create("\($0)", in: 1) }
        bench.greet()
        bench.refuse(bench.requests[0], Failure(.badField("name", "no")))
        #expect(bench.error(calls[0])?.code == .invalidRequest)
        for request in bench.requests.dropFirst() {
            bench.refuse(request, Failure(.outOfOrder, "never"))
        }
        bench.pass(.seconds(2))
        let late = bench.create("late", in: 1)
        for call in calls.dropFirst() + [late] {
            let error = try #require(bench.error(call))
            #expect(error.code == .cancelled && error.outcome == .notExecuted)
        }
        #expect(bench.requests.count == 3)
        // Another series has nothing to do with it.
        _ = bench.create("other", in: 2)
        #expect(bench.requests.count == 4)
    }

    @Test func `an older server takes a series one at a time`() throws {
        let bench = SessionBench()
        let calls = (0..<3).map { bench.create("\($0)", in: 1) }
        bench.greet()
        for request in bench.requests.dropFirst() {
            bench.refuse(request, Failure(.unknownExtension, "0x8B"))
        }
        for count in 3...5 {
            bench.answer(bench.requests[count == 3 ? 0 : count - 1])
            #expect(bench.requests.count == min(count + 1, 5))
        }
        #expect(bench.requests.dropFirst(3).compactMap(\.requestID).map(\.after) == [0, 0])
        #expect(calls.allSatisfy { bench.reply($0) != nil })
    }

    @Test func `commands of a series over a real socket arrive in their order`() async throws {
        let server = try LiveServer("sock")
        let store = try await Store.connect(to: [server.path], token: "hft_live")
        await server.with { $0.losses = 5 }
        let series = Series(store)
        var calls: [BegunCall] = []
        for index in 0..<200 {
            var task = CreateTask()
            task.name = "\(index)"
            calls.append(try series.begin(.createTask, payload: task.encoded(), in: 3))
        }
        for call in calls { _ = try await call.reply() }
        let names = await server.with { $0.tasks.map(\.name) }
        #expect(names == (0..<200).map { "\($0)" })
        await store.close()
        server.stop()
    }

    @Test func `of calls whose time is over, those executed are the first of the series`() throws {
        var misfortune = SeriesWorld.Misfortune()
        misfortune.cut = 40
        misfortune.refusal = 300
        misfortune.timeout = .milliseconds(400)
        var cutShort = 0
        for seed in seeds() {
            let batches = batches(seed)
            let (answers, tasks) = try reference(batches)
            let world = try SeriesWorld(seed, misfortune)
            try world.run(batches, window: 4)
            let executed = world.store.records.count - 1
            try #require(executed <= answers.count, "HOLDFAST_SEED=\(seed)")
            if executed < answers.count { cutShort += 1 }
            #expect(try world.store.tasks() == tasks[executed], "HOLDFAST_SEED=\(seed)")
            for (place, result) in world.results {
                guard let answer = try? result.get() else { continue }
                #expect(place < executed, "HOLDFAST_SEED=\(seed)")
                #expect(answer == answers[place], "HOLDFAST_SEED=\(seed)")
            }
        }
        #expect(cutShort > 0 || seeds().count == 1)
    }
}
