internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkGraph
internal import WorkProtocol

/// One running node: shards, log, replica and sessions, joined.
///
/// It decides nothing itself. A request goes to its shard, which decides and applies; the record
/// goes into the open group; the group goes to the replica as one batch; the replica's effects say
/// what to write, send, apply and show. Replies wait in the gate until their record is committed.
///
/// Everything here belongs to the core queue: no lock, no other thread. What takes long (segments,
/// snapshots, the archive, exports) runs on queues in the background on values of its own, and
/// comes back.
///
/// - Invariant: the state in memory is `group` ahead of the replica's appended point, never more;
///   the group is closed before the replica is given any other event.
/// - Invariant: no reply leaves before the replica shows its record.
///
/// `@unchecked Sendable`: closures of timers and completions capture it and run on the core queue.
package final class Node: @unchecked Sendable {
    let world: World
    let configuration: NodeConfiguration
    let queue: any SerialQueue
    /// For parts of exports. What may take long or hang has a queue of its own, so that nothing
    /// waits for it: above all not the log, which names its segments in the background.
    let background: any SerialQueue
    let logQueue: any SerialQueue
    let snapshotQueue: any SerialQueue
    let archiveQueue: any SerialQueue

    var replica: Replica
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private(set) var shown = Shown()
    /// Made when an answer first needs it; nil when something of it has changed.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var madeStanding: AnswerStanding?
    var log: Log?
    let metaStore: NodeMetaStore
    let shards: ShardMap
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var group = GroupCommit()
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var gate = ReplyGate()
    /// The newest record of each workspace since this reign began, for what a reply has seen, and
    /// the newest of those that changed more than the answers about some tasks.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var newest: [UInt32: LSN] = [:]
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var newestBeyondTasks: [UInt32: LSN] = [:]
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var rewrites: RecentRewrites
    /// Memory for an answer of which it is not known yet whether it may be shown.
    var draft = ByteWriter(capacity: 4096)
    var draftTasks: [UInt32] = []
    /// Where this reign began: what a reply has seen of workspaces that are not in `newest`.
    var reignStart = LSN.zero

    var sessions: [UInt64: Session] = [:]
    var nextSession: UInt64 = 1
    /// Sessions with output to send at the end of the turn.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var dirtySessions: [Session] = []
    var isTurnScheduled = false
    /// How many there may be; tests make do with fewer.
    var connectionLimit = Limits.connections
    /// How many connections each token has.
    var tokenConnections: [Gid: Int] = [:]
    /// Reads that wait for a confirmation of the right to read.
    var unconfirmed: [UnconfirmedRead] = []
    var isConfirmationAsked = false

    var links: [LinkID: PeerLink] = [:]
    var nextLink: UInt64 = 1
    var isConnecting = false
    var peerAddresses: [Identity: PeerAddress] = [:]
    var listeners: [any Listener] = []
    /// Which of the configured addresses of the other node is tried next.
    var nextPeer = 0
    var snapshotSenders: [LinkID: SnapshotSender] = [:]
    var receiver: SnapshotReceiver?

    /// Events for the replica that came up while effects were being executed.
    var events: [ReplicaEvent] = []
    var isStepping = false
    /// Records of closed groups that the replica has not been given yet.
    var submitting: UInt64 = 0
    /// The tick that is scheduled, and when it will come.
    var tick: (work: any ScheduledWork, at: Instant)?
    var hasEnded = false
    /// Told to stop: no new connection, and the log is being closed.
    var isStopping = false

    /// How far a follower's state is to be brought, and how far it is.
    var applyTarget = LSN.zero
    var applied = LSN.zero
    var isApplying = false
    /// What is being fetched for requests that come next; empty in between.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var foresights: [Foresight] = []
    /// Digests the primary sent, to be compared when the state is exactly there.
    var wantedDigest: (lsn: LSN, digests: [UInt8])?
    var lastDigest = (lsn: LSN.zero, at: Instant(nanoseconds: 0))

    var operatorReplies: [UInt64: (OperatorAnswer) -> Void] = [:]
    var nextOperatorRequest: UInt64 = 1
    var maintenance = Maintenance()
    let startedAt: Instant

    package init(_ configuration: NodeConfiguration, in world: World) {
        self.configuration = configuration
        self.world = world
        queue = world.scheduler.makeQueue("core", .core)
        background = world.scheduler.makeQueue("background", .background)
        logQueue = world.scheduler.makeQueue("log", .background)
        snapshotQueue = world.scheduler.makeQueue("snapshots", .background)
        archiveQueue = world.scheduler.makeQueue("archive", .background)
        metaStore = NodeMetaStore(disk: world.disk)
        shards = ShardMap(count: configuration.shards)
        startedAt = world.scheduler.now
        rewrites = RecentRewrites(secret: world.randomness.number())
        replica = Replica(meta: .nobody, faults: configuration.replicaFaults)
    }

    var now: Instant { world.scheduler.now }

    // MARK: - The replica

    /// Gives the replica an event, and executes what it wants, until nothing more comes up.
    func give(_ event: ReplicaEvent) {
        closeGroup()
        events.append(event)
        runEvents()
    }

    /// Hands the open group to the replica as one batch.
    func closeGroup() {
        guard !group.isEmpty else { return }
        let closed = group.close()
        submitting += UInt64(closed.count)
        events.append(
            .submitted(
                payload: closed.payload, count: closed.count, time: world.scheduler.wallTime))
        runEvents()
    }

    private func runEvents() {
        guard !isStepping else { return }
        isStepping = true
        var next = 0
        while next < events.count, !hasEnded {
            let effects = replica.step(events[next], now: now)
            if case .submitted(_, let count, _) = events[next] { submitting -= UInt64(count) }
            next += 1
            noteShown()
            for effect in effects where !hasEnded { execute(effect) }
        }
        events.removeAll(keepingCapacity: true)
        isStepping = false
        scheduleTick()
    }

    /// Keeps what requests ask of the replica.
    private func noteShown() {
        let next = Shown(replica)
        if !next.answersAlike(shown) { madeStanding = nil }
        shown = next
    }

    /// Sees to it that the replica is ticked at its deadline. A tick that comes earlier than needed
    /// does no harm, so a later deadline leaves it where it is.
    private func scheduleTick() {
        guard !hasEnded, let deadline = replica.deadline else { return }
        if let tick, tick.at <= deadline { return }
        tick?.work.cancel()
        let work = queue.schedule(after: deadline.since(now)) { [weak self] in
            self?.tick = nil
            self?.give(.ticked)
        }
        tick = (work, deadline)
    }

    // MARK: - Turns

    /// Asks for `endTurn` once everything that has arrived by now has been looked at.
    func scheduleTurn() {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        queue.run { [weak self] in self?.endTurn() }
    }

    /// Closes the group and sends what the sessions have collected.
    func endTurn() {
        isTurnScheduled = false
        guard !hasEnded else { return }
        if !mayWaitForMore { closeGroup() }
        flushSessions()
    }

    /// While enough batches are on their way to the disk, what comes in collects; the next
    /// completion closes the group.
    private var mayWaitForMore: Bool { (log?.underWay ?? 0) >= Node.batchesUnderWay }

    /// Two: one that is being flushed, and one that is there when it is done.
    static let batchesUnderWay = 2

    func flushSessions() {
        while let session = dirtySessions.popLast() { session.flush() }
    }

    // MARK: - The end

    /// Ends the node: nothing leaves any more, nothing is done any more.
    func end(_ end: NodeEnd) {
        guard !hasEnded else { return }
        hasEnded = true
        tick?.work.cancel()
        for listener in listeners { listener.close() }
        for session in sessions.values { session.connection.close() }
        for link in links.values { link.connection.close() }
        world.end(end)
    }
}
