import Environment
import Testing
import WorkProtocol

@testable import StoreClient

struct ClientSessionTests {
    // MARK: The plain case

    @Test func `a call connects, greets, is sent and answered`() throws {
        let bench = SessionBench()
        #expect(bench.attempts.isEmpty)
        let call = bench.create()
        #expect(bench.attempts.map(\.server) == [SessionBench.a])
        bench.greet()
        #expect(bench.hellos.first?.token == "hft_secret")
        let request = try #require(bench.requests.first)
        #expect(request.header.code == Method.createTask.id)
        #expect(request.header.route == 3)
        #expect(request.header.aux == 10_000)
        #expect(request.header.flags == .end)
        bench.pass(.milliseconds(3))
        bench.answer(request, gid: 11)
        let reply = try #require(bench.reply(call))
        #expect(try Changed(decoding: reply.payload).gid == 11)
        #expect(reply.details.lsn == 99 && reply.details.replicas == 2)
        #expect(reply.details.workspacePosition == 5 && reply.details.attempts == 1)
        #expect(reply.details.latency == .milliseconds(3))
        #expect(bench.pendingCount == 0)
    }

    @Test func `request ids are of one session made by the server's clock`() throws {
        let bench = SessionBench()
        let first = bench.create()
        bench.greet()
        _ = bench.create()
        _ = bench.create()
        let ids = bench.requests.compactMap(\.requestID)
        #expect(ids.map(\.sequence) == [1, 2, 3])
        #expect(Set(ids.map(\.high)).count == 1 && Set(ids.map(\.low)).count == 1)
        #expect(ids[0].created == SessionBench.serverTime)
        // The lowest without an answer goes with each.
        bench.answer(bench.requests[0])
        #expect(bench.reply(first) != nil)
        _ = bench.create()
        #expect(bench.requests.last?.requestID?.acknowledged == 2)
        bench.answer(bench.requests[2])
        _ = bench.create()
        #expect(bench.requests.last?.requestID?.acknowledged == 2)
        bench.answer(bench.requests[1])
        _ = bench.create()
        #expect(bench.requests.last?.requestID?.acknowledged == 4)
    }

    @Test func `queries carry no request id`() {
        let bench = SessionBench()
        _ = bench.get()
        bench.greet()
        #expect(bench.requests.first?.requestID == nil)
    }

    // MARK: Retries

    @Test func `a retry keeps the request id and says that it is one`() throws {
        let bench = SessionBench()
        let call = bench.create()
        bench.greet()
        bench.refuse(bench.requests[0], Failure(.overloaded, "busy", retryAfter: 200))
        #expect(bench.results.isEmpty)
        bench.pass(.milliseconds(199))
        #expect(bench.requests.count == 1)
        bench.pass(.milliseconds(2))
        #expect(bench.requests.count == 2)
        #expect(bench.requests[1].requestID == bench.requests[0].requestID)
        #expect(bench.requests[1].header.flags == [.end, .retry])
        #expect(bench.requests[1].header.aux < 10_000)
        #expect(bench.requests[1].stream > bench.requests[0].stream)
        bench.answer(bench.requests[1])
        #expect(bench.reply(call)?.details.attempts == 2)
    }

    @Test func `a write in flight on a lost connection is sent again with its request id`() throws {
        let bench = SessionBench()
        let call = bench.create()
        bench.greet()
        bench.cut()
        #expect(bench.attempts.count == 2 && bench.results.isEmpty)
        bench.greet(epoch: 1)
        #expect(bench.requests.count == 2)
        #expect(bench.requests[1].requestID == bench.requests[0].requestID)
        #expect(bench.requests[1].header.flags.contains(.retry))
        bench.answer(bench.requests[1])
        #expect(bench.reply(call) != nil)
    }

    @Test func `an answer no is an answer`() throws {
        let bench = SessionBench()
        let call = bench.create()
        bench.greet()
        bench.refuse(bench.requests[0], Failure(.badField("name", "too long")))
        let error = try #require(bench.error(call))
        #expect(error.code == .invalidRequest && error.outcome == .notExecuted)
        #expect(error.fields.map(\.field) == ["name"])
        #expect(!error.isRetrySafe)
    }

    @Test(arguments: Reason.allCases)
    func `each reason is retried only as its outcome and advice allow`(reason: Reason) throws {
        let bench = SessionBench([SessionBench.a])
        let call = bench.create()
        bench.greet()
        // The second attempt, so that nothing is a first use.
        bench.refuse(bench.requests[0], Failure(.overloaded, "busy"))
        bench.pass(.milliseconds(600))
        bench.refuse(bench.requests[1], Failure(reason, "because"))
        switch reason.retry {
        case .never, .afterFix:
            let error = try #require(bench.error(call))
            #expect((error.outcome == .unknown) == (reason.outcome == .unknown))
            #expect(error.reason == reason)
        case .backoff:
            #expect(bench.results.isEmpty)
            bench.pass(.milliseconds(600))
            #expect(bench.requests.count == 3)
            #expect(bench.requests[2].requestID == bench.requests[0].requestID)
        case .elsewhere:
            #expect(bench.results.isEmpty)
            bench.pass(.milliseconds(600))
            #expect(bench.attempts.count == 2)
            bench.greet()
            #expect(bench.requests[2].requestID == bench.requests[0].requestID)
        }
    }

    @Test func `a call that may not be repeated is not`() throws {
        let bench = SessionBench()
        let call = bench.begin(ClientRequest(.promote))
        bench.greet()
        bench.cut()
        let error = try #require(bench.error(call))
        #expect(error.code == .outcomeUnknown && error.outcome == .unknown)
        #expect(!error.isRetrySafe && error.requestID == nil)
    }

    @Test func `back-off doubles, has a cap, and is partly random`() {
        let backoff = Backoff()
        var seen: Set<UInt64> = []
        let randomness = CountingRandomness()
        for (count, whole) in [(1, 50), (2, 100), (3, 200), (4, 400), (5, 500), (60, 500)] {
            for _ in 0..<100 {
                let pause = backoff.pause(after: count, random: randomness.number())
                #expect(pause >= .milliseconds(UInt64(whole / 2)))
                #expect(pause <= .milliseconds(UInt64(whole)))
                seen.insert(pause.nanoseconds)
            }
        }
        #expect(seen.count > 100)
    }

    // MARK: Time

    @Test func `a write without an answer in time has an unknown outcome`() throws {
        let bench = SessionBench()
        let call = bench.create(timeout: .seconds(1))
        bench.greet()
        bench.pass(.seconds(1))
        let error = try #require(bench.error(call))
        #expect(error.code == .outcomeUnknown && error.outcome == .unknown && error.isRetrySafe)
        let id = try #require(bench.requests[0].requestID)
        #expect(error.requestID == id.text)
        #expect(bench.sent.last?.header.type == .reset)
        // Asked again with the request ID of the error, it goes out under it.
        var again = ClientRequest(.createTask, route: 3, payload: bench.requests[0].payload)
        again.requestID = RequestID(error.requestID ?? "")
        _ = bench.begin(again)
        let second = try #require(bench.requests.last?.requestID)
        #expect(second.high == id.high && second.low == id.low && second.sequence == id.sequence)
        // And the server has not been told to forget it.
        #expect(second.acknowledged <= id.sequence)
    }

    @Test func `a write that was never sent was not executed`() throws {
        let bench = SessionBench([SessionBench.a])
        let call = bench.create(timeout: .seconds(2))
        for _ in 0..<100 where bench.results.isEmpty {
            if bench.attempts.count > bench.closed.count { bench.refused() }
            bench.pass(.milliseconds(100))
        }
        let error = try #require(bench.error(call))
        #expect(error.outcome == .notExecuted && error.code == .unavailable)
        #expect(error.message.contains("refused"))
        #expect(bench.requests.isEmpty)
    }

    @Test func `a read without an answer in time did nothing`() throws {
        let bench = SessionBench()
        let call = bench.get(timeout: .seconds(1))
        bench.greet()
        bench.pass(.seconds(1))
        let error = try #require(bench.error(call))
        #expect(error.code == .deadlineExceeded && error.outcome == .notExecuted)
    }

    @Test func `an answer after the deadline is ignored`() throws {
        let bench = SessionBench()
        let call = bench.create(timeout: .seconds(1))
        bench.greet()
        bench.pass(.seconds(1))
        bench.answer(bench.requests[0])
        #expect(bench.error(call)?.code == .outcomeUnknown)
        #expect(bench.isOpen)
    }

    @Test func `lost once and refused later is still unknown when the time is over`() throws {
        let bench = SessionBench([SessionBench.a])
        let call = bench.create(timeout: .seconds(1))
        bench.greet()
        bench.cut()
        bench.greet()
        bench.refuse(bench.requests[1], Failure(.overloaded, "busy", retryAfter: 5000))
        let error = try #require(bench.error(call))
        #expect(error.outcome == .unknown && error.isRetrySafe)
    }

    @Test func `cancelling tells the server and says what is known`() throws {
        let bench = SessionBench()
        let read = bench.get()
        let write = bench.create()
        bench.greet()
        for call in [read, write] { bench.session.cancel(call, at: bench.now) }
        bench.settle()
        #expect(bench.error(read)?.code == .cancelled)
        #expect(bench.error(write)?.outcome == .unknown)
        #expect(bench.sent.filter { $0.header.type == .reset }.count == 2)
    }

    // MARK: Sessions of request ids

    @Test func `an expired session is renewed for a command that was never sent before`() throws {
        let bench = SessionBench()
        let call = bench.create()
        bench.greet()
        bench.refuse(bench.requests[0], Failure(.sessionExpired, "too old"))
        #expect(bench.requests.count == 2)
        let (old, new) = (bench.requests[0].requestID, bench.requests[1].requestID)
        #expect(new?.low != old?.low && new?.sequence == 1)
        bench.answer(bench.requests[1])
        #expect(bench.reply(call) != nil)
    }

    @Test func `an expired session leaves a repeated command unknown`() throws {
        let bench = SessionBench()
        let call = bench.create()
        bench.greet()
        bench.cut()
        bench.greet()
        bench.refuse(bench.requests[1], Failure(.sessionExpired, "too old"))
        let error = try #require(bench.error(call))
        #expect(error.code == .sessionExpired && error.outcome == .unknown)
        #expect(!error.isRetrySafe)
    }

    @Test func `a session is renewed before it is old`() throws {
        let bench = SessionBench()
        _ = bench.create()
        bench.greet()
        bench.answer(bench.requests[0])
        for _ in 0..<6000 {
            bench.pass(.seconds(10))
            bench.give(FrameHeader(.pong))
        }
        _ = bench.create()
        let ids = bench.requests.compactMap(\.requestID)
        #expect(ids[0].low != ids[1].low)
        #expect(ids[1].created >= SessionBench.serverTime + 59_000_000)
    }

    @Test func `no more request ids are open than the server remembers`() throws {
        let bench = SessionBench { $0.seeksPrimary = true }
        for _ in 0..<700 { _ = bench.create() }
        bench.greet { $0.maxStreams = 1000 }
        #expect(bench.requests.count == RequestIDSource.window)
        bench.answer(bench.requests[1])
        #expect(bench.requests.count == RequestIDSource.window)
        bench.answer(bench.requests[0])
        #expect(bench.requests.count == RequestIDSource.window + 2)
    }

    // MARK: What a server may say

    @Test(arguments: [Int64.max, .min, -1])
    func `a server's clock that cannot be does no harm`(_ time: Int64) throws {
        let bench = SessionBench()
        let call = bench.create()
        bench.greet { $0.serverTime = time }
        bench.pass(.seconds(10))
        _ = bench.create()
        let id = try #require(bench.requests.first?.requestID)
        #expect(id.created == (time < 0 ? 0 : RequestID.timeMax))
        #expect(bench.error(call) != nil || bench.pendingCount > 0)
    }

    @Test(arguments: [Reason.badFrame, .unknownMethod, .unknownExtension, .badField])
    func `an older node's refusal proves nothing about what a newer one did`(_ reason: Reason)
        throws
    {
        let bench = SessionBench([SessionBench.a])
        let call = bench.create()
        bench.greet()
        bench.cut()
        bench.greet()
        bench.refuse(bench.requests[1], Failure(reason, "because"))
        let error = try #require(bench.error(call))
        // A field that cannot be is judged after the request history was asked.
        #expect(error.outcome == (reason == .badField ? .notExecuted : .unknown))
    }
}
