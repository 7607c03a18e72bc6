package import Environment
package import ReplicatedLog
internal import StoreNode

/// A pair of nodes, their disks, their network and their clients in one thread, all decided by one
/// seed: the node code of production in another world.
///
///     let cluster = SimulatedCluster(seed: 7)
///     cluster.start()
///     let client = cluster.addClient()
///     cluster.run(for: .seconds(2))
///     cluster.primary?.kill()
///     cluster.promote(cluster.hosts[1], down: cluster.hosts[0])
///     let verdict = cluster.verdict()
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
package final class SimulatedCluster: @unchecked Sendable {
    package let seed: UInt64
    package let scheduler = SimulatedScheduler()
    package let wire: SimulatedWire
    package let archive = SimulatedArchive()
    package private(set) var hosts: [SimulatedHost] = []
    package private(set) var clients: [SimulatedClient] = []
    package var random: Seed
    /// What was done to the pair, and by its operator; the hosts count what came of it.
    package var coverage = Coverage()

    let cluster: Identity
    let history: Identity
    let cryptography = SimulatedCryptography()
    private let faults: ReplicaFaults
    package let policy: Policy
    /// Processes of operators, which have names of their own.
    var processes = 0
    /// How large the log grows before a snapshot; small in scenarios that want snapshots.
    package var snapshotBytes = 1 << 30
    /// How large a segment of the log is.
    package var segmentBytes = 256 << 10
    var committed = CommittedHistory()
    var watch = Watch()
    private let pool = TaskPool()

    package static let token = "operator"
    /// The workspace that a new store begins with.
    package static let workspace: UInt64 = 1

    package init(seed: UInt64, policy: Policy = .solo, faults: ReplicaFaults = []) {
        self.seed = seed
        self.policy = policy
        self.faults = faults
        random = Seed(seed)
        wire = SimulatedWire(scheduler, seed: random.split())
        cluster = Identity(high: random.next(), low: random.next())
        history = Identity(high: random.next(), low: random.next())
    }

    // MARK: - Making

    /// Makes a primary and a follower and lets them come to two copies.
    package func start() {
        if hosts.isEmpty { makePair() }
        for host in hosts { host.start() }
        let isPaired = run(until: { self.isPaired }, limit: .seconds(30))
        precondition(isPaired, "seed \(seed): the pair did not form: \(summary)")
    }

    /// Makes the machines of a primary and of a follower that is invited; `start` starts them.
    package func makePair() {
        addHost(invited: false)
        addHost(invited: true)
    }

    /// Makes a machine: the first node of the store, or one that is invited.
    @discardableResult
    package func addHost(invited: Bool) -> SimulatedHost {
        let name = "host\(hosts.count)"
        let identity = Identity(high: random.next(), low: random.next())
        let disk = SimulatedDisk(scheduler, seed: random.split())
        disk.appendDelay = (.microseconds(50), .microseconds(400))
        var configuration = NodeConfiguration(
            name: name,
            listen: [ListenAddress(.tcp(host: name, port: 7420), .client)],
            replicationListen: .tcp(host: name, port: 7430), peers: hosts.map(\.peer),
            advertised: "\(name):7420",
            operatorTokenHash: cryptography.sha256([UInt8](Self.token.utf8)), version: "simulated")
        configuration.log = LogOptions(segmentBytes: segmentBytes)
        configuration.snapshots.logBytes = snapshotBytes
        configuration.replicaFaults = faults
        let host = SimulatedHost(
            name, identity, disk: disk, world: scheduler, wire: wire, archive: archive,
            randomness: random.split(), configuration: configuration)
        for other in hosts { other.learn(host.peer) }
        hosts.append(host)
        do { try NodeMetaStore(disk: disk).store(meta(identity, invited)) } catch {
            preconditionFailure("a new disk refused: \(error)")
        }
        return host
    }

    private func meta(_ identity: Identity, _ invited: Bool) -> NodeMeta {
        let register = Register(
            cluster: cluster, history: history, version: invited ? 0 : 1,
            primary: invited ? .none : identity, members: invited ? [] : [identity],
            policy: policy, soloSince: .zero, reason: "", actor: "simulation", at: 0)
        let epoch = invited ? Epoch.zero : Epoch(version: 1, boot: 0)
        return NodeMeta(
            node: identity, cluster: cluster, history: history, promised: epoch,
            actingEpoch: epoch, actingRole: invited ? .follower : .primary,
            members: register.members, register: register, bootCounter: 0)
    }

    /// A client that begins to work at once.
    @discardableResult
    package func addClient() -> SimulatedClient {
        let client = SimulatedClient(
            "client\(clients.count)", servers: hosts.map(\.client), token: Self.token,
            workspace: Self.workspace, pool: pool, world: scheduler, wire: wire,
            seed: random.split())
        clients.append(client)
        client.start()
        return client
    }

    // MARK: - Time

    package func run(for interval: Interval) { run(until: { false }, limit: interval) }

    /// Runs until something is so, or time is over. - Returns: whether it is so.
    @discardableResult
    package func run(until condition: () -> Bool, limit: Interval) -> Bool {
        let end = scheduler.now.advanced(by: limit)
        while scheduler.now < end {
            if condition() { return true }
            scheduler.run(for: min(.milliseconds(5), end.since(scheduler.now)))
            look()
        }
        return condition()
    }

    /// Looks at what must always be so, and gathers what has been committed.
    private func look() {
        watch.look(at: hosts)
        for host in hosts {
            guard let node = host.node else { continue }
            if node.isOpen { committed.gather(from: node) }
            if host.catchesUp, node.standing.role == .follower, isPaired { host.noteLevel() }
        }
    }

    /// Lets go of everything: work that waits holds on to the nodes, and they to the world. Nothing
    /// can be run after it; a program of many runs would not fit into memory without.
    package func end() {
        for host in hosts { host.vanish() }
        wire.removeAll()
        scheduler.removeAll()
    }

    // MARK: - What is so

    /// The host whose node serves; the one in the newest epoch, should two believe they do.
    package var primary: SimulatedHost? {
        hosts.filter { $0.node?.isOpen ?? false }.max {
            ($0.node?.standing.epoch ?? .zero) < ($1.node?.standing.epoch ?? .zero)
        }
    }

    /// The machines that are not gone for good: two, but for moments.
    package var machines: [SimulatedHost] { hosts.filter { !$0.isRetired } }

    /// Whether the machines that are there are the members, by the primary and by the register.
    package var isPaired: Bool {
        guard let standing = primary?.node?.standing else { return false }
        let known = machines.map(\.identity).sorted()
        return known.count == 2 && standing.members == known && standing.register.members == known
    }

    /// One line a host, for failures.
    package var summary: String {
        machines.map { host in
            guard let standing = host.node?.standing else {
                return "\(host.name): down, ended as \(host.ends.map(\.message))"
            }
            return "\(host.name): \(standing.role) \(standing.state) epoch \(standing.epoch) "
                + "appended \(standing.appended) flushed \(standing.flushed) "
                + "commit \(standing.commit) applied \(standing.applied) members "
                + "\(standing.members.count) \(standing.soundness) replicated "
                + "\(standing.replicated.map { "\($0)" } ?? "unknown")"
                + (host.tellings.isEmpty ? "" : " tells \(host.tellings)")
        }.joined(separator: "\n")
    }
}
