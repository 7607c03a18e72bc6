import ByteCoding
import Environment
import ReplicatedLog

/// Two nodes, their disks and the network between them, and what clients have seen: the world in
/// which two real `Replica`s are explored.
struct ReplicaWorld {
    var nodes: [FakeNode]
    var links: [FakeLink] = []
    var random: Seeded
    var faults: ReplicaFaults
    /// True time, in nanoseconds.
    var time: UInt64 = 1_000_000_000
    var nextLink: UInt64 = 1
    var nextCommand: UInt64 = 1
    var nextIdentity: UInt64 = 3
    var nextValue: UInt32 = 1
    /// The chains of the history that clients have seen, one for each batch.
    var seen: [UInt64] = []
    /// Who has acknowledged in which epoch.
    var acknowledged: [Epoch: Identity] = [:]
    /// The register as an operator who forgets nothing knows it.
    var truth: Register
    /// How far a follower's state may stay behind before its acks stand still.
    var applyLag = 50_000
    /// Whether a process may end between two effects of one step.
    var breaksBetweenEffects = false
    /// What happened, for people.
    var trace: [String] = []
    var keepsTrace = false
    var counts: [String: Int] = [:]

    static let cluster = Identity(high: 7, low: 7)
    static let history = Identity(high: 8, low: 8)

    /// - Parameter paired: whether both are members at first; otherwise the second is invited.
    init(seed: UInt64, paired: Bool, policy: Policy = .block, faults: ReplicaFaults = []) {
        random = Seeded(seed)
        self.faults = faults
        let (one, two) = (Identity(high: 0, low: 1), Identity(high: 0, low: 2))
        let register = Register(
            cluster: Self.cluster, history: Self.history, version: 1, primary: one,
            members: paired ? [one, two] : [one], policy: policy,
            soloSince: paired ? .zero : LSN(1), reason: "init", actor: "test", at: 0)
        truth = register
        let primary = NodeMeta(
            node: one, cluster: Self.cluster, history: Self.history,
            promised: Epoch(version: 1, boot: 0), actingEpoch: Epoch(version: 1, boot: 0),
            actingRole: .primary, members: register.members, register: register, bootCounter: 0)
        var follower = primary
        follower.node = two
        follower.actingRole = .follower
        nodes = [
            FakeNode(name: "A", meta: primary),
            FakeNode(name: "B", meta: paired ? follower : Self.invited(two)),
        ]
    }

    /// The node.meta of a node that was started with an invitation.
    static func invited(_ node: Identity) -> NodeMeta {
        let register = Register(
            cluster: cluster, history: .none, version: 0, primary: .none, members: [],
            policy: .block, soloSince: .zero, reason: "", actor: "", at: 0)
        return NodeMeta(
            node: node, cluster: cluster, history: .none, promised: .zero, actingEpoch: .zero,
            actingRole: .follower, members: [], register: register, bootCounter: 0)
    }

    func clock(_ index: Int) -> Instant {
        let (whole, rest) = (time / 1_000, time % 1_000)
        let rate = nodes[index].rate
        return Instant(nanoseconds: whole * rate + rest * rate / 1_000)
    }

    mutating func note(_ text: String) { trace.append(text) }

    mutating func count(_ what: String) { counts[what, default: 0] += 1 }

    // MARK: Processes

    mutating func start(_ index: Int, end: LogEnd = .whole) throws {
        let node = nodes[index]
        nodes[index].replica = Replica(meta: node.meta, applyLag: applyLag, faults: faults)
        nodes[index].applied = min(node.applied, node.log.head.last)
        nodes[index].toApply = .zero
        let committed = min(node.committed, node.log.flushedHead.last)
        try give(
            .started(
                ReplicaStart(
                    meta: node.meta, head: node.log.head, epochs: node.log.epochs,
                    commit: committed, applied: nodes[index].applied, end: end)), to: index)
    }

    /// - Parameter losing: whether everything that is not flushed is lost; else any part of it.
    mutating func crash(_ index: Int, losing: Bool = false) {
        guard nodes[index].isUp else { return }
        nodes[index].replica = nil
        if losing {
            nodes[index].log.crash(keeping: nodes[index].log.durable)
        } else {
            nodes[index].log.crash(&random)
        }
        nodes[index].due = []
        nodes[index].waitingReads = []
        nodes[index].unanswered = []
        nodes[index].receivingSnapshot = nil
        for link in links.indices { close(link, by: index) }
    }

    // MARK: Steps

    /// Gives an event, executes its effects in order, and whatever follows from them at once.
    mutating func give(_ event: ReplicaEvent, to index: Int) throws {
        var event = event
        while true {
            guard var replica = nodes[index].replica else { return }
            nodes[index].replica = nil
            let effects = replica.step(event, now: clock(index))
            nodes[index].replica = replica
            if keepsTrace {
                let name = nodes[index].name
                note("\(name) \(clock(index).nanoseconds / 1_000_000): \(ScriptText.of(event))")
            }
            let last =
                breaksBetweenEffects && random.chance(1, in: 150)
                ? random.below(effects.count + 1) : nil
            for (number, effect) in effects.enumerated() {
                if number == last {
                    crash(index)
                    return
                }
                if keepsTrace { note("    \(ScriptText.of(effect))") }
                try execute(effect, on: index)
                guard nodes[index].isUp else { return }
            }
            try check(index)
            guard !nodes[index].due.isEmpty else { return }
            event = nodes[index].due.removeFirst()
        }
    }

    mutating func flush(_ index: Int) throws {
        guard nodes[index].log.durable < nodes[index].log.entries.count else { return }
        nodes[index].log.durable = nodes[index].log.entries.count
        try give(.flushed(nodes[index].log.head.last), to: index)
    }

    /// Brings a node's state up to where it may go.
    mutating func apply(_ index: Int) throws {
        guard nodes[index].isUp, nodes[index].applied < nodes[index].toApply else { return }
        nodes[index].applied = nodes[index].toApply
        try give(.applied(nodes[index].applied), to: index)
    }

    mutating func submit(_ index: Int, minReplicas: Int = 1) throws -> Bool {
        guard let replica = nodes[index].replica,
            replica.writeRight(minReplicas: minReplicas, now: clock(index)) == .yes
        else { return false }
        var payload = ByteWriter()
        payload.append(fixed: nextValue)
        nextValue += 1
        try give(
            .submitted(payload: payload.bytes, count: 1, time: Int64(time / 1_000_000)), to: index)
        return true
    }

    // MARK: Network

    mutating func connect(_ from: Int, _ to: Int) {
        guard nodes[from].isUp, nodes[to].isUp else { return }
        links.append(FakeLink(id: LinkID(nextLink), ends: [from, to]))
        nextLink += 1
    }

    /// Cuts the connection: of what is on its way to each end a prefix may still arrive.
    mutating func cut(_ link: Int) {
        links[link].isUp = false
        for end in 0...1 {
            let count = links[link].inbound[end].count
            if count > 0, links[link].inbound[end].last != .disconnected {
                links[link].inbound[end].removeLast(random.below(count + 1))
                links[link].inbound[end].append(.disconnected)
            }
            if count == 0 { links[link].inbound[end].append(.disconnected) }
        }
    }

    /// One end closes: it hears nothing more, the other gets what was sent and then the end.
    mutating func close(_ link: Int, by index: Int) {
        guard let end = links[link].ends.firstIndex(of: index), links[link].ends != [-1, -1] else {
            return
        }
        links[link].isUp = false
        links[link].inbound[end] = []
        links[link].ends[end] = -1
        if links[link].inbound[1 - end].last != .disconnected {
            links[link].inbound[1 - end].append(.disconnected)
        }
    }

    mutating func deliver(_ link: Int, toEnd end: Int) throws {
        guard !links[link].inbound[end].isEmpty else { return }
        let parcel = links[link].inbound[end].removeFirst()
        let index = links[link].ends[end]
        guard index >= 0, nodes[index].isUp else { return }
        let id = links[link].id
        switch parcel {
        case .connected:
            let other = links[link].ends[1 - end]
            let node = other >= 0 ? nodes[other].meta.node : .none
            try give(.peerConnected(id, node), to: index)
        case .message(let message): try give(.peerReceived(id, message), to: index)
        case .disconnected: try give(.peerDisconnected(id), to: index)
        }
    }

    mutating func forgetDeadLinks() {
        links.removeAll { !$0.isUp && $0.inbound[0].isEmpty && $0.inbound[1].isEmpty }
    }

    /// Delivers, flushes and ticks, without loss, for `milliseconds`.
    mutating func settle(milliseconds: UInt64) throws {
        for _ in 0..<max(1, milliseconds / 10) {
            for index in nodes.indices where nodes[index].isUp {
                try flush(index)
                try give(.ticked, to: index)
            }
            var isBusy = true
            while isBusy {
                isBusy = false
                for link in links.indices {
                    for end in 0...1 where !links[link].inbound[end].isEmpty {
                        isBusy = true
                        try deliver(link, toEnd: end)
                    }
                }
                for index in nodes.indices {
                    try flush(index)
                    try apply(index)
                }
            }
            forgetDeadLinks()
            time += 10_000_000
        }
    }
}
