import ArgumentParser
import Environment
import SystemEnvironment

extension LoadCommand {
    /// `load echo`: what the network carries before any work is done.
    struct Echo: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "echo",
            abstract: "Measure the network alone: frames that come back as they are.",
            discussion: """
                One thread answers and one asks, through the same network as a node, over the \
                UNIX socket and over TCP with TLS 1.3. It is the ceiling of every `load run` with \
                as many connections and as much depth.

                EXAMPLES
                  holdfast-tools load echo --connections 64 --depth 16
                """)

        @Option(help: "Connections.") var connections = 64
        @Option(help: "Frames under way on each.") var depth = 1
        @Option(help: "Bytes in a frame.") var bytes = 60
        @Option(help: "Seconds for each kind of socket.") var seconds = 5

        func validate() throws {
            guard (1...1_000).contains(connections), (1...256).contains(depth),
                (1...65_536).contains(bytes), (1...3_600).contains(seconds)
            else {
                throw ValidationError(
                    "--connections 1 to 1000, --depth 1 to 256, --bytes 1 to 65536, "
                        + "--seconds 1 to 3600.")
            }
        }

        func run() async throws {
            try await reporting {
                let folder = try Console.temporaryFolder()
                defer { Console.removeFolder(folder) }
                Console.say("socket\tconnections\tdepth\tround_trips_per_s")
                let places: [(String, Endpoint, Security)] = [
                    ("unix", .unix(path: "\(folder)/echo.sock"), .none),
                    ("tls", .tcp(host: "127.0.0.1", port: 0), .client),
                ]
                for (name, endpoint, security) in places {
                    let rate = try await EchoRun(frame: bytes, depth: depth)
                        .rate(at: endpoint, security, connections: connections, seconds: seconds)
                    Console.say("\(name)\t\(connections)\t\(depth)\t\(rate)")
                }
            }
        }
    }
}

/// One server thread and one client thread that send frames to and fro.
private struct EchoRun {
    var frame: Int
    var depth: Int

    /// Round trips of a frame in a second.
    func rate(at endpoint: Endpoint, _ security: Security, connections: Int, seconds: Int)
        async throws -> Int
    {
        let server = SystemScheduler()
        let client = SystemScheduler()
        let now = server.wallTime
        let authority = try CertificateAuthority(new: .client, cluster: "echo", now: now)
        let network = SystemNetwork(
            TLSMaterial(
                clientAuthority: try authority.certificatePEM(),
                server: try authority.issueServer(names: ["127.0.0.1"], now: now)))
        let listener = try network.listen(
            endpoint, security, on: server.makeQueue("echo", .core)
        ) { $0.receiver = Reflector() }
        defer { listener.close() }
        let queue = client.makeQueue("client", .core)
        var open: [any Connection] = []
        for _ in 0..<connections {
            let connection: any Connection = try await withCheckedThrowingContinuation { done in
                network.connect(listener.endpoint, security, on: queue) { result in
                    if case .success(let connection) = result { connection.receiver = Reflector() }
                    done.resume(with: result.mapError { $0 as any Error })
                }
            }
            open.append(connection)
        }
        return await withCheckedContinuation { done in
            queue.run { [open] in
                for connection in open {
                    connection.send([UInt8](repeating: 1, count: frame * depth))
                }
                // The first second warms up.
                queue.schedule(after: .seconds(1)) {
                    let before = Self.received(open)
                    queue.schedule(after: .seconds(UInt64(seconds))) {
                        done.resume(returning: (Self.received(open) - before) / frame / seconds)
                        for connection in open { connection.close() }
                    }
                }
            }
        }
    }

    private static func received(_ connections: [any Connection]) -> Int {
        connections.reduce(0) { $0 + (($1.receiver as? Reflector)?.count ?? 0) }
    }
}

/// Sends back what arrives.
///
/// `@unchecked Sendable`: used on its connection's queue only.
private final class Reflector: ConnectionReceiver, @unchecked Sendable {
    private(set) var count = 0

    func received(_ bytes: UnsafeRawBufferPointer, on connection: any Connection) {
        count += bytes.count
        unsafe connection.send([UInt8](bytes))
    }

    func receivedAll(on connection: any Connection) {}
    func writable(_ connection: any Connection) {}
    func closed(_ connection: any Connection, _ reason: NetworkError?) {}
}
