import Environment
import Foundation
import SystemEnvironment
import Testing

private let loopback = Endpoint.tcp(host: "127.0.0.1", port: 0)

/// Answers every read with the same bytes.
private func echo() -> Recorder {
    Recorder { bytes, connection in connection.send(Array(bytes)) }
}

@Suite(.timeLimit(.minutes(3))) struct NetworkTests {
    let folder: TestFolder
    var unix: Endpoint { .unix(path: folder.path("s")) }

    init() throws { folder = try TestFolder() }

    // MARK: Carrying bytes

    @Test func `bytes go there and back over a UNIX socket`() async throws {
        let server = try TestServer(unix, .none, recorder: echo())
        let recorder = Recorder()
        let connection = try await server.connect(.none, recorder: recorder).get()
        connection.sendLater(["hello, ", "world"])
        let seen = await recorder.seen.until { $0.bytes.count == 12 }
        #expect(seen.text == "hello, world")
        #expect(server.recorder.seen.value.turns >= 1)
        #expect(connection.peer == unix)
    }

    @Test func `bytes go there and back over TLS`() async throws {
        let server = try TestServer(loopback, .client, recorder: echo())
        let recorder = Recorder()
        let connection = try await server.connect(.client, recorder: recorder).get()
        connection.sendLater(["hello, ", "world"])
        let seen = await recorder.seen.until { $0.bytes.count == 12 }
        #expect(seen.text == "hello, world")
        #expect(connection.peerNames == ["localhost"])
        #expect(connection.peer == server.endpoint)
        #expect(server.accepted.value[0].peerNames == [])
    }

    @Test func `a server is known by its name too`() async throws {
        let server = try TestServer(.tcp(host: "localhost", port: 0), .client)
        #expect(await server.connect(.client).failure == nil)
    }

    @Test func `nodes know each other's uuids`() async throws {
        let server = try TestServer(loopback, .node, recorder: echo())
        let recorder = Recorder()
        let connection = try await server.connect(.node, recorder: recorder).get()
        connection.sendLater(["x"])
        _ = await recorder.seen.until { $0.bytes.count == 1 }
        #expect(connection.peerNames == [TestCluster.uuid])
        #expect(server.accepted.value[0].peerNames == [TestCluster.uuid])
    }

    @Test(arguments: [true, false])
    func `sends of one turn arrive as one, whether inside a read or not`(_ inRead: Bool)
        async throws
    {
        let server = try TestServer(unix, .none)
        let recorder = Recorder { _, connection in
            if inRead { for _ in 0..<100 { connection.send([1]) } }
        }
        let connection = try await server.connect(.none, recorder: recorder).get()
        if inRead {
            _ = await server.accepted.until { !$0.isEmpty }
            server.accepted.value[0].sendLater(["go"])
        } else {
            connection.onItsQueue { for _ in 0..<100 { connection.send([1]) } }
        }
        let seen = await server.recorder.seen.until { $0.turns > 0 }
        #expect(seen.bytes.count == 100)
    }

    /// Large bursts leave from a thread of their own, small ones do not: none may overtake another.
    @Test(arguments: [Security.none, .client])
    func `bytes arrive in the order they were sent, in large bursts and small ones`(
        _ security: Security
    ) async throws {
        let server = try TestServer(security == .none ? unix : loopback, security)
        let readers = (0..<8).map { _ in Recorder() }
        for reader in readers {
            let connected = await server.connect(security, recorder: reader)
            _ = try connected.get()
        }
        let senders = await server.accepted.until { $0.count == readers.count }
        let (others, last) = (senders.dropLast(), senders[senders.count - 1])
        let large = [UInt8](repeating: 0, count: 8 << 10)
        // A turn of the loop's takes eight of them: the last one's bytes 0 to 7 leave behind much
        // of the others', and while they wait there it sends 8 to 15 alone.
        @Sendable func send(_ number: UInt8) {
            guard number < 16 else { return }
            if number < 8 { for sender in others { sender.send(large) } }
            last.send([number])
            server.queue.run { send(number + 1) }
        }
        for time in 1...40 {
            server.queue.run { send(0) }
            for reader in readers.dropLast() {
                _ = await reader.seen.until { $0.bytes.count >= time * 8 * large.count }
            }
            let seen = await readers[readers.count - 1].seen.until { $0.bytes.count >= time * 16 }
            #expect(seen.bytes.suffix(16) == ArraySlice(0..<16))
        }
    }

    /// The kernel says of a connection that is gone that it is, whether it is asked for or not: the
    /// loop once came back for that for ever.
    @Test func `a connection that is not read and whose other end is gone keeps no core busy`()
        async throws
    {
        let server = try TestServer(unix, .none)
        var socket: RawSocket? = try RawSocket(unix)
        let connection = try #require(await server.accepted.until { !$0.isEmpty }.first)
        // What the loop's thread has used of a processor, in seconds.
        let used = Watched<[Double]>([])
        let lookAtClock: @Sendable () -> Void = {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            let seconds = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
            used.change { $0.append(seconds) }
        }
        connection.onItsQueue {
            connection.setReading(false)
            lookAtClock()
        }
        _ = await used.until { $0.count == 1 }
        socket?.send("unread")
        socket = nil
        // So long it is watched; a loop that spins would be busy for nearly all of it.
        let second = server.queue.schedule(after: .milliseconds(400)) {
            lookAtClock()
            connection.close()
        }
        let seen = await used.until { $0.count == 2 }
        withExtendedLifetime(second) {}
        #expect(seen[1] - seen[0] < 0.1)
    }

    @Test(arguments: [Security.none, .client])
    func `a slow reader bounds what is sent, and gets it all`(_ security: Security) async throws {
        let total = 24 << 20
        let reader = Recorder()
        let server = try TestServer(security == .none ? unix : loopback, security)
        let result = await server.connect(security, recorder: reader)
        let connection = try result.get()
        await connection.nowOnItsQueue { connection.setReading(false) }
        _ = await server.accepted.until { !$0.isEmpty }
        let sender = server.accepted.value[0]
        let highest = Watched(0)
        sender.onItsQueue {
            let part = [UInt8](repeating: 7, count: 1 << 20)
            for _ in 0..<(total / part.count) { sender.send(part) }
            highest.change { $0 = sender.unsentBytes }
        }
        #expect(await highest.until { $0 > 0 } == total)
        // Some is taken by the reader's socket, which is full long before all is.
        var left = total
        while left == total {
            await sender.nowOnItsQueue { highest.change { $0 = sender.unsentBytes } }
            left = highest.value
        }
        #expect(left > 0)
        #expect(server.recorder.seen.value.writable == 0)
        connection.onItsQueue { connection.setReading(true) }
        let seen = await reader.seen.until { $0.bytes.count == total }
        #expect(seen.bytes.allSatisfy { $0 == 7 })
        _ = await server.recorder.seen.until { $0.writable == 1 }
    }

    // MARK: Ending

    /// The socket of one that goes while another thread sends on it is closed when that is back.
    @Test func `who goes in the middle of a large burst is gone once, and leaves no socket`()
        async throws
    {
        let server = try TestServer(unix, .none)
        func sockets() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        }
        let before = try sockets()
        let (rounds, atOnce) = (20, 32)
        for round in 1...rounds {
            let clients = try (0..<atOnce).map { _ in try RawSocket(unix) }
            let senders = await server.accepted.until { $0.count == round * atOnce }.suffix(atOnce)
            server.queue.run {
                for sender in senders { sender.send([UInt8](repeating: 7, count: 192 << 10)) }
            }
            // One of them has got something: the others have it before them.
            clients[0].receiveSome()
            _ = consume clients
        }
        let count = rounds * atOnce
        let seen = await server.recorder.seen.until { $0.closed >= count }
        #expect(seen.closed == count)
        // The last ones may still be on their way back; others may open some meanwhile.
        while try sockets() >= before + 50 { await Task.yield() }
    }

    @Test(arguments: [Security.none, .client])
    func `what is queued at close still arrives, and closed is told once to both`(
        _ security: Security
    ) async throws {
        let reader = Recorder()
        let server = try TestServer(security == .none ? unix : loopback, security)
        let result = await server.connect(security, recorder: reader)
        let connection = try result.get()
        _ = await server.accepted.until { !$0.isEmpty }
        let sender = server.accepted.value[0]
        // The other end is sending too: a close that resets would lose what it has not read.
        connection.onItsQueue { connection.send([UInt8](repeating: 1, count: 1 << 20)) }
        sender.onItsQueue {
            sender.send([UInt8](repeating: 7, count: 3 << 20))
            sender.close()
            sender.close()
            sender.send([1])
        }
        let seen = await reader.seen.until { $0.closed > 0 }
        #expect(seen.bytes.count == 3 << 20)
        #expect(seen.reason == nil)
        let own = await server.recorder.seen.until { $0.closed > 0 }
        #expect(own.closed == 1 && own.reason == nil)
        #expect(reader.seen.value.closed == 1)
    }

    /// The end of a connection waited for a goodbye of the other end, and with it all of the loop.
    @Test(.needs("/usr/bin/python3"))
    func `whoever goes without TLS's goodbye does not stop the others`() async throws {
        let server = try TestServer(loopback, .client, recorder: echo())
        guard case .tcp(_, let port) = server.endpoint else { return }
        let script = """
            import os,socket,ssl,sys
            c=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);c.check_hostname=False
            c.verify_mode=ssl.CERT_NONE;c.set_alpn_protocols(["hfp/1"])
            s=c.wrap_socket(socket.create_connection(("127.0.0.1",int(sys.argv[1]))))
            s.send(b"x" * 1000); s.recv(1000); os._exit(7)
            """
        #expect(try exitCode(of: "/usr/bin/python3", ["-c", script, "\(port)"]) == 7)
        _ = await server.recorder.seen.until { $0.closed == 1 }
        let recorder = Recorder()
        let connection = try await server.connect(.client, recorder: recorder).get()
        connection.sendLater(["still here"])
        _ = await recorder.seen.until { $0.text == "still here" }
    }

    @Test func `a connection half closed by the other end is finished`() async throws {
        let recorder = Recorder { _, connection in connection.send(Array("answer".utf8)) }
        let server = try TestServer(unix, .none, recorder: recorder)
        let socket = try RawSocket(unix)
        socket.send("question")
        socket.endSending()
        #expect(socket.readAll() == "answer")
        let seen = await server.recorder.seen.until { $0.closed == 1 }
        #expect(seen.text == "question" && seen.reason == nil)
    }

    @Test func `a closed listener keeps its connections`() async throws {
        let server = try TestServer(unix, .none, recorder: echo())
        let recorder = Recorder()
        let connection = try await server.connect(.none, recorder: recorder).get()
        server.listener.close()
        #expect(!FileManager.default.fileExists(atPath: folder.path("s")))
        connection.sendLater(["still here"])
        _ = await recorder.seen.until { $0.text == "still here" }
        #expect(await server.connect(.none).failure?.kind == .refused)
    }

    // MARK: UNIX sockets' files

    @Test func `a UNIX socket is for its owner only`() throws {
        let server = try TestServer(unix, .none)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("s"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        withExtendedLifetime(server) {}
    }

    @Test(.needs("/usr/bin/python3"))
    func `a socket's file that nobody listens behind is replaced, another is in use`()
        async throws
    {
        let arguments = ["-c", "import socket,sys;socket.socket(1).bind(sys.argv[1])"]
        #expect(try exitCode(of: "/usr/bin/python3", arguments + [folder.path("s")]) == 0)
        #expect(FileManager.default.fileExists(atPath: folder.path("s")))
        let server = try TestServer(unix, .none)
        #expect(await server.connect(.none).failure == nil)
        #expect(kindOfListening(at: unix, .none) == .inUse)
        #expect(await server.connect(.none).failure == nil)
    }

    @Test func `a file that is no socket is not replaced`() throws {
        try folder.write("precious", to: "s")
        #expect(kindOfListening(at: unix, .none) == .inUse)
        #expect(try String(contentsOfFile: folder.path("s"), encoding: .utf8) == "precious")
    }

    // MARK: Refusals

    @Test func `a port in use is told`() throws {
        let server = try TestServer(loopback, .client)
        #expect(kindOfListening(at: server.endpoint, .client) == .inUse)
    }

    @Test func `nobody there is refused`() async throws {
        let server = try TestServer(loopback, .client)
        let endpoint = server.endpoint
        server.listener.close()
        // Closing is work for the server's queue.
        _ = await server.queue.result { 0 }
        let failure = await TestServer.connect(to: endpoint, .client).failure
        #expect(failure?.kind == .refused)
        #expect(await TestServer.connect(to: unix, .none).failure?.kind == .refused)
        let unknown = Endpoint.tcp(host: "no-such-host.invalid", port: 1)
        #expect(await TestServer.connect(to: unknown, .client).failure?.kind == .unreachable)
    }

    @Test func `TCP without TLS, and UNIX with it, are refused`() async throws {
        #expect(kindOfListening(at: loopback, .none) == .failed)
        #expect(kindOfListening(at: unix, .client) == .failed)
        #expect(await TestServer.connect(to: loopback, .none).failure?.kind == .failed)
        #expect(await TestServer.connect(to: unix, .node).failure?.kind == .failed)
    }

    private func kindOfListening(at endpoint: Endpoint, _ security: Security) -> NetworkError.Kind?
    {
        do {
            _ = try TestServer(endpoint, security)
            return nil
        } catch {
            return (error as? NetworkError)?.kind
        }
    }
}

extension Connection {
    /// Runs `body` on the connection's own queue, which tests have no other way to.
    func onItsQueue(_ body: @escaping @Sendable () -> Void) {
        ConnectionQueues.queue(of: self).run(body)
    }

    /// Runs `body` on the connection's own queue, and waits for it.
    func nowOnItsQueue(_ body: @escaping @Sendable () -> Void) async {
        await ConnectionQueues.queue(of: self).result(body)
    }

    func sendLater(_ texts: [String]) {
        onItsQueue { for text in texts { self.send(Array(text.utf8)) } }
    }
}

@Suite struct RefusedConnectionTests {
    @Test func `strangers get ten lines a minute and a count`() {
        let time = Watched(Instant(nanoseconds: 1))
        let lines = Watched<[String]>([])
        let refused = RefusedConnections(now: { time.value }) { line in
            lines.change { $0.append(line) }
        }
        let error = NetworkError(.notTLS, loopback, reason: "spoke HTTP")
        for _ in 0..<1000 { refused.add(error) }
        #expect(lines.value == [String](repeating: "127.0.0.1:0: spoke HTTP", count: 10))
        time.change { $0 = $0.advanced(by: .seconds(61)) }
        refused.add(error)
        #expect(lines.value.count == 12)
        #expect(lines.value[10] == "990 more connections that did not open in that minute")
    }
}
