import ArgumentParser
import Environment
import ReplicatedLog
import StoreNode
import SystemEnvironment

/// `holdfastd run`: the node, in the foreground, until it is told to stop.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a node.",
        discussion: """
            Runs in the foreground, tells systemd when it is ready, and ends on SIGTERM or SIGINT \
            after what is under way. Exit codes: 74 the disk failed, 75 another node is primary \
            (start again), 78 the directory or configuration is wrong, 80 corruption.

            EXAMPLES
              holdfastd run --data DIR
              holdfastd run --data DIR --config /etc/holdfast/holdfast.toml
            """)

    @Option(help: "The node's directory.") var data: String
    @Option(help: "The configuration; DIR/holdfast.toml if not given.") var config: String?
    @Flag(help: "End when standard input does: for a parent that may be killed.")
    var untilInputEnds = false

    func run() throws {
        do throws(Failure) { try serve() } catch { throw error.exit() }
    }

    private func serve() throws(Failure) {
        let directory = DataDirectory(data)
        let settings = try settings(directory)
        let scheduler = SystemScheduler()
        let signals = scheduler.makeQueue("signals", .background)
        let notification = ServiceNotification(
            socket: Terminal.environment("NOTIFY_SOCKET"))
        do {
            let disk = try SystemDisk(root: directory.path)
            try disk.lock()
            let material = try directory.material()
            let refused = RefusedConnections(now: { scheduler.now }) {
                Terminal.tell("note: \($0)")
            }
            let world = World(
                disk: disk, network: SystemNetwork(material) { refused.add($0) },
                scheduler: scheduler, randomness: SystemRandomness(),
                cryptography: SystemCryptography(blockKey: try Self.positionKey(directory)),
                timeZones: SystemTimeZones(),
                archive: settings.archive.isEmpty
                    ? nil : try DirectoryArchive(path: settings.archive),
                end: { Self.end($0) }, tell: { Self.tell($0) })
            let token = try Self.operatorToken(directory)
            let node = Node(configuration(settings, directory, token), in: world)
            StopSignals.report(on: signals) { _ in
                notification.stopping()
                node.stop { Terminal.end(0) }
            }
            MemoryAhead.start()
            try node.start { notification.ready() }
            if untilInputEnds {
                Terminal.waitForInputToEnd()
                Terminal.end(0)
            }
            while true { Terminal.pause() }
        } catch let failure as Failure {
            throw failure
        } catch let error as NodeEnd {
            throw Failure(error.exitCode, error.message)
        } catch let error as DiskError {
            throw error.kind == .inUse
                ? Failure(
                    75, "another process uses \(directory.path)",
                    help: "stop it first, or give --data another directory") : Failure(error)
        } catch {
            throw Failure(70, "\(error)")
        }
    }

    private func settings(_ directory: DataDirectory) throws(Failure) -> Settings {
        let path = config ?? directory.configuration
        do {
            let text = String(decoding: try FileText.read(path), as: UTF8.self)
            return try Settings(try ConfigurationFile(text))
        } catch let problem as ConfigurationFile.Problem {
            throw Failure(78, "\(path), \(problem)", help: "holdfastd check --config \(path)")
        } catch let error as DiskError {
            throw Failure(
                error.kind == .missing ? 78 : 74, "\(error)",
                help: "`holdfastd init --data \(directory.path)` makes a node's directory")
        } catch {
            throw Failure(78, "\(error)")
        }
    }

    private func configuration(
        _ settings: Settings, _ directory: DataDirectory, _ token: [UInt8]
    ) -> NodeConfiguration {
        let hash = SystemCryptography(blockKey: [UInt8](repeating: 0, count: 32)).sha256(token)
        let listen = Endpoint(address: settings.listen) ?? .tcp(host: "127.0.0.1", port: 7420)
        var configuration = NodeConfiguration(
            name: settings.name,
            listen: [
                ListenAddress(listen, .client),
                ListenAddress(.unix(path: Self.absolute(directory.socket)), .none),
            ],
            replicationListen: Endpoint(address: settings.replicationListen)
                ?? .tcp(host: "127.0.0.1", port: 7430),
            peers: settings.peers.compactMap { Endpoint(address: $0) },
            advertised: settings.advertise, operatorTokenHash: hash, version: Main.version)
        configuration.organization = settings.organization
        configuration.log = LogOptions(segmentBytes: settings.segmentBytes)
        configuration.snapshots.logBytes = settings.snapshotLogBytes
        return configuration
    }

    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        return "\(Terminal.currentFolder ?? ".")/\(path)"
    }

    /// The operator's token, without the line's end.
    private static func operatorToken(_ directory: DataDirectory) throws -> [UInt8] {
        let token = try FileText.read(directory.adminToken)
        guard Enrolment.isToken(token) else {
            throw Failure(
                78, "\(directory.adminToken) holds no token: it would open this node to everybody",
                help: "write the token of the other node's admin.token into it, or any secret of "
                    + "20 characters or more")
        }
        return token.filter { $0 > 0x20 }
    }

    /// The key of the positions that clients are told: 32 bytes, as hexadecimal digits.
    private static func positionKey(_ directory: DataDirectory) throws -> [UInt8] {
        let digits = try FileText.read(directory.positionKey).filter { $0 > 0x20 }
            .compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 64 else {
            throw Failure(
                78, "\(directory.positionKey) holds no key of 64 hexadecimal digits",
                help: "copy the other node's, or a backup of this one")
        }
        return (0..<32).map { UInt8(digits[2 * $0] << 4 | digits[2 * $0 + 1]) }
    }

    private static func end(_ end: NodeEnd) {
        Terminal.tell("holdfastd: \(end.message)")
        Terminal.end(end.exitCode)
    }

    private static func tell(_ telling: Telling) {
        switch telling {
        case .note(let text): Terminal.tell("note: \(text)")
        case .warning(let text): Terminal.tell("warning: \(text)")
        case .alarm(let text): Terminal.tell("ALARM: \(text)")
        }
    }
}
