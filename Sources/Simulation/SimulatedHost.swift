package import Environment
package import ReplicatedLog
package import StoreNode

/// A machine of the simulated world: a disk and clocks that outlive processes, and a process now
/// and then.
///
/// A process that ends by itself is started again a second later, as a supervisor would, unless its
/// exit code says that a person must look.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
package final class SimulatedHost: @unchecked Sendable {
    package let name: String
    package let identity: Identity
    package private(set) var disk: SimulatedDisk
    /// The machine's clocks.
    package let pace: SimulatedPace
    private let world: SimulatedScheduler
    private let wire: SimulatedWire
    private let archive: SimulatedArchive
    private var randomness: Seed
    private var configuration: NodeConfiguration
    private var process: SimulatedProcess?
    /// Processes that ended: one may have ended in the middle of its own work, and finishes that.
    private var graves: [SimulatedProcess] = []
    private var restart: (any ScheduledWork)?
    /// Operations of the disks before this one.
    private var earlierOperations = 0
    private var plannedCrash: (operation: Int, remainder: CrashRemainder)?
    /// Whether a supervisor starts again what ended by itself.
    package var isSupervised = true
    /// Whether the machine is gone for good.
    package private(set) var isRetired = false
    /// Whether it was started again and has not been a level follower since.
    private(set) var catchesUp = false
    /// Why processes here ended by themselves, in order.
    package private(set) var ends: [NodeEnd] = []
    /// What was told as an alarm.
    package private(set) var alarms: [String] = []
    /// The last of all that was told.
    package private(set) var tellings: [String] = []
    package private(set) var coverage = Coverage()

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
        pace = SimulatedPace(world)
        watchDisk()
    }

    /// The running node; nil while there is no process.
    package var node: Node? { process?.node }

    package var isRunning: Bool { process != nil }

    /// A further address of the other node, from the next start on.
    func learn(_ peer: Endpoint) { configuration.peers.append(peer) }

    /// From now on, and in later processes, the log's flushes take up to this long.
    package func slow(flush most: Interval) {
        disk.appendDelay = (.microseconds(50), max(most, .microseconds(50)))
    }

    // MARK: - Starting

    /// Starts a process on what the disk has, if none runs and the machine is not gone.
    package func start() {
        guard process == nil, !isRetired else { return }
        restart?.cancel()
        let scheduler = ProcessScheduler(world, pace)
        let network = wire.network(host: name, identity: identity.description)
        let own = SimulatedProcess(scheduler, network)
        process = own
        let context = World(
            disk: disk, network: network, scheduler: scheduler,
            randomness: SeededRandomness(randomness.split()), cryptography: SimulatedCryptography(),
            timeZones: SimulatedTimeZones(), archive: archive,
            end: { [weak self] end in self?.ended(own, end) },
            tell: { [weak self] telling in self?.note(telling) })
        let node = Node(configuration, in: context)
        own.node = node
        do throws(NodeEnd) {
            try node.start()
            note(node)
        } catch { ended(own, error) }
    }

    private func note(_ telling: Telling) {
        switch telling {
        case .note(let text), .warning(let text): tellings.append(text)
        case .alarm(let text):
            alarms.append(text)
            tellings.append(text)
        }
        if tellings.count > 8 { tellings.removeFirst() }
    }

    /// The pair has two copies: whatever this follower lacked it has now.
    func noteLevel() {
        guard catchesUp else { return }
        catchesUp = false
        coverage[.catchUp] += 1
    }

    /// Counts what the node made of its log.
    private func note(_ node: Node) {
        guard let recovery = node.recovery else { return }
        catchesUp = !graves.isEmpty
        if node.hasSnapshot { coverage[.snapshotLoaded] += 1 }
        if recovery.remade > 0 { coverage[.remadeTail] += 1 }
        switch recovery.verdict {
        case .tornTail: coverage[.tornTail] += 1
        case .undecided: coverage[.undecidedTail] += 1
        case .crashInRotation: coverage[.segmentLeftover] += 1
        case .cleanEnd, .damage, .foreign: break
        }
    }

    // MARK: - Ending

    private func ended(_ process: SimulatedProcess, _ end: NodeEnd) {
        guard self.process === process else { return }
        ends.append(end)
        switch end.exitCode {
        case 74: coverage[.diskEnd] += 1
        case 75: coverage[.fenced] += 1
        case 80: coverage[.damagedEnd] += 1
        default: coverage[.otherEnd] += 1
        }
        stop(.everything)
        guard isSupervised, end.exitCode == 74 || end.exitCode == 75 else { return }
        restart = world.makeSimulatedQueue("supervisor").schedule(after: .seconds(1)) {
            [weak self] in self?.start()
        }
    }

    /// Ends the process at once; of what was not flushed as much stays as is said. Ends the
    /// supervisor's wish to start it again, too.
    package func kill(_ remainder: CrashRemainder = .nothing) {
        restart?.cancel()
        guard process != nil else { return }
        count(remainder)
        stop(remainder)
    }

    /// The machine is gone for good, with its disk.
    package func retire() {
        kill()
        isRetired = true
    }

    /// The world ends: nothing of any process is kept.
    func vanish() {
        restart?.cancel()
        process?.end()
        // A node's world knows its process, and the process its node.
        for gone in graves + [process].compactMap({ $0 }) { gone.node = nil }
        process = nil
        graves.removeAll()
    }

    private func count(_ remainder: CrashRemainder) {
        switch remainder {
        case .everything: coverage[.processCrash] += 1
        case .nothing: coverage[.powerLoss] += 1
        case .some: coverage[.tornPowerLoss] += 1
        }
    }

    private func stop(_ remainder: CrashRemainder) {
        if let process { graves.append(process) }
        process?.end()
        process = nil
        earlierOperations += disk.operations
        disk = disk.crashed(remainder)
        watchDisk()
    }

    // MARK: - The disk

    /// Operations of its disk in all its life.
    package var diskOperations: Int { earlierOperations + disk.operations }

    /// At this operation of its disk, counted over its life, the machine stops, whatever it was
    /// about to do. As much stays of what was not flushed as is said.
    package func crash(atOperation operation: Int, _ remainder: CrashRemainder) {
        plannedCrash = (operation, remainder)
        watchDisk()
    }

    /// Whether a crash is planned and has not come.
    package var awaitsCrash: Bool { plannedCrash != nil }

    /// A crash that was planned does not come any more.
    package func callOffCrash() {
        plannedCrash = nil
        watchDisk()
    }

    private func watchDisk() {
        disk.onName = { [weak self] old, new in self?.named(old, new) }
        disk.faults.crashAtOperation = plannedCrash.map { max(1, $0.operation - earlierOperations) }
        disk.onCrash = { [weak self] in
            guard let self, let planned = plannedCrash else { return }
            plannedCrash = nil
            coverage[.operationCrash] += 1
            count(planned.remainder)
            stop(planned.remainder)
        }
    }

    private func named(_ old: String?, _ new: String) {
        if new.hasPrefix("diverged/") && old == nil && !new.hasSuffix(".seg") {
            coverage[.divergedTail] += 1
        }
        guard let old, new.hasPrefix("snapshots/snap-") else { return }
        let isReceived = old.hasSuffix("tmp-received")
        coverage[isReceived ? .snapshotReceived : .snapshotTaken] += 1
        if isReceived { catchesUp = false }
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
