package import Environment
package import ReplicatedLog
package import StoreNode

/// A machine of the simulated world: a disk that outlives processes, and a process now and then.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
package final class SimulatedHost: @unchecked Sendable {
    package let name: String
    package let identity: Identity
    package private(set) var disk: SimulatedDisk
    private let world: SimulatedScheduler
    private let wire: SimulatedWire
    private let archive: SimulatedArchive
    private var randomness: Seed
    private var configuration: NodeConfiguration
    private var process: SimulatedProcess?
    /// Processes that ended: one may have ended in the middle of its own work, and finishes that.
    private var graves: [SimulatedProcess] = []
    /// Why processes here ended by themselves, in order.
    package private(set) var ends: [NodeEnd] = []
    /// What was told as an alarm.
    package private(set) var alarms: [String] = []

    /// Where clients and nodes reach it.
    package var client: Endpoint { .tcp(host: name, port: 7420) }
    package var peer: Endpoint { .tcp(host: name, port: 7430) }

    init(
        _ name: String, _ identity: Identity, disk: SimulatedDisk, world: SimulatedScheduler,
        wire: SimulatedWire, archive: SimulatedArchive, randomness: Seed,
        configuration: NodeConfiguration
    ) {
        self.name = name
        self.identity = identity
        self.disk = disk
        self.world = world
        self.wire = wire
        self.archive = archive
        self.randomness = randomness
        self.configuration = configuration
    }

    /// The running node; nil while there is no process.
    package var node: Node? { process?.node }

    /// A further address of the other node, from the next start on.
    func learn(_ peer: Endpoint) { configuration.peers.append(peer) }

    /// From now on, and in later processes, the log's flushes take up to this long.
    package func slow(flush most: Interval) {
        disk.appendDelay = (.microseconds(50), max(most, .microseconds(50)))
    }

    /// Starts a process on what the disk has.
    package func start() {
        precondition(process == nil, "\(name) runs already")
        let scheduler = ProcessScheduler(world)
        let network = wire.network(host: name, identity: identity.description)
        let own = SimulatedProcess(scheduler, network)
        process = own
        let context = World(
            disk: disk, network: network, scheduler: scheduler,
            randomness: SeededRandomness(randomness.split()), cryptography: SimulatedCryptography(),
            archive: archive,
            end: { [weak self] end in self?.ended(own, end) },
            tell: { [weak self] telling in
                if case .alarm(let text) = telling { self?.alarms.append(text) }
            })
        let node = Node(configuration, in: context)
        own.node = node
        do throws(NodeEnd) { try node.start() } catch { ended(own, error) }
    }

    private func ended(_ process: SimulatedProcess, _ end: NodeEnd) {
        guard self.process === process else { return }
        ends.append(end)
        stop(.everything)
    }

    /// Ends the process at once; of what was not flushed as much stays as is said.
    package func kill(_ remainder: CrashRemainder = .nothing) {
        guard process != nil else { return }
        stop(remainder)
    }

    private func stop(_ remainder: CrashRemainder) {
        if let process { graves.append(process) }
        process?.end()
        process = nil
        disk = disk.crashed(remainder)
    }
}

/// What ends with a process.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
private final class SimulatedProcess: @unchecked Sendable {
    private let scheduler: ProcessScheduler
    private let network: SimulatedNetwork
    var node: Node?

    init(_ scheduler: ProcessScheduler, _ network: SimulatedNetwork) {
        self.scheduler = scheduler
        self.network = network
    }

    func end() {
        scheduler.end()
        network.end()
    }
}
