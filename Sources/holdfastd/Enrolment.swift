import Environment
import ReplicatedLog
import SystemEnvironment

/// What a node is given at its making: names, certificates, keys and the operator's token.
///
/// The first node makes all of it; the second gets it in an invitation. Both nodes hold the keys of
/// the authorities, so that whichever survives can invite the next one.
struct Enrolment {
    var cluster: Identity
    var history: Identity
    var node: Identity
    var peers: [String] = []
    /// Contents of the files in `tls/`, by the last part of their names.
    var files: [String: [UInt8]] = [:]
    var adminToken: [UInt8]

    static let fileNames = [
        "ca.pem", "ca.key", "server.pem", "server.key", "node-ca.pem", "node-ca.key", "node.pem",
        "node.key", "position.key",
    ]

    /// A new store's.
    init(founding names: [String], _ random: SystemRandomness, now: WallTime) throws {
        cluster = Self.identity(random)
        history = Self.identity(random)
        node = Self.identity(random)
        adminToken = Array(("hft_" + Self.hexadecimal(random.bytes(32)) + "\n").utf8)
        let label = String(cluster.description.prefix(8))
        let clients = try CertificateAuthority(new: .client, cluster: label, now: now)
        let nodes = try CertificateAuthority(new: .replication, cluster: label, now: now)
        files["ca.pem"] = try clients.certificatePEM()
        files["ca.key"] = try clients.keyPEM()
        files["node-ca.pem"] = try nodes.certificatePEM()
        files["node-ca.key"] = try nodes.keyPEM()
        files["position.key"] = Array(Self.hexadecimal(random.bytes(32)).utf8)
        try issue(names, clients, nodes, now)
    }

    /// The next node's, made by one that is there.
    init(inviting names: [String], by directory: DataDirectory, peers: [String], now: WallTime)
        throws
    {
        let store = NodeMetaStore(disk: try SystemDisk(root: directory.path))
        guard case .found(let meta) = try store.load() else {
            throw Failure(78, "\(directory.path) is not a node's directory")
        }
        cluster = meta.cluster
        history = meta.history
        node = Self.identity(SystemRandomness())
        self.peers = peers
        adminToken = try FileText.read(directory.adminToken)
        for name in ["ca.pem", "ca.key", "node-ca.pem", "node-ca.key", "position.key"] {
            files[name] = try FileText.read("\(directory.path)/tls/\(name)")
        }
        let clients = try CertificateAuthority(
            .client, certificate: file("ca.pem"), key: file("ca.key"))
        let nodes = try CertificateAuthority(
            .replication, certificate: file("node-ca.pem"), key: file("node-ca.key"))
        try issue(names, clients, nodes, now)
    }

    private mutating func issue(
        _ names: [String], _ clients: CertificateAuthority, _ nodes: CertificateAuthority,
        _ now: WallTime
    ) throws {
        let server = try clients.issueServer(names: names, now: now)
        let own = try nodes.issueNode(uuid: node.description, now: now)
        files["server.pem"] = server.certificates
        files["server.key"] = server.key
        files["node.pem"] = own.certificates
        files["node.key"] = own.key
    }

    private func file(_ name: String) -> [UInt8] { files[name] ?? [] }

    /// Whether `bytes` are a secret that nobody guesses. What is empty would be everybody's.
    static func isToken(_ bytes: [UInt8]) -> Bool { bytes.count { $0 > 0x20 } >= 20 }

    /// A name for people, where none was given.
    var defaultName: String { "node-\(node.description.prefix(4))" }

    var fingerprint: String {
        guard let summary = try? CertificateSummary(pem: file("ca.pem")) else { return "" }
        return summary.fingerprint
    }

    /// Writes everything where it belongs, for its owner alone.
    func write(to directory: DataDirectory) throws(DiskError) {
        for name in Self.fileNames {
            try FileText.write("\(directory.path)/tls/\(name)", file(name))
        }
        try FileText.write(directory.adminToken, adminToken)
    }

    // MARK: - Invitations

    /// The text of an invitation: as secret as what is in it.
    var invitation: String {
        var lines = [
            "# An invitation into a Holdfast store. It holds keys: keep it secret, use it once.",
            "cluster = \"\(cluster)\"", "history = \"\(history)\"", "node = \"\(node)\"",
            "peers = [\(peers.map(ConfigurationFile.quoted).joined(separator: ", "))]",
            "admin_token = \(Self.quoted(adminToken))",
        ]
        for name in Self.fileNames {
            lines.append("\(Self.key(name)) = \(Self.quoted(file(name)))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    init(invitation path: String) throws {
        let text = String(decoding: try FileText.read(path), as: UTF8.self)
        let file: ConfigurationFile
        do { file = try ConfigurationFile(text) } catch {
            throw Failure(65, "\(path), \(error)", help: "`holdfastd invite` writes another one")
        }
        func identity(_ key: String) throws -> Identity {
            guard let text = try file.text(key), let identity = Identity(text) else {
                throw Failure(65, "\(path) has no \(key): it is not an invitation")
            }
            return identity
        }
        cluster = try identity("cluster")
        history = try identity("history")
        node = try identity("node")
        peers = try file.list("peers") ?? []
        guard let token = try file.text("admin_token"), Self.isToken(Array(token.utf8)) else {
            throw Failure(65, "\(path) lacks admin_token: it is not a whole invitation")
        }
        adminToken = Array(token.utf8)
        for name in Self.fileNames {
            guard let content = try file.text(Self.key(name)) else {
                throw Failure(65, "\(path) lacks \(name): it is not a whole invitation")
            }
            files[name] = Array(content.utf8)
        }
    }

    private static func key(_ name: String) -> String {
        String(name.map { $0 == "." || $0 == "-" ? "_" : $0 })
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        ConfigurationFile.quoted(String(decoding: bytes, as: UTF8.self))
    }

    private static func identity(_ random: SystemRandomness) -> Identity {
        Identity(high: random.number(), low: random.number())
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
    }
}
