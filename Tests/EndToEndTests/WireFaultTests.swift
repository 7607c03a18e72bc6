import Foundation
import LocalPair
import Testing

/// Whoever knocks at the wrong door or breaks the protocol is told so, and disturbs nobody: each
/// test asks somebody else afterwards. (`Faults.md` has the table.)
@Suite(.serialized, .withPair) struct WireFaultTests {
    /// A connection that was there before the fault.
    private let witness: HandmadeClient
    private let socket: String
    private let token: String

    init() throws {
        let pair = try #require(PairUnderTest.current)
        socket = "\(pair.data)/holdfast.sock"
        token = try String(contentsOfFile: "\(pair.data)/admin.token", encoding: .utf8)
            .trimmingCharacters(in: .newlines)
        witness = try HandmadeClient(socket: socket)
        #expect(witness.greet(token: token)?.type == 0x02)
    }

    /// Whether those who did nothing wrong are served, on old and on new connections.
    private func othersAreServed() throws -> Bool {
        try witness.isServed && PairUnderTest.holdfast("call", "Meta/Ping").code == 0
    }

    private func open(features: UInt8 = 0) throws -> HandmadeClient {
        let client = try HandmadeClient(socket: socket)
        #expect(client.greet(token: token, features: features)?.type == 0x02)
        return client
    }

    private func port(_ key: String) throws -> UInt16 {
        let pair = try #require(PairUnderTest.current)
        let text = try String(contentsOfFile: "\(pair.data)/holdfast.toml", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(key) =") })
        return try #require(UInt16(line.split(separator: ":").last?.dropLast() ?? ""))
    }

    /// The reason and the message of a GOAWAY or a failure: fields 1 and 2 of both.
    private func said(_ frame: HandmadeClient.Frame?) throws -> String {
        String(decoding: try #require(frame).payload, as: UTF8.self)
    }

    // MARK: Wrong doors

    @Test func `plain HTTP is answered in HTTP`() throws {
        for door in [try HandmadeClient(port: port("listen")), try HandmadeClient(socket: socket)] {
            door.send(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            let answer = door.text()
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(answer.contains("not HTTP. Use the holdfast command"))
        }
        #expect(try othersAreServed())
    }

    @Test func `HFP without TLS on a TLS port, and TLS on the socket, are told what is spoken`()
        throws
    {
        for name in ["listen", "replication_listen"] {
            let plain = try HandmadeClient(port: port(name))
            plain.send(HandmadeClient.preface)
            #expect(plain.text().contains("speaks HFP over TLS 1.3, and got HFP without TLS"))
        }
        let hello = try HandmadeClient(socket: socket)
        hello.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00])
        #expect(hello.text().contains("without TLS, and got a TLS hello"))
        #expect(try othersAreServed())
    }

    @Test func `the other node's port is not for clients`() throws {
        let pair = try #require(PairUnderTest.current)
        let run = try ProgramRun.of([
            "whoami", "--address", "127.0.0.1:\(try port("replication_listen"))", "--ca",
            "\(pair.data)/tls/ca.pem", "--token-file", "\(pair.data)/admin.token", "--timeout", "5",
        ])
        #expect(run.code == 78, "\(run.errors)")
        #expect(run.errors.contains("not issued by this cluster's authority"))
        #expect(run.errors.contains("\nhelp: check --ca"))
        #expect(try othersAreServed())
    }

    @Test func `a port that speaks something else is named for it`() throws {
        let stranger = try Stranger()
        let pair = try #require(PairUnderTest.current)
        let run = try ProgramRun.of([
            "whoami", "--address", "127.0.0.1:\(stranger.port)", "--ca",
            "\(pair.data)/tls/ca.pem", "--token-file", "\(pair.data)/admin.token", "--timeout", "5",
        ])
        #expect(run.code == 76, "\(run.errors)")
        #expect(run.errors.contains("no TLS is spoken there; it answered: SSH-2.0-stranger"))
    }

    @Test func `a wrong token is told so, and never written down`() throws {
        let client = try HandmadeClient(socket: socket)
        let answer = client.greet(token: "hft_canary_4711")
        #expect(answer?.type == 0x06 && answer?.code == 401)
        #expect(try said(answer).contains("not valid here: unknown, expired or revoked"))
        #expect(client.frame() == nil, "the connection is closed")
        let none = try HandmadeClient(socket: socket).greet(token: "")
        #expect(none?.type == 0x06 && none?.code == 401)
        let pair = try #require(PairUnderTest.current)
        let diagnostics = try String(
            contentsOfFile: "\(pair.data)/diagnostics.txt", encoding: .utf8)
        #expect(!diagnostics.contains("canary") && !diagnostics.contains("hft_"))
        #expect(try othersAreServed())
    }

    // MARK: Broken frames

    @Test func `a frame with a wrong checksum costs the connection`() throws {
        let client = try open(features: 1)
        #expect(client.ask(HandmadeClient.ping, checksumError: 0)?.code == 0)
        let answer = client.ask(HandmadeClient.ping, checksumError: 1)
        #expect(answer?.type == 0x06 && answer?.code == 303)
        #expect(try said(answer).contains("byte 28: expected checksum"))
        #expect(client.frame() == nil)
        #expect(try othersAreServed())
    }

    @Test func `an oversized frame costs the connection before it is read`() throws {
        let client = try open()
        client.send([0xFF, 0xFF, 0xFF, 0x7F])
        let answer = client.frame()
        #expect(answer?.type == 0x06 && answer?.code == 301)
        #expect(try said(answer).contains("expected a length of at most 262144"))
        #expect(try othersAreServed())
    }

    @Test func `half a frame and then nothing leaves nothing behind`() throws {
        let before = try connections()
        do {
            let client = try open()
            client.send(Array(HandmadeClient.Frame(type: 0x10, flags: 1, stream: 1).bytes[..<17]))
            #expect(try connections() == before + 1)
        }
        while try connections() > before {}
        #expect(try othersAreServed())
    }

    private func connections() throws -> Int {
        let status = try PairUnderTest.holdfast("call", "Admin/GetStatus").json()
        return try #require((status["connections"] as? String).flatMap { Int($0) })
    }

    // MARK: Unknown things

    @Test func `an unknown method is refused and the connection goes on`() throws {
        let client = try open()
        let answer = client.ask(0x7777)
        #expect(answer?.type == 0x11 && answer?.code == 12)
        #expect(try said(answer).contains("knows no such method; it may be older"))
        #expect(client.isServed)
        let run = try PairUnderTest.holdfast("call", "Nothing/AtAll")
        #expect(run.code == 64 && run.errors.contains("\nhelp: holdfast describe"))
        #expect(try othersAreServed())
    }

    @Test func `an unknown critical extension is refused by name, an optional one is passed over`()
        throws
    {
        let client = try open()
        let answer = client.ask(HandmadeClient.ping, extensions: [0xF0, 2, 0, 7, 7])
        #expect(answer?.type == 0x11 && answer?.code == 3)
        #expect(try said(answer).contains("The critical extension 0xF0 is not known"))
        #expect(client.ask(HandmadeClient.ping, extensions: [0x70, 2, 0, 7, 7])?.code == 0)
        #expect(try othersAreServed())
    }

    // MARK: What may not be seen

    @Test func `a hidden gid, an absent one and a foreign one get the same answer`() throws {
        let pair = try #require(PairUnderTest.current)
        let hidden = try PairUnderTest.ask("task", "create", "Nobody else's", "--private")
        try PairUnderTest.ask("user", "invite", "eve@example.com", "--name", "Eve")
        let eve = "\(pair.folder)/eve.token"
        try PairUnderTest.ask(
            "token", "create", "eve", "--account", "Eve", "--scope", "read", "--scope", "write",
            "--output", eve)
        let number = try #require(UInt64(hidden))
        var answers: Set<String> = []
        for gid in [number, number ^ 0x5A5A, number + (77 << 32)] {
            let run = try PairUnderTest.holdfast("task", "show", "\(gid)", "--token-file", eve)
            #expect(run.code == 66, "\(run.errors)")
            answers.insert(run.errors.replacingOccurrences(of: "\(gid)", with: "GID"))
        }
        #expect(answers.count == 1, "\(answers)")
        #expect(try PairUnderTest.holdfast("task", "show", hidden).code == 0)
    }

    // MARK: Files that are not what they should be

    static let files: [(name: String, text: String, said: String)] = [
        ("open.csv", "Task ID,Name\n1,\"never closed\n2,b\n", "open.csv:2:3: the quote"),
        ("cut.json", #"{"data": [{"gid": "1", "name": "a"}, {"gid": "2", "na"#, "cut.json:1:51: "),
        ("comma.json", "{\"data\": [\n{\"gid\": \"1\",, \"name\": \"a\"}]}", "comma.json:2:13: "),
        ("no.csv", "colour,size\nred,3\n", "no.csv:1:1: no header"),
    ]

    @Test(arguments: files)
    func `a malformed file is named with line and column, and nothing of it is kept`(
        _ name: String, _ text: String, _ said: String
    ) throws {
        let pair = try #require(PairUnderTest.current)
        let before = try PairUnderTest.ask("project", "list")
        let path = "\(pair.folder)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: path))
        let run = try PairUnderTest.holdfast("import", path)
        #expect(run.code == 65, "\(run.errors)")
        #expect(run.errors.contains(said), "\(run.errors)")
        #expect(run.errors.contains("\nhelp: mend the file"))
        #expect(try PairUnderTest.ask("project", "list") == before)
        #expect(try othersAreServed())
    }
}

/// Something that listens on a port and speaks another protocol.
private final class Stranger: Sendable {
    let port: UInt16
    private let socket: Int32

    init() throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && listen(socket, 8) == 0
                    && getsockname(socket, $0, &size) == 0
            }
        }
        guard isBound else { throw LocalPair.Failure("no port: errno \(errno)") }
        self.socket = socket
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread {
            while true {
                let connection = accept(socket, nil, nil)
                if connection < 0 { return }
                let greeting = Array("SSH-2.0-stranger\r\n".utf8)
                _ = write(connection, greeting, greeting.count)
                var byte: UInt8 = 0
                _ = read(connection, &byte, 1)
                close(connection)
            }
        }
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }
}
