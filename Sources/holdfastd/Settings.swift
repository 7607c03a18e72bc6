import Environment
import ReplicatedLog
import StoreNode
import SystemEnvironment

/// What stands in `holdfast.toml`.
struct Settings {
    var name: String
    var listen: String
    var advertise: String
    var replicationListen: String
    var peers: [String]
    var archive: String
    /// The name of the first workspace of a new store.
    var organization = "Home"
    var segmentBytes: Int
    var snapshotLogBytes: Int

    static let keys: Set<String> = [
        "name", "listen", "advertise", "replication_listen", "peers", "archive", "segment_bytes",
        "snapshot_log_bytes", "organization",
    ]

    init(
        name: String, listen: String, advertise: String, replicationListen: String,
        peers: [String], archive: String
    ) {
        self.name = name
        self.listen = listen
        self.advertise = advertise
        self.replicationListen = replicationListen
        self.peers = peers
        self.archive = archive
        segmentBytes = LogOptions().segmentBytes
        snapshotLogBytes = SnapshotPolicy().logBytes
    }

    init(_ file: ConfigurationFile) throws(ConfigurationFile.Problem) {
        try file.requireKnown(Self.keys)
        let listen = try file.text("listen") ?? "127.0.0.1:7420"
        self.init(
            name: try file.text("name") ?? "node", listen: listen,
            advertise: try file.text("advertise") ?? listen,
            replicationListen: try file.text("replication_listen") ?? "127.0.0.1:7430",
            peers: try file.list("peers") ?? [], archive: try file.text("archive") ?? "")
        organization = try file.text("organization") ?? organization
        segmentBytes = try Self.size(file, "segment_bytes", 1 << 16, segmentBytes)
        snapshotLogBytes = try Self.size(file, "snapshot_log_bytes", 1 << 20, snapshotLogBytes)
        for (key, text) in [("listen", listen), ("replication_listen", replicationListen)]
        where Endpoint(address: text) == nil {
            throw ConfigurationFile.Problem(
                line: file.settings[key]?.line ?? 0,
                message: "\(key) must be HOST:PORT, not \"\(text)\"")
        }
        for peer in peers where Endpoint(address: peer) == nil {
            throw ConfigurationFile.Problem(
                line: file.settings["peers"]?.line ?? 0,
                message: "peers must be HOST:PORT each, not \"\(peer)\"")
        }
    }

    private static func size(
        _ file: ConfigurationFile, _ key: String, _ least: Int, _ standard: Int
    ) throws(ConfigurationFile.Problem) -> Int {
        guard let number = try file.number(key) else { return standard }
        guard let bytes = Int(exactly: number), bytes >= least, bytes <= 1 << 34 else {
            throw ConfigurationFile.Problem(
                line: file.settings[key]?.line ?? 0,
                message: "\(key) must be between \(least) and \(1 << 34) bytes")
        }
        return bytes
    }

    /// The file's text, with a word on each setting.
    var text: String {
        let peers = peers.map(ConfigurationFile.quoted).joined(separator: ", ")
        return """
            # A Holdfast node. `holdfastd check --config FILE` reads this and says what is wrong.
            name = \(ConfigurationFile.quoted(name))
            # Where clients connect, with TLS, and the address they are told.
            listen = \(ConfigurationFile.quoted(listen))
            advertise = \(ConfigurationFile.quoted(advertise))
            # Where the other node connects, with certificates on both sides, and where it is.
            replication_listen = \(ConfigurationFile.quoted(replicationListen))
            peers = [\(peers)]
            # The remote directory that snapshots and log are shipped to; empty: none.
            archive = \(ConfigurationFile.quoted(archive))
            # The name of the first workspace, when the store is new.
            organization = \(ConfigurationFile.quoted(organization))

            """
    }
}

extension Endpoint {
    /// `HOST:PORT`, or `[ADDRESS]:PORT`, or `unix:PATH`; nil for anything else.
    init?(address: String) {
        if address.hasPrefix("unix:") {
            let path = address.dropFirst(5)
            guard path.hasPrefix("/") else { return nil }
            self = .unix(path: String(path))
            return
        }
        guard let colon = address.lastIndex(of: ":"),
            let port = UInt16(address[address.index(after: colon)...])
        else { return nil }
        var host = address[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        self = .tcp(host: String(host), port: port)
    }
}
