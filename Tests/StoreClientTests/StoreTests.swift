import ByteCoding
import Environment
import SystemEnvironment
import Testing
import WorkProtocol

@testable import StoreClient

struct StoreTests {
    func with(
        _ body: (LiveServer, Store) async throws -> Void
    ) async throws {
        let server = try LiveServer("sock")
        let store = try await Store.connect(to: [server.path], token: "hft_live")
        try await body(server, store)
        await store.close()
        server.stop()
    }

    @Test func `a task is made and read over a real socket`() async throws {
        try await with { _, store in
            let gid = try await store.createTask(Store.NewTask(name: "Order the cake"), in: 3)
            let task = try await store.task(gid)
            #expect(task.name == "Order the cake" && task.gid == gid)
            #expect(await store.lastReply?.replicas == 2)
            #expect(await store.server?.node == "live")
        }
    }

    @Test func `connections lost after the write do not make a second task`() async throws {
        try await with { server, store in
            for round in 1...5 {
                await server.with { $0.losses = 2 }
                _ = try await store.createTask(Store.NewTask(name: "\(round)"), in: 3)
                #expect(await server.with { $0.tasks.count } == round)
            }
        }
    }

    @Test func `a hundred calls at once are all answered`() async throws {
        try await with { server, store in
            let gids = try await withThrowingTaskGroup(of: UInt64.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        try await store.createTask(Store.NewTask(name: "\(index)"), in: 3)
                    }
                }
                var gids: Set<UInt64> = []
                for try await gid in group { gids.insert(gid) }
                return gids
            }
            #expect(gids.count == 100)
            #expect(await server.with { $0.tasks.count } == 100)
        }
    }

    @Test func `an error tells its code, and whether the request ran`() async throws {
        try await with { _, store in
            let missing = try await #require(throws: StoreError.self) { try await store.task(99) }
            #expect(missing.code == .notFound && missing.outcome == .notExecuted)
            let unknown = try await #require(throws: StoreError.self) {
                try await store.deleteTask(99)
            }
            #expect(unknown.code == .unknownMethod)
            let long = try await #require(throws: StoreError.self) {
                try await store.createTask(
                    Store.NewTask(name: String(repeating: "x", count: 2000)), in: 3)
            }
            #expect(long.code == .invalidRequest && long.fields.map(\.field) == ["name"])
        }
    }

    @Test func `a stream is read to its end, no faster than it is taken`() async throws {
        try await with { server, store in
            let stream = try store.exportProject(Gid(workspace: 3, low: 1).rawValue, as: .csv)
            var count = 0
            for try await part in stream {
                #expect(part.first == UInt8(count % 251))
                count += part.count
            }
            #expect(count == 3 << 20)
            let end = try #require(await stream.end)
            #expect(try ExportEnd(decoding: end.payload).bytes == 3 << 20)
        }
    }

    @Test func `a stream that is let go does no harm`() async throws {
        try await with { _, store in
            for _ in 0..<10 {
                let stream = try store.exportProject(Gid(workspace: 3, low: 1).rawValue, as: .csv)
                var parts = stream.makeAsyncIterator()
                _ = try await parts.next()
            }
            _ = try await store.createTask(Store.NewTask(name: "after"), in: 3)
        }
    }

    @Test func `a cancelled caller is told so`() async throws {
        try await with { _, store in
            let caller = _Concurrency.Task {
                try await store.createTask(Store.NewTask(name: "never mind"), in: 3)
            }
            caller.cancel()
            let result = await caller.result
            if case .failure(let error) = result {
                #expect(
                    (error as? StoreError).map { [.cancelled, .outcomeUnknown].contains($0.code) }
                        == true)
            }
        }
    }

    @Test func `a bad token and no server are told apart`() async throws {
        let server = try LiveServer("sock")
        let refused = try await #require(throws: StoreError.self) {
            try await Store.connect(to: [server.path], token: "hft_wrong")
        }
        #expect(refused.code == .badToken)
        server.stop()
        var options = Store.Options()
        options.patience = .zero
        let absent = try await #require(throws: StoreError.self) {
            try await Store.connect(to: [server.path], token: "x", options: options)
        }
        #expect(absent.code == .unavailable)
        let nonsense = try await #require(throws: StoreError.self) {
            try await Store.connect(to: ["nonsense"], token: "x")
        }
        #expect(nonsense.code == .invalidRequest)
    }

    @Test func `compressed and checked connections carry the same`() async throws {
        let server = try LiveServer("sock")
        var options = Store.Options()
        options.isCompressed = true
        let store = try await Store.connect(to: [server.path], token: "hft_live", options: options)
        let stream = try store.exportProject(Gid(workspace: 3, low: 1).rawValue, as: .csv)
        var count = 0
        for try await part in stream { count += part.count }
        #expect(count == 3 << 20)
        await store.close()
        server.stop()
    }

    @Test func `a load connection keeps its depth and gets every answer`() async throws {
        let server = try LiveServer("sock")
        let scheduler = SystemScheduler()
        let queue = scheduler.makeQueue("load", .core)
        var task = CreateTask()
        task.name = "load"
        let prepared = PreparedRequest(
            ClientRequest(.createTask, route: 3, payload: task.encoded()))
        let load = LoadConnection(
            ClientSession.Configuration(
                servers: [.unix(path: server.path)], token: "hft_live"),
            depth: 16, randomness: SystemRandomness())
        let network = SystemNetwork()
        let total = 5000
        let bad = await withCheckedContinuation { (done: CheckedContinuation<Int, Never>) in
            queue.run {
                let tally = Tally()
                load.answered = { answer, _ in
                    tally.answered += 1
                    if answer.status != 0 || answer.tag >= UInt64(total) { tally.bad += 1 }
                    if tally.sent < total, load.send(prepared, tag: UInt64(tally.sent)) {
                        tally.sent += 1
                    }
                    if tally.answered == total { done.resume(returning: tally.bad) }
                }
                load.open(network, on: queue) { result in
                    guard case .success = result else { return done.resume(returning: -1) }
                    while load.send(prepared, tag: UInt64(tally.sent)) { tally.sent += 1 }
                    tally.depth = load.inFlight
                    load.flush()
                }
            }
        }
        #expect(bad == 0)
        #expect(await server.with { $0.tasks.count } == total)
        #expect(await server.with { Set($0.outcomes.keys.map(\.sequence)).count } == total)
        await withCheckedContinuation { done in
            queue.run {
                load.close()
                done.resume()
            }
        }
        server.stop()
        scheduler.shutdown()
    }
}

/// What a load test counts. Touched on one queue only.
private final class Tally: @unchecked Sendable {
    var sent = 0
    var answered = 0
    var bad = 0
    var depth = 0
}
