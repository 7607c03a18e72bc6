import Environment
import SystemEnvironment
import Testing

private let loopback = Endpoint.tcp(host: "127.0.0.1", port: 0)

/// Answers every read with the same bytes.
private func echo() -> Recorder {
    Recorder { bytes, connection in connection.send(Array(bytes)) }
}

/// What networks and other ends do to a connection with TLS.
@Suite(.timeLimit(.minutes(3))) struct TLSTests {
    /// Bytes that lie differently in each record: they repeat after a prime number of them.
    private func message(_ count: Int, _ seed: UInt8) -> [UInt8] {
        let block = (0..<4_099).map { number in
            UInt8(truncatingIfNeeded: (number &* 2_654_435_761) >> 13) ^ seed
        }
        var message: [UInt8] = []
        while message.count < count { message += block.prefix(count - message.count) }
        return message
    }

    // MARK: Carrying bytes

    @Test(arguments: [(1, 500), (4, 5_000), (5, 20_000), (1_000, 100_000), (16_389, 1 << 20)])
    func `a message arrives whole, whatever parts the network makes of it`(
        _ part: Int, _ count: Int
    ) async throws {
        let server = try TestServer(loopback, .client, recorder: echo())
        let way = Relay.Way(part: part)
        let relay = try Relay(to: server.endpoint, fromClient: way, fromServer: way)
        let recorder = Recorder()
        let connection = try await server.connect(
            .client, to: relay.endpoint, recorder: recorder
        ).get()
        let message = message(count, 0)
        connection.onItsQueue { connection.send(message) }
        let seen = await recorder.seen.until { $0.bytes.count >= count }
        #expect(seen.bytes == message)
        #expect(server.recorder.seen.value.bytes == message)
    }

    @Test func `large messages go both ways at once`() async throws {
        let count = 6 << 20
        let server = try TestServer(loopback, .client)
        let recorder = Recorder()
        let connection = try await server.connect(.client, recorder: recorder).get()
        _ = await server.accepted.until { !$0.isEmpty }
        let accepted = server.accepted.value[0]
        let (question, answer) = (message(count, 1), message(count, 2))
        connection.onItsQueue {
            for start in stride(from: 0, to: count, by: 300_000) {
                connection.send(Array(question[start..<min(start + 300_000, count)]))
            }
        }
        accepted.onItsQueue { accepted.send(answer) }
        let seen = await recorder.seen.until { $0.bytes.count >= count }
        #expect(seen.bytes == answer)
        let arrived = await server.recorder.seen.until { $0.bytes.count >= count }
        #expect(arrived.bytes == question)
        await connection.nowOnItsQueue { #expect(connection.unsentBytes == 0) }
    }

    @Test func `what is sent while reading, and a close with it, arrives`() async throws {
        let count = 500_000
        let recorder = Recorder { _, connection in
            connection.send([UInt8](repeating: 3, count: count))
            connection.close()
            connection.send([4])
        }
        let server = try TestServer(loopback, .client, recorder: recorder)
        let own = Recorder()
        let connection = try await server.connect(.client, recorder: own).get()
        connection.sendLater(["go"])
        let seen = await own.seen.until { $0.closed == 1 }
        #expect(seen.bytes == [UInt8](repeating: 3, count: count))
        #expect(seen.reason == nil)
        let told = await recorder.seen.until { $0.closed == 1 }
        #expect(told.reason == nil && told.text == "go")
    }

    // MARK: Handshakes

    /// A server's certificate has to name the address that was asked for, and no other.
    @Test(arguments: ["127.0.0.2", "::1"])
    func `an address is looked for in the certificate`(_ host: String) async throws {
        let named = try TestServer(
            .tcp(host: host, port: 0), .client, TestCluster.make(names: ["127.0.0.1"]))
        let failure = await named.connect(.client, TestCluster.good).failure
        #expect(failure?.kind == .untrusted)
        let material = TestCluster.make(names: [host])
        let server = try TestServer(.tcp(host: host, port: 0), .client, material)
        #expect(await server.connect(.client, material).failure == nil)
        let wrong = try TestServer(loopback, .client, material)
        #expect(await wrong.connect(.client, material).failure?.kind == .untrusted)
    }

    @Test(arguments: [0, 1, 4, 5, 6, 50, 100], [true, false])
    func `a handshake that is cut off fails, and harms nobody`(_ limit: Int, _ isClients: Bool)
        async throws
    {
        let server = try TestServer(loopback, .client, recorder: echo())
        let cut = Relay.Way(limit: limit)
        let relay = try Relay(
            to: server.endpoint, fromClient: isClients ? cut : Relay.Way(),
            fromServer: isClients ? Relay.Way() : cut)
        let failure = await server.connect(.client, to: relay.endpoint).failure
        #expect(failure?.kind == .closed)
        let recorder = Recorder()
        let connection = try await server.connect(.client, recorder: recorder).get()
        connection.sendLater(["still here"])
        _ = await recorder.seen.until { $0.text == "still here" }
        #expect(server.accepted.value.count == 1)
    }

    // MARK: Ends

    private struct Relayed {
        let server: TestServer
        let relay: Relay
        let connection: any Connection
        let recorder = Recorder()

        /// A connection through a relay, on which bytes have gone there and back.
        init() async throws {
            server = try TestServer(loopback, .client, recorder: echo())
            relay = try Relay(to: server.endpoint)
            connection = try await server.connect(
                .client, to: relay.endpoint, recorder: recorder
            ).get()
            connection.sendLater(["hello"])
            _ = await recorder.seen.until { $0.text == "hello" }
        }

        /// Both ends have been told, once.
        func ended() async -> (own: NetworkError?, others: NetworkError?) {
            let own = await recorder.seen.until { $0.closed > 0 }
            let others = await server.recorder.seen.until { $0.closed > 0 }
            await connection.nowOnItsQueue {}
            #expect(own.closed == 1 && others.closed == 1)
            #expect(own.text == "hello" && others.text == "hello")
            return (own.reason, others.reason)
        }
    }

    @Test func `garbage ends a connection, and nothing of it is delivered`() async throws {
        let relayed = try await Relayed()
        relayed.relay.corrupt()
        relayed.connection.sendLater(["not to be believed"])
        let (own, others) = await relayed.ended()
        #expect(others?.kind == .failed)
        // It is told by TLS.
        #expect(own?.reason.contains("BAD_RECORD_MAC") == true)
    }

    @Test func `an end that is reset is told to both`() async throws {
        let relayed = try await Relayed()
        relayed.relay.reset()
        let (own, others) = await relayed.ended()
        #expect(own?.kind == .closed)
        #expect(others?.kind == .closed)
    }

    @Test func `an end without TLS's goodbye is an end`() async throws {
        let relayed = try await Relayed()
        relayed.relay.cut()
        _ = await relayed.ended()
    }

    @Test func `a goodbye is answered and told as an end without a reason`() async throws {
        let relayed = try await Relayed()
        relayed.connection.onItsQueue { relayed.connection.close() }
        let (own, others) = await relayed.ended()
        #expect(own == nil && others == nil)
    }

    /// TLS and the connection hold each other while it lives.
    @Test(arguments: [true, false])
    func `nobody holds a connection that has ended`(_ isClosedHere: Bool) async throws {
        let server = try TestServer(loopback, .client, recorder: echo())
        let relay = try Relay(to: server.endpoint)
        let queue = SystemScheduler().makeQueue("client", .core)
        let recorder = Recorder { bytes, connection in
            if isClosedHere { connection.close() } else { relay.cut() }
        }
        let held = Held()
        SystemNetwork(TestCluster.good).connect(relay.endpoint, .client, on: queue) { result in
            guard case .success(let connection) = result else { return }
            connection.receiver = recorder
            connection.send([1])
            held.connection = connection
        }
        _ = await recorder.seen.until { $0.closed == 1 }
        // What is told is told from within it.
        #expect(await queue.result { held.connection == nil })
    }

    @Test func `an end while much is under way ends both`() async throws {
        let relayed = try await Relayed()
        let (connection, relay) = (relayed.connection, relayed.relay)
        await connection.nowOnItsQueue {
            connection.setReading(false)
            connection.send([UInt8](repeating: 1, count: 8 << 20))
        }
        _ = await relayed.server.recorder.seen.until { $0.bytes.count > 1 << 20 }
        relay.reset()
        await connection.nowOnItsQueue { connection.setReading(true) }
        let own = await relayed.recorder.seen.until { $0.closed == 1 }
        #expect(own.reason?.kind == .closed)
        _ = await relayed.server.recorder.seen.until { $0.closed == 1 }
    }
}

/// Touched on one queue only.
private final class Held: @unchecked Sendable {
    weak var connection: (any Connection)?
}
