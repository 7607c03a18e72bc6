package import Environment
package import ReplicatedLog

/// What a node is told at its start. Who it is stands in `node.meta`, not here.
package struct NodeConfiguration: Sendable {
    /// A name for people.
    package var name: String
    /// Where clients reach it: TCP with TLS, and a UNIX socket beside it.
    package var listen: [ListenAddress]
    /// Where the other node reaches it.
    package var replicationListen: Endpoint
    /// Where the other node is, if that is known: tried in turn.
    package var peers: [Endpoint]
    /// The address clients are told, `HOST:PORT`.
    package var advertised: String
    /// SHA-256 of the token that may operate this node, even while its directory is empty.
    package var operatorTokenHash: [UInt8]
    package var version: String
    /// The name of the first workspace of a new store.
    package var organization = "Home"
    package var log = LogOptions()
    package var snapshots = SnapshotPolicy()
    /// How many shards the workspaces are spread over.
    package var shards = 1
    /// Empty in every program; simulation breaks rules on purpose.
    package var replicaFaults: ReplicaFaults = []

    package init(
        name: String, listen: [ListenAddress], replicationListen: Endpoint, peers: [Endpoint],
        advertised: String, operatorTokenHash: [UInt8], version: String
    ) {
        self.name = name
        self.listen = listen
        self.replicationListen = replicationListen
        self.peers = peers
        self.advertised = advertised
        self.operatorTokenHash = operatorTokenHash
        self.version = version
    }
}

/// An address clients connect to, and how it is protected.
package struct ListenAddress: Hashable, Sendable {
    package var endpoint: Endpoint
    package var security: Security

    package init(_ endpoint: Endpoint, _ security: Security) {
        self.endpoint = endpoint
        self.security = security
    }
}

/// When snapshots are taken, and how many are kept.
package struct SnapshotPolicy: Sendable {
    /// A snapshot is taken when at least this much log has been written since the last one.
    package var logBytes = 256 << 20
    /// How many are kept in the node's directory, at least two.
    package var kept = 2
    /// How long a part of the log may wait before it is shipped to the archive.
    package var shipAfter = Interval.seconds(60)

    package init() {}

    /// How much log a start may have to replay before the next snapshot is due: four times what the
    /// last snapshot holds, so that taking them is a small part of writing, within `logBytes` and
    /// four times that, so that a start stays short.
    ///
    /// - Parameter snapshotBytes: what the last snapshot holds, expanded; 0 without one.
    package func dueAfter(snapshotBytes: Int) -> Int {
        min(max(logBytes, Self.fourfold(snapshotBytes)), Self.fourfold(logBytes))
    }

    private static func fourfold(_ bytes: Int) -> Int {
        let (product, isTooMuch) = bytes.multipliedReportingOverflow(by: 4)
        return isTooMuch ? .max : product
    }
}

/// Everything a node needs of the world.
package struct World: Sendable {
    package var disk: any Disk
    package var network: any Network
    package var scheduler: any Scheduler
    package var randomness: any Randomness
    package var cryptography: any Cryptography
    package var timeZones: any TimeZones
    /// None: nothing is shipped.
    package var archive: (any Archive)?
    /// Called once, when the node must end; nothing of it runs afterwards.
    package var end: @Sendable (NodeEnd) -> Void
    /// What people should know: told in the diagnostics.
    package var tell: @Sendable (Telling) -> Void

    package init(
        disk: any Disk, network: any Network, scheduler: any Scheduler,
        randomness: any Randomness, cryptography: any Cryptography, timeZones: any TimeZones,
        archive: (any Archive)?, end: @escaping @Sendable (NodeEnd) -> Void,
        tell: @escaping @Sendable (Telling) -> Void
    ) {
        self.disk = disk
        self.network = network
        self.scheduler = scheduler
        self.randomness = randomness
        self.cryptography = cryptography
        self.timeZones = timeZones
        self.archive = archive
        self.end = end
        self.tell = tell
    }
}

/// Why a node ended, with the program's exit code.
package struct NodeEnd: Error, Equatable, Sendable, CustomStringConvertible {
    /// As in the table of exit codes: 74 the disk failed, 78 its directory is not what it should
    /// be, 80 corruption, 75 fenced: start again.
    package var exitCode: Int32
    package var message: String

    package init(_ exitCode: Int32, _ message: String) {
        self.exitCode = exitCode
        self.message = message
    }

    package var description: String { message }
}

/// A line of the diagnostics. Never holds what users wrote, nor a secret.
package enum Telling: Equatable, Sendable {
    case note(String)
    case warning(String)
    case alarm(String)
}
