import Environment
import Testing
import WorkProtocol

@testable import StoreClient

struct TopologyTests {
    @Test func `NOT_PRIMARY with a hint is followed`() throws {
        let bench = SessionBench()
        let call = bench.create()
        bench.greet()
        let hint = Failure.notPrimary(primary: "c:7400", epoch: WireEpoch(version: 2))
        bench.refuse(bench.requests[0], hint)
        #expect(bench.attempts.last?.server == .tcp(host: "c", port: 7400))
        #expect(bench.closed.count == 1)
        bench.greet(epoch: 2)
        #expect(bench.requests[1].requestID == bench.requests[0].requestID)
        bench.answer(bench.requests[1], epoch: 2)
        #expect(bench.reply(call)?.details.epoch == WireEpoch(version: 2))
        #expect(bench.highestEpoch == WireEpoch(version: 2))
    }

    @Test func `a follower in the greeting shows the way`() {
        let bench = SessionBench()
        _ = bench.create()
        bench.greet("follower", primary: "b:7400")
        #expect(bench.attempts.map(\.server) == [SessionBench.a, SessionBench.b])
        bench.greet()
        #expect(bench.requests.count == 1)
    }

    @Test func `two followers that point at each other are asked with pauses`() {
        let bench = SessionBench()
        let call = bench.create(timeout: .seconds(5))
        for _ in 0..<1000 where bench.results.isEmpty {
            let server = bench.attempts.last?.server
            if bench.closed.last == bench.current || bench.attempts.isEmpty {
                bench.pass(.milliseconds(10))
            } else {
                bench.greet("follower", primary: server == SessionBench.a ? "b:7400" : "a:7400")
            }
        }
        #expect(bench.error(call)?.code == .unavailable)
        #expect(bench.error(call)?.outcome == .notExecuted)
        // 5 s of pauses up to 500 ms; without them it would be a thousand.
        #expect(bench.attempts.count > 10 && bench.attempts.count < 60)
    }

    @Test func `all addresses are tried before a pause`() {
        let bench = SessionBench()
        _ = bench.create()
        bench.refused()
        #expect(bench.attempts.map(\.server) == [SessionBench.a, SessionBench.b])
        bench.refused()
        #expect(bench.attempts.count == 2)
        bench.pass(.milliseconds(50))
        #expect(bench.attempts.map(\.server) == [SessionBench.a, SessionBench.b, SessionBench.a])
    }

    @Test func `an answer from an epoch that is over is dropped`() throws {
        let bench = SessionBench()
        let call = bench.create()
        bench.greet(epoch: 5)
        bench.answer(bench.requests[0], epoch: 4)
        #expect(bench.results[call] == nil)
        #expect(bench.attempts.count == 2)
        bench.greet(epoch: 5)
        bench.answer(bench.requests[1], epoch: 5)
        #expect(bench.reply(call) != nil)
    }

    @Test func `a no from an epoch that is over is dropped, too`() throws {
        let bench = SessionBench()
        let call = bench.get()
        bench.greet(epoch: 5)
        var old = Failure(.notFound)
        old.epochVersion = 4
        bench.refuse(bench.requests[0], old)
        #expect(bench.results[call] == nil)
        bench.greet(epoch: 5)
        bench.refuse(bench.requests[1], Failure(.notFound))
        #expect(bench.error(call)?.code == .notFound)
    }

    @Test func `GOAWAY in the greeting shows the way, too`() {
        let bench = SessionBench()
        let call = bench.create()
        bench.connected()
        var goAway = GoAway()
        goAway.reason = Reason.notPrimary.rawValue
        goAway.primary = "c:7400"
        bench.give(FrameHeader(.goAway, code: 101), Extensions(), goAway.encoded())
        #expect(bench.attempts.last?.server == .tcp(host: "c", port: 7400))
        bench.greet()
        bench.answer(bench.requests[0])
        #expect(bench.reply(call) != nil)
    }

    @Test func `a deposed primary is told and left`() throws {
        let bench = SessionBench()
        let first = bench.create()
        bench.greet(epoch: 5)
        bench.answer(bench.requests[0], epoch: 5)
        #expect(bench.reply(first) != nil)
        bench.cut()
        _ = bench.create()
        bench.greet(epoch: 4)
        #expect(bench.sent.last?.header.type == .ping)
        #expect(bench.sent.last?.extensions.highestEpoch == WireEpoch(version: 5))
        #expect(bench.attempts.last?.server == SessionBench.b)
        bench.greet(epoch: 6)
        #expect(bench.requests.count == 2)
        #expect(bench.requests[1].extensions.highestEpoch == WireEpoch(version: 6))
    }

    @Test func `GOAWAY lets what ran be answered and sends the rest elsewhere`() throws {
        let bench = SessionBench()
        let first = bench.create("one")
        let second = bench.create("two")
        bench.greet()
        var goAway = GoAway()
        goAway.reason = Reason.starting.rawValue
        goAway.lastStream = bench.requests[0].stream
        bench.give(FrameHeader(.goAway), Extensions(), goAway.encoded())
        let third = bench.create("three")
        #expect(bench.requests.count == 2 && bench.attempts.count == 1)
        bench.answer(bench.requests[0])
        #expect(bench.reply(first) != nil)
        #expect(bench.attempts.count == 2)
        bench.greet()
        #expect(bench.requests.count == 4)
        #expect(bench.requests[2].requestID?.sequence == 2)
        #expect(bench.requests[3].requestID?.sequence == 3)
        bench.answer(bench.requests[2])
        bench.answer(bench.requests[3])
        #expect(bench.reply(second) != nil && bench.reply(third) != nil)
    }

    @Test func `a server that goes away and does not answer is left after a second`() {
        let bench = SessionBench()
        _ = bench.create()
        bench.greet()
        var goAway = GoAway()
        goAway.lastStream = 1
        bench.give(FrameHeader(.goAway), Extensions(), goAway.encoded())
        bench.pass(.milliseconds(999))
        #expect(bench.attempts.count == 1)
        bench.pass(.milliseconds(2))
        #expect(bench.attempts.count == 2)
    }

    @Test func `INFO of another primary moves the client`() {
        let bench = SessionBench()
        let first = bench.create()
        bench.greet()
        bench.answer(bench.requests[0])
        #expect(bench.reply(first) != nil)
        var info = Info()
        info.epochVersion = 2
        info.primaryAddress = "b:7400"
        var (a, b) = (MemberAddress(), MemberAddress())
        (a.node, a.address) = ("a:7400", "a:7400")
        (b.node, b.address, b.isPrimary) = ("b:7400", "b:7400", true)
        info.members = [a, b]
        bench.give(FrameHeader(.info), Extensions(), info.encoded())
        _ = bench.create()
        #expect(bench.attempts.last?.server == SessionBench.b)
    }

    @Test func `INFO of the same primary moves nobody`() {
        let bench = SessionBench([.unix(path: "/run/a")])
        _ = bench.create()
        bench.greet { $0.node = "node-a" }
        var info = Info()
        info.epochVersion = 2
        info.primaryAddress = "a:7400"
        var a = MemberAddress()
        (a.node, a.address, a.isPrimary) = ("node-a", "a:7400", true)
        info.members = [a]
        bench.give(FrameHeader(.info), Extensions(), info.encoded())
        #expect(bench.attempts.count == 1 && bench.isOpen)
    }

    @Test func `a bad token ends all calls at once`() throws {
        let bench = SessionBench()
        let (first, second) = (bench.create(), bench.get())
        bench.connected()
        var goAway = GoAway()
        goAway.reason = Reason.badToken.rawValue
        goAway.message = "The token is not known."
        bench.give(FrameHeader(.goAway), Extensions(), goAway.encoded())
        #expect(bench.error(first)?.code == .badToken)
        #expect(bench.error(first)?.outcome == .notExecuted)
        #expect(bench.error(second)?.code == .badToken)
        #expect(bench.attempts.count == 1)
    }

    @Test func `another cluster is not talked to`() {
        let bench = SessionBench([SessionBench.a]) { $0.expectedCluster = Array(0..<16) }
        let call = bench.create()
        bench.greet { $0.cluster = Array(1..<17) }
        #expect(bench.error(call)?.code == .untrusted)
        #expect(bench.hellos[0].expectedCluster == Array(0..<16))
        #expect(bench.requests.isEmpty)
    }

    @Test func `certificates nobody trusts end the search when all have failed`() {
        let bench = SessionBench()
        let call = bench.create()
        bench.refused(.untrusted)
        #expect(bench.results.isEmpty)
        bench.refused(.untrusted)
        #expect(bench.error(call)?.code == .untrusted)
    }

    @Test func `a server that speaks something else is told from one that is silent`() {
        let bench = SessionBench([SessionBench.a])
        let call = bench.create()
        bench.connected()
        let bytes = Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
        unsafe bench.session.received(bench.current, bytes.span.bytes, at: bench.now)
        bench.settle()
        #expect(bench.error(call)?.code == .protocolViolation)
        #expect(bench.error(call)?.message.contains("HTTP") == true)
    }

    @Test func `a silent server is asked for a sign of life and then left`() {
        let bench = SessionBench()
        _ = bench.create()
        bench.greet()
        bench.pass(.milliseconds(1_500))
        #expect(bench.sent.last?.header.type == .ping)
        bench.give(FrameHeader(.pong))
        bench.pass(.milliseconds(2_999))
        #expect(bench.attempts.count == 1)
        bench.pass(.milliseconds(2))
        #expect(bench.attempts.last?.server == SessionBench.b)
    }

    @Test func `the client answers PING`() {
        let bench = SessionBench()
        _ = bench.create()
        bench.greet()
        bench.give(FrameHeader(.ping, aux: 77))
        #expect(bench.sent.last?.header.type == .pong && bench.sent.last?.header.aux == 77)
    }

    @Test func `a server that lets in and hangs up is not asked without a pause`() {
        let bench = SessionBench([SessionBench.a])
        _ = bench.create(timeout: .seconds(3))
        for _ in 0..<300 where bench.results.isEmpty {
            if bench.isOpen {
                bench.cut()
            } else if bench.isConnecting {
                bench.greet()
            } else {
                bench.pass(.milliseconds(10))
            }
        }
        #expect(bench.attempts.count > 3 && bench.attempts.count < 30)
    }

    @Test func `one server may be asked whatever its role`() {
        let bench = SessionBench([SessionBench.b]) { $0.seeksPrimary = false }
        let call = bench.begin(ClientRequest(.getStatus))
        bench.greet("follower", primary: "a:7400")
        bench.answer(bench.requests[0], epoch: 0)
        #expect(bench.reply(call) != nil)
        let promote = bench.begin(ClientRequest(.promote))
        bench.refuse(bench.requests[1], .notPrimary(primary: "a:7400", epoch: WireEpoch()))
        #expect(bench.error(promote)?.code == .unavailable)
        #expect(bench.attempts.count == 1)
    }

    @Test func `ready is done when a server has let us in`() {
        let bench = SessionBench()
        let ready = bench.begin(.ready(timeout: .seconds(5)))
        #expect(bench.results.isEmpty)
        bench.greet()
        #expect(bench.reply(ready) != nil && bench.requests.isEmpty)
    }

    @Test func `patience ends the search early`() {
        let bench = SessionBench { $0.patience = .zero }
        let call = bench.create()
        bench.refused()
        #expect(bench.results.isEmpty)
        bench.refused()
        #expect(bench.error(call)?.code == .unavailable)
    }

    @Test func `closing ends everything`() {
        let bench = SessionBench()
        let call = bench.create()
        bench.greet()
        bench.session.end(at: bench.now)
        bench.settle()
        #expect(bench.error(call)?.outcome == .unknown)
        #expect(bench.closed.count == 1)
        #expect(bench.error(bench.get())?.code == .closed)
    }
}

struct StreamTests {
    func export() -> ClientRequest { ClientRequest(.export, route: 3) }

    @Test func `a stream's parts come in order and credit follows what is taken`() {
        let bench = SessionBench()
        let call = bench.begin(export())
        bench.greet()
        let stream = bench.requests[0].stream
        for part in [[UInt8]](arrayLiteral: [1, 2], [3], Array(repeating: 4, count: 600)) {
            bench.give(FrameHeader(.data, stream: stream, encoding: .raw), Extensions(), part)
        }
        #expect(bench.data.map(\.count) == [2, 1, 600])
        bench.session.consumed(call, 400)
        bench.settle()
        #expect(bench.sent.last?.header.type == .request)
        bench.session.consumed(call, 203)
        bench.settle()
        #expect(bench.sent.last?.header.type == .credit && bench.sent.last?.header.aux == 603)
        bench.answer(bench.requests[0])
        #expect(bench.reply(call) != nil)
    }

    @Test func `a stream is begun again only while nothing of it has come`() throws {
        let bench = SessionBench()
        let call = bench.begin(export())
        bench.greet()
        bench.cut()
        bench.greet()
        #expect(bench.requests.count == 2)
        bench.give(
            FrameHeader(.data, stream: bench.requests[1].stream, encoding: .raw), Extensions(),
            [1])
        bench.cut()
        let error = try #require(bench.error(call))
        #expect(error.code == .unavailable && error.outcome == .notExecuted)
    }

    @Test func `request ids are given out and passed in any order`() {
        var ids = RequestIDSource(serverTime: 5, random: (1, 2))
        var open: [UInt64] = []
        for _ in 0..<RequestIDSource.window { open.append(ids.make()?.sequence ?? 0) }
        let surplus = ids.make()
        #expect(surplus == nil)
        for sequence in open.reversed() { ids.finish(sequence) }
        #expect(ids.lowest == UInt64(RequestIDSource.window) + 1 && ids.openCount == 0)
        let first = ids.make()?.sequence ?? 0
        ids.abandon(first)
        #expect(ids.lowest == first)
        for _ in 0..<3000 { ids.finish(ids.make()?.sequence ?? 0) }
        #expect(ids.lowest > first)
    }

    @Test(arguments: [
        ("a:1", "a:1"), ("[::1]:7400", "[::1]:7400"), ("/run/x", "unix:/run/x"),
        ("unix:/run/x", "unix:/run/x"), ("10.0.0.1:65535", "10.0.0.1:65535"),
    ])
    func `addresses are read`(text: String, printed: String) {
        #expect(Endpoint(text)?.description == printed)
    }

    @Test(arguments: ["", "a", "a:", ":1", "a:0", "a:65536", "::1:7400", "unix:", "unix:x", "/"])
    func `what is no address is refused`(text: String) {
        #expect(Endpoint(text) == nil)
    }

    @Test func `a request id survives being printed`() {
        let id = RequestID(high: 0x0190, low: .max, sequence: 12)
        #expect(RequestID(id.text) == id)
        #expect(RequestID("x-1") == nil && RequestID(id.text + "x") == nil)
    }
}
