import Environment
import Glibc
import SystemEnvironment
import Testing

/// Authorities and certificates, made once for all tests.
enum TestCluster {
    static let uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    static let good = make(names: ["localhost", "127.0.0.1"])
    /// Of another cluster: well made, and not to be trusted.
    static let foreign = make(names: ["localhost", "127.0.0.1"])

    static func make(names: [String]) -> TLSMaterial {
        let now = SystemScheduler().wallTime
        do {
            let client = try CertificateAuthority(new: .client, cluster: "test", now: now)
            let nodes = try CertificateAuthority(new: .replication, cluster: "test", now: now)
            return TLSMaterial(
                clientAuthority: try client.certificatePEM(),
                server: try client.issueServer(names: names, now: now),
                nodeAuthority: try nodes.certificatePEM(),
                node: try nodes.issueNode(uuid: uuid, now: now))
        } catch {
            fatalError("\(error)")
        }
    }
}

/// A socket without any library, for what a stranger sends.
final class RawSocket {
    let number: Int32

    init(_ endpoint: Endpoint) throws {
        switch endpoint {
        case .tcp(_, let port):
            number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafePointer(to: &address) { pointer in
                connect(
                    number, UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), size)
            }
            try #require(result == 0)
        case .unix(let path):
            number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            let result = withUnsafePointer(to: &address) { pointer in
                connect(
                    number, UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), size)
            }
            try #require(result == 0)
        }
    }

    deinit { close(number) }

    func send(_ bytes: [UInt8]) {
        _ = Glibc.send(number, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func endSending() { shutdown(number, Int32(SHUT_WR)) }

    /// Waits for the first bytes, and takes some.
    func receiveSome() {
        var part: UInt8 = 0
        _ = recv(number, &part, 1, 0)
    }

    /// All that comes until the other end closes; nil when it resets the connection.
    func readAll() -> String? {
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4_096)
        while true {
            let got = recv(number, &part, part.count, 0)
            if got == 0 { return String(decoding: all, as: UTF8.self) }
            if got < 0 {
                if errno == EINTR { continue }
                return nil
            }
            all += part[..<got]
        }
    }
}

/// Which queue a connection belongs to: its user knows, and tests must too.
enum ConnectionQueues {
    private static let queues = Watched<[(connection: any Connection, queue: any SerialQueue)]>([])

    static func add(_ connection: any Connection, _ queue: any SerialQueue) {
        queues.change { $0.append((connection, queue)) }
    }

    static func queue(of connection: any Connection) -> any SerialQueue {
        guard let found = queues.value.first(where: { $0.connection === connection }) else {
            preconditionFailure("a connection that no test knows")
        }
        return found.queue
    }
}

/// A listener and what it accepted.
final class TestServer: Sendable {
    let accepted = Watched<[any Connection]>([])
    let refused = Watched<[NetworkError]>([])
    let recorder: Recorder
    let network: SystemNetwork
    let queue: any SerialQueue
    let listener: any Listener

    var endpoint: Endpoint { listener.endpoint }

    /// - Parameter recorder: The receiver of every connection.
    init(
        _ endpoint: Endpoint, _ security: Security, _ material: TLSMaterial = TestCluster.good,
        recorder: Recorder = Recorder()
    ) throws {
        self.recorder = recorder
        queue = SystemScheduler().makeQueue("server", .core)
        let (accepted, refused) = (accepted, refused)
        network = SystemNetwork(material) { error in refused.change { $0.append(error) } }
        listener = try network.listen(endpoint, security, on: queue) { [queue] connection in
            connection.receiver = recorder
            ConnectionQueues.add(connection, queue)
            accepted.change { $0.append(connection) }
        }
    }

    deinit { listener.close() }

    /// Connects to `endpoint`, or to where this listens.
    func connect(
        _ security: Security, _ material: TLSMaterial = TestCluster.good,
        to endpoint: Endpoint? = nil, recorder: Recorder = Recorder()
    ) async -> Result<any Connection, NetworkError> {
        await TestServer.connect(
            to: endpoint ?? self.endpoint, security, material, recorder: recorder)
    }

    static func connect(
        to endpoint: Endpoint, _ security: Security, _ material: TLSMaterial = TestCluster.good,
        recorder: Recorder = Recorder()
    ) async -> Result<any Connection, NetworkError> {
        let queue = SystemScheduler().makeQueue("client", .core)
        let network = SystemNetwork(material)
        let completed = Watched<[Result<any Connection, NetworkError>]>([])
        network.connect(endpoint, security, on: queue) { result in
            if case .success(let connection) = result {
                connection.receiver = recorder
                ConnectionQueues.add(connection, queue)
            }
            completed.change { $0.append(result) }
        }
        return await completed.until { !$0.isEmpty }[0]
    }
}

extension Result where Success == any Connection, Failure == NetworkError {
    var failure: NetworkError? {
        if case .failure(let error) = self { error } else { nil }
    }
}
