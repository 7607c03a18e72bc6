internal import ByteCoding
package import Checking
package import Environment
package import ReplicatedLog
package import StoreClient
internal import StoreNode
package import WorkProtocol

/// A pair of nodes, their disks, their network and their clients in one thread, all decided by one
/// seed: the node code of production in another world.
///
///     let cluster = SimulatedCluster(seed: 7)
///     cluster.start()
///     let client = cluster.addClient()
///     cluster.run(for: .seconds(2))
///     cluster.primary?.kill()
///     cluster.promote(cluster.hosts[1], down: cluster.hosts[0])
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

    private let cluster: Identity
    private let history: Identity
    private let faults: ReplicaFaults
    private let policy: Policy
    private let cryptography = SimulatedCryptography()
    private var processes = 0
    /// How large the log grows before a snapshot; small in scenarios that want snapshots.
    package var snapshotBytes = 1 << 30

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
        addHost(invited: false).start()
        addHost(invited: true).start()
        let isPaired = run(until: { self.isPaired }, limit: .seconds(30))
        precondition(isPaired, "seed \(seed): the pair did not form: \(summary)")
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
        configuration.log = LogOptions(segmentBytes: 256 << 10)
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
            workspace: Self.workspace, world: scheduler, wire: wire, seed: random.split())
        clients.append(client)
        client.start()
        return client
    }

    // MARK: - Time

    package func run(for interval: Interval) { scheduler.run(for: interval) }

    /// Runs until something is so, or time is over. - Returns: whether it is so.
    @discardableResult
    package func run(until condition: () -> Bool, limit: Interval) -> Bool {
        let end = scheduler.now.advanced(by: limit)
        while scheduler.now < end {
            if condition() { return true }
            scheduler.run(for: .milliseconds(5))
        }
        return condition()
    }

    // MARK: - What is so

    /// The host whose node serves; the one in the newest epoch, should two believe they do.
    package var primary: SimulatedHost? {
        hosts.filter { $0.node?.isOpen ?? false }.max {
            ($0.node?.standing.epoch ?? .zero) < ($1.node?.standing.epoch ?? .zero)
        }
    }

    package var isPaired: Bool {
        guard let standing = primary?.node?.standing else { return false }
        return standing.members.count == 2 && standing.register.members.count == 2
    }

    /// One line a host, for failures.
    package var summary: String {
        hosts.map { host in
            guard let standing = host.node?.standing else {
                return "\(host.name): down \(host.ends.map(\.message))"
            }
            return "\(host.name): \(standing.role) \(standing.state) epoch \(standing.epoch) "
                + "appended \(standing.appended) flushed \(standing.flushed) "
                + "commit \(standing.commit) members \(standing.members.count)"
        }.joined(separator: "\n")
    }

    // MARK: - The operator

    /// Asks a host's node for something, as its operator; the answer comes by and by.
    package func ask(
        _ host: SimulatedHost, _ method: Method, _ payload: [UInt8],
        _ completed: @escaping @Sendable (Result<Reply, StoreError>) -> Void = { _ in }
    ) {
        processes += 1
        let own = ProcessScheduler(scheduler)
        var configuration = ClientSession.Configuration(
            servers: [host.client], token: Self.token)
        configuration.seeksPrimary = false
        let name = "operator\(processes)"
        let driver = ClientDriver(
            configuration, network: wire.network(host: name, identity: name), scheduler: own,
            randomness: SeededRandomness(random.split()), queue: own.makeQueue(name, .core))
        let request = ClientRequest(method, payload: payload, timeout: .seconds(10))
        driver.begin(request) { result in
            completed(result)
            driver.queue.run { driver.end() }
        }
    }

    /// Promotes a host's node, saying that the other one is down.
    package func promote(_ host: SimulatedHost, down: SimulatedHost) {
        var promote = Promote()
        promote.primaryIsDown = down.identity.description
        promote.solo = true
        promote.reason = "simulation"
        ask(host, .promote, promote.encoded())
    }

    // MARK: - Judgement

    /// Lets everybody finish, and checks the whole history against the primary's log.
    package func verdict() -> Verdict {
        for client in clients { client.finish() }
        run(until: { self.clients.allSatisfy { !$0.isBusy } }, limit: .seconds(30))
        run(for: .seconds(1))
        guard let node = primary?.node else {
            var verdict = Verdict()
            verdict.problems = ["nobody is primary in the end:\n\(summary)"]
            return verdict
        }
        var problems = node.stateProblems + clients.flatMap(\.surprises)
        var log: [LoggedRecord] = []
        do { log = try wholeLog(node) } catch {
            problems.append("the history cannot be read: \(error)")
        }
        var verdict = HistoryChecker(operations: clients.flatMap(\.operations), log: log).check()
        verdict.problems += problems + copiesDiffer()
        return verdict
    }

    /// Every committed change there has been: what was shipped to the archive, which is what a node
    /// may forget, and the living log after it.
    private func wholeLog(_ node: Node) throws -> [LoggedRecord] {
        var records: [UInt64: LoggedRecord] = [:]
        let check = try ArchiveCheck(
            archive: archive, cryptography: cryptography,
            prefix: ArchivePrefix(cluster: cluster, history: history))
        for stretch in check.contents.logs {
            for batch in try check.log(stretch).batches {
                try batch.forEachRecord { record throws(Corruption) in
                    guard record.type == .change else { return }
                    records[record.lsn.rawValue] = LoggedRecord(
                        lsn: record.lsn.rawValue, workspace: record.workspace,
                        body: record.copy().body)
                }
            }
        }
        try node.forEachCommittedChange { lsn, workspace, body in
            records[lsn.rawValue] = LoggedRecord(
                lsn: lsn.rawValue, workspace: workspace, body: body)
        }
        return records.keys.sorted().compactMap { records[$0] }
    }

    /// Both copies at the same point must be the same.
    private func copiesDiffer() -> [String] {
        let nodes = hosts.compactMap(\.node)
        guard nodes.count == 2, isPaired else { return [] }
        let isLevel = run(
            until: { nodes[0].statePoint == nodes[1].statePoint }, limit: .seconds(20))
        guard isLevel else { return ["the copies did not come level:\n\(summary)"] }
        let isEqual = nodes[0].stateDigests == nodes[1].stateDigests
        return isEqual ? [] : ["the copies' digests differ at \(nodes[0].statePoint)"]
    }
}
