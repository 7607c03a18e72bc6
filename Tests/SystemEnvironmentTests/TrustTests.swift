import Environment
import Foundation
import SystemEnvironment
import Testing

private let loopback = Endpoint.tcp(host: "127.0.0.1", port: 0)

@Suite(.timeLimit(.minutes(3))) struct TrustTests {
    let folder: TestFolder
    init() throws { folder = try TestFolder() }

    // MARK: Certificates

    @Test func `a server of another authority is untrusted`() async throws {
        let server = try TestServer(loopback, .client, TestCluster.foreign)
        let failure = await server.connect(.client).failure
        #expect(failure?.kind == .untrusted)
        #expect(failure?.reason.contains("authority") == true)
        #expect(await server.refused.until { !$0.isEmpty }[0].kind == .untrusted)
    }

    @Test func `a server of another name is untrusted`() async throws {
        let material = TestCluster.make(names: ["elsewhere.example"])
        let server = try TestServer(loopback, .client, material)
        #expect(await server.connect(.client, material).failure?.kind == .untrusted)
        guard case .tcp(_, let port) = server.endpoint else { return }
        let byName = Endpoint.tcp(host: "localhost", port: port)
        #expect(await server.connect(.client, material, to: byName).failure?.kind == .untrusted)
    }

    @Test func `a node of another authority gets nowhere`() async throws {
        let server = try TestServer(loopback, .node)
        let failure = await server.connect(.node, TestCluster.foreign).failure
        #expect(failure?.kind == .untrusted)
        #expect(server.accepted.value.isEmpty)
    }

    @Test func `a node that trusts us but is not trusted is told so`() async throws {
        let server = try TestServer(loopback, .node)
        var material = TestCluster.good
        material.node = TestCluster.foreign.node
        let recorder = Recorder()
        // Its own handshake ends before ours has judged its certificate: TLS 1.3 is so.
        let result = await server.connect(.node, material, recorder: recorder)
        if result.failure == nil {
            let seen = await recorder.seen.until { $0.closed == 1 }
            #expect(seen.reason?.kind == .untrusted)
        } else {
            #expect(result.failure?.kind == .untrusted)
        }
        #expect(await server.refused.until { !$0.isEmpty }[0].kind == .untrusted)
        #expect(server.accepted.value.isEmpty)
    }

    @Test func `a client without a certificate gets nowhere on a node's port`() async throws {
        let server = try TestServer(loopback, .node)
        var material = TestCluster.good
        material.clientAuthority = material.nodeAuthority
        // A client checks the name as well: reach the node's check with a name it cannot have.
        let failure = await server.connect(.client, material).failure
        #expect(failure?.kind == .untrusted)
        #expect(server.accepted.value.isEmpty)
    }

    @Test(.needs("/usr/bin/python3"))
    func `a stranger with TLS and no certificate is refused by a node`() async throws {
        let server = try TestServer(loopback, .node)
        guard case .tcp(_, let port) = server.endpoint else { return }
        let script = """
            import socket,ssl,sys
            c=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);c.check_hostname=False
            c.verify_mode=ssl.CERT_NONE;c.set_alpn_protocols(["hfp/1"])
            s=c.wrap_socket(socket.create_connection(("127.0.0.1",int(sys.argv[1]))))
            try: sys.exit(3 if s.recv(1) else 4)
            except ssl.SSLError as e: sys.exit(7 if "CERTIFICATE_REQUIRED" in str(e) else 5)
            """
        let code = try exitCode(of: "/usr/bin/python3", ["-c", script, "\(port)"])
        #expect(code == 7)
        #expect(await server.refused.until { !$0.isEmpty }[0].kind == .untrusted)
        #expect(server.accepted.value.isEmpty)
    }

    @Test(.needs("/usr/bin/python3")) func `TLS before 1.3 is refused`() async throws {
        let server = try TestServer(loopback, .client)
        guard case .tcp(_, let port) = server.endpoint else { return }
        let script = """
            import socket,ssl,sys
            c=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);c.check_hostname=False
            c.verify_mode=ssl.CERT_NONE;c.maximum_version=ssl.TLSVersion.TLSv1_2
            try: c.wrap_socket(socket.create_connection(("127.0.0.1",int(sys.argv[1]))))
            except ssl.SSLError as e: sys.exit(7 if "PROTOCOL_VERSION" in str(e) else 5)
            """
        let code = try exitCode(of: "/usr/bin/python3", ["-c", script, "\(port)"])
        #expect(code == 7)
        #expect(await server.refused.until { !$0.isEmpty }[0].reason.contains("1.3 is required"))
    }

    @Test func `a user's server certificate does not open a node's port`() async throws {
        let server = try TestServer(loopback, .node)
        var material = TestCluster.good
        material.node = material.server
        let recorder = Recorder()
        let result = await server.connect(.node, material, recorder: recorder)
        if result.failure == nil { _ = await recorder.seen.until { $0.closed == 1 } }
        #expect(await server.refused.until { !$0.isEmpty }[0].kind == .untrusted)
        #expect(server.accepted.value.isEmpty)
    }

    @Test func `without material there is no connection`() async throws {
        let server = try TestServer(loopback, .client)
        #expect(await server.connect(.client, TLSMaterial()).failure?.kind == .untrusted)
        #expect(await server.connect(.node, TLSMaterial()).failure?.kind == .untrusted)
        let broken = TLSMaterial(clientAuthority: Array("nonsense".utf8))
        #expect(await server.connect(.client, broken).failure?.kind == .untrusted)
        #expect(throws: NetworkError.self) { try TestServer(loopback, .client, TLSMaterial()) }
    }

    @Test func `replaced certificates are used from the next connection on`() async throws {
        let server = try TestServer(loopback, .client)
        let before = try await server.connect(.client).get()
        server.network.replaceMaterial(TestCluster.foreign)
        #expect(await server.connect(.client).failure?.kind == .untrusted)
        #expect(await server.connect(.client, TestCluster.foreign).failure == nil)
        withExtendedLifetime(before) {}
    }

    // MARK: Fingerprints

    private func fetch(_ endpoint: Endpoint, _ fingerprint: String) async
        -> Result<[UInt8], NetworkError>
    {
        let fetched = Watched<Result<[UInt8], NetworkError>?>(nil)
        let queue = SystemScheduler().makeQueue("client", .core)
        SystemNetwork().fetchAuthority(from: endpoint, fingerprint: fingerprint, on: queue) {
            result in
            fetched.change { $0 = result }
        }
        guard let result = await fetched.until({ $0 != nil }) else {
            preconditionFailure("waited for a result")
        }
        return result
    }

    @Test func `an authority is fetched by its fingerprint, and by no other`() async throws {
        let server = try TestServer(loopback, .client)
        let authority = try #require(TestCluster.good.clientAuthority)
        let fingerprint = try CertificateSummary(pem: authority).fingerprint
        #expect(try await fetch(server.endpoint, fingerprint).get() == authority)
        let bare = fingerprint.lowercased().filter { $0 != ":" }
        let fetched = try await fetch(server.endpoint, bare).get()
        #expect(await server.connect(.client, TLSMaterial(clientAuthority: fetched)).failure == nil)

        let foreign = try #require(TestCluster.foreign.clientAuthority)
        let other = try CertificateSummary(pem: foreign).fingerprint
        for wrong in [other, "", String(fingerprint.dropLast())] {
            guard case .failure(let error) = await fetch(server.endpoint, wrong) else {
                Issue.record("\(wrong) was taken")
                continue
            }
            #expect(error.kind == .untrusted)
        }
    }

    @Test func `nobody there to fetch an authority from is refused`() async throws {
        let server = try TestServer(loopback, .client)
        server.listener.close()
        _ = await server.queue.result { 0 }
        guard case .failure(let error) = await fetch(server.endpoint, "") else {
            Issue.record("an authority came from nobody")
            return
        }
        #expect(error.kind == .refused)
    }

    // MARK: Wrong doors

    static let strangers: [(String, String)] = [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"),
        ("POST /x HTTP/1.1\r\n", "HTTP/1.1 400 Bad Request\r\n"),
        ("HEAD / HTTP/1.0\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"),
        ("HFP\u{1}\r\n\u{1a}\n....", "This port speaks HFP over TLS 1.3, and got HFP without TLS."),
        ("SSH-2.0-OpenSSH_9\r\n", "This port speaks HFP over TLS 1.3, and got something else."),
    ]

    @Test(arguments: strangers)
    func `who does not speak TLS is told what is spoken`(_ sent: String, _ answer: String)
        async throws
    {
        let server = try TestServer(loopback, .client)
        let socket = try RawSocket(server.endpoint)
        socket.send(sent)
        let got = try #require(socket.readAll(), "the answer was lost in a reset")
        #expect(got.hasPrefix(answer))
        #expect(got.contains("This port speaks HFP over TLS 1.3"))
        #expect(await server.refused.until { !$0.isEmpty }[0].kind == .notTLS)
        #expect(server.accepted.value.isEmpty)
    }

    @Test func `strangers with random bytes harm nobody else`() async throws {
        let server = try TestServer(loopback, .client)
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix(state: seed)
        for round in 0..<100 {
            let count = Int(random.next() % 300)
            var bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            // Half of them begin as TLS does, so that they come further.
            if round % 2 == 0 { bytes = [0x16, 0x03, 0x01] + bytes }
            let socket = try RawSocket(server.endpoint)
            socket.send(bytes)
            socket.endSending()
            _ = socket.readAll()
        }
        _ = await server.refused.until { $0.count == 100 }
        #expect(server.accepted.value.isEmpty, "seed \(seed)")
        #expect(await server.connect(.client).failure == nil, "seed \(seed)")
    }

    @Test func `first bytes may come one by one`() async throws {
        let server = try TestServer(loopback, .client)
        let socket = try RawSocket(server.endpoint)
        for character in "GET / HTTP/1.1\r\n\r\n" {
            socket.send(String(character))
            _ = await server.queue.result { 0 }
        }
        let got = try #require(socket.readAll())
        #expect(got.hasPrefix("HTTP/1.1 400 "))
    }

    @Test func `a TLS hello and HTTP on a UNIX socket are told so`() async throws {
        let unix = Endpoint.unix(path: folder.path("s"))
        let server = try TestServer(unix, .none)
        let hello = try RawSocket(unix)
        hello.send([0x16, 0x03, 0x01, 0x00, 0xff, 0x01])
        #expect(hello.readAll()?.contains("without TLS, and got a TLS hello") == true)
        let http = try RawSocket(unix)
        http.send("GET / HTTP/1.1\r\n\r\n")
        #expect(http.readAll()?.hasPrefix("HTTP/1.1 400 ") == true)
        let seen = await server.recorder.seen.until { $0.closed == 2 }
        #expect(seen.bytes == [] && seen.reason?.kind == .notTLS)
    }

    @Test(.needs("/usr/bin/curl")) func `a web browser that speaks TLS is refused`() async throws {
        let server = try TestServer(loopback, .client)
        guard case .tcp(_, let port) = server.endpoint else { return }
        let url = "https://127.0.0.1:\(port)/"
        let code = try exitCode(of: "/usr/bin/curl", ["-sk", "--max-time", "10", url])
        #expect(code != 0 && code != 28)
        #expect(await server.refused.until { !$0.isEmpty }[0].reason.contains("hfp/1"))
    }

    @Test(.needs("/usr/bin/python3")) func `a client at a port without TLS learns it`() async throws
    {
        // Any plaintext server will do: this one speaks first, as SSH does.
        let script = """
            import socket,sys
            s=socket.create_server(("127.0.0.1",0))
            open(sys.argv[1],"w").write(str(s.getsockname()[1]))
            import os;os.rename(sys.argv[1],sys.argv[1]+".port")
            c,_=s.accept();c.recv(1);c.sendall(b"SSH-2.0-x\\r\\n");c.recv(100000)
            """
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", script, folder.path("p")]
        try process.run()
        defer { process.terminate() }
        while !FileManager.default.fileExists(atPath: folder.path("p.port")) {
            try await Task.sleep(for: .milliseconds(5))
        }
        let text = try String(contentsOfFile: folder.path("p.port"), encoding: .utf8)
        let port = try #require(UInt16(text))
        let failure = await TestServer.connect(to: .tcp(host: "127.0.0.1", port: port), .client)
            .failure
        #expect(failure?.kind == .notTLS)
        #expect(failure?.reason.contains("SSH-2.0-x") == true)
    }
}

/// A seeded stream of numbers.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
