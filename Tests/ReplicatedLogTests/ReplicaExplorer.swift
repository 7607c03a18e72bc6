import Environment
import Foundation
import ReplicatedLog

/// Random walks through what two nodes, their disks, the network and an operator can do.
struct ReplicaExplorer {
    var world: ReplicaWorld
    private var bias: Bias

    /// What a walk is mostly about. Half of all walks are about anything.
    enum Theme: CaseIterable {
        case anything, restarts, leases, joins
    }

    /// What a walk does more or less often, drawn from its seed.
    private struct Bias {
        var crashes: Int
        var restarts: Int
        var cuts: Int
        var commands: Int
        var deliveries: Int
        var reads: Int
        /// How long nothing happens, in milliseconds.
        var pauses: [UInt64]

        init(_ theme: Theme, _ random: inout Seeded) {
            crashes = random.element(of: [0, 1, 3])
            restarts = 6
            cuts = random.element(of: [0, 1, 4])
            commands = random.element(of: [1, 3, 8])
            deliveries = random.element(of: [20, 60, 120])
            reads = random.element(of: [5, 10, 25])
            pauses = random.element(of: [[1, 5, 20, 100, 250, 700], [1, 5, 20, 50], [1, 3]])
            switch theme {
            case .anything: break
            case .restarts: (crashes, restarts, deliveries, cuts, commands) = (4, 12, 100, 0, 1)
            case .leases:
                (crashes, cuts, commands, reads) = (random.element(of: [0, 1]), 4, 8, 25)
                pauses = [1, 5, 20, 50]
            case .joins: (crashes, cuts, commands, deliveries) = (2, 2, 4, 100)
            }
        }
    }

    /// What happened in many walks.
    struct Summary {
        var walks = 0
        var steps = 0
        var counts: [String: Int] = [:]
        var failure: (seed: UInt64, violation: Violation, trace: [String])?
    }

    init(seed: UInt64, theme: Theme? = nil, faults: ReplicaFaults = []) {
        var random = Seeded(seed)
        let drawn = random.chance(1, in: 2) ? .anything : random.element(of: Theme.allCases)
        let theme = theme ?? drawn
        world = ReplicaWorld(
            seed: random.next(), paired: random.chance(theme == .joins ? 1 : 5, in: 6),
            policy: random.chance(1, in: 2) ? .solo : .block, faults: faults)
        world.breaksBetweenEffects = random.chance(1, in: 2)
        world.applyLag = theme == .restarts ? 1 : random.element(of: [1, 2, 50_000])
        bias = Bias(theme, &random)
        // Up to 20 % between the two clocks, which is what the lease allows for.
        for index in 0...1 { world.nodes[index].rate = UInt64(900 + random.below(180)) }
    }

    /// Walks until something is violated or `limit` walks are done.
    static func explore(
        from first: UInt64, walks limit: Int, steps: Int, theme: Theme? = nil,
        faults: ReplicaFaults = []
    ) -> Summary {
        var summary = Summary()
        for seed in first..<(first + UInt64(limit)) {
            var explorer = ReplicaExplorer(seed: seed, theme: theme, faults: faults)
            announce(seed)
            summary.walks += 1
            do {
                summary.steps += try explorer.walk(steps)
            } catch {
                let violation = error as? Violation ?? Violation(description: "\(error)")
                var again = ReplicaExplorer(seed: seed, theme: theme, faults: faults)
                again.world.keepsTrace = true
                _ = try? again.walk(steps)
                summary.failure = (seed, violation, again.world.trace)
                return summary
            }
            summary.counts.merge(explorer.world.counts) { $0 + $1 }
        }
        return summary
    }

    /// A replica that traps takes the test with it: the seed must have been told before.
    private static func announce(_ seed: UInt64) {
        guard ProcessInfo.processInfo.environment["HOLDFAST_REPLICA_VERBOSE"] != nil else { return }
        FileHandle.standardError.write(Data("seed \(seed)\n".utf8))
    }

    mutating func walk(_ limit: Int) throws -> Int {
        try world.start(0)
        try world.start(1)
        world.connect(1, 0)
        for _ in 0..<limit {
            try act()
            world.forgetDeadLinks()
        }
        try world.checkLogs()
        try heal()
        return limit
    }

    /// Everything works again: what should be able to go on must.
    private mutating func heal() throws {
        guard world.faults == [] else { return }
        world.breaksBetweenEffects = false
        for index in 0...1 where !world.nodes[index].isUp { try world.start(index) }
        for link in world.links.indices where world.links[link].isUp { world.cut(link) }
        try world.settle(milliseconds: 100)
        for index in 0...1 where !world.nodes[index].isUp { try world.start(index) }
        world.connect(0, 1)
        try world.settle(milliseconds: 3_000)
        // A member whose disk was lost before it was let in does not come back by itself.
        let existing = world.nodes.map(\.meta.node)
        guard world.truth.members.allSatisfy(existing.contains) else { return }
        let index = world.nodes.firstIndex { $0.meta.node == world.truth.primary }
        guard let index, world.nodes[index].replica?.epoch != nil else {
            throw Violation(description: "not live: \(ScriptText.of(world.truth)) leads not")
        }
        guard world.nodes[index].replica?.shownPoint != nil else {
            throw Violation(description: "not live: \(world.nodes[index].name) does not open")
        }
        if world.truth.members.count > 1 {
            guard try world.submit(index, minReplicas: 2) else {
                throw Violation(description: "not live: a level pair takes no write")
            }
        }
        try world.settle(milliseconds: 50)
        try world.read(from: index)
        try world.checkLogs()
    }

    private mutating func act() throws {
        var roll = world.random.below(200)
        func falls(_ weight: Int) -> Bool {
            defer { roll -= weight }
            return roll >= 0 && roll < weight
        }
        if falls(bias.deliveries) {
            try deliver()
        } else if falls(20) {
            try world.flush(world.random.below(2))
        } else if falls(10) {
            try write()
        } else if falls(5) {
            try world.apply(world.random.below(2))
        } else if falls(bias.reads) {
            try world.read(from: world.random.below(2))
        } else if falls(bias.commands) {
            try command()
        } else if falls(bias.crashes) {
            world.crash(world.random.below(2))
        } else if falls(bias.restarts) {
            try restart()
        } else if falls(bias.cuts) {
            cut()
        } else if falls(6) {
            connect()
        } else {
            try pass()
        }
    }

    private mutating func deliver() throws {
        let busy = world.links.indices.flatMap { link in
            [0, 1].filter { !world.links[link].inbound[$0].isEmpty }.map { (link, $0) }
        }
        guard !busy.isEmpty else { return try pass() }
        let (link, end) = world.random.element(of: busy)
        try world.deliver(link, toEnd: end)
    }

    private mutating func pass() throws {
        world.time += UInt64(world.random.element(of: bias.pauses)) * 1_000_000
        let index = world.random.below(2)
        if world.nodes[index].isUp { try world.give(.ticked, to: index) }
    }

    private mutating func write() throws {
        for index in 0...1 where try world.submit(index) { world.count("writes") }
    }

    private mutating func restart() throws {
        let index = world.random.below(2)
        guard !world.nodes[index].isUp else { return }
        // A node that holds nothing anybody counts on may come back with another, empty, disk.
        let node = world.nodes[index].meta.node
        if !world.truth.members.contains(node), world.random.chance(1, in: 3) {
            let fresh = Identity(high: 0, low: world.nextIdentity)
            world.nextIdentity += 1
            world.nodes[index].meta = ReplicaWorld.invited(fresh)
            world.nodes[index].log = FakeLog()
            world.nodes[index].committed = .zero
            world.nodes[index].applied = .zero
            world.count("wiped")
        }
        trimSomewhere()
        if world.random.chance(1, in: 2) {
            // What is known to be committed comes from older batches' headers; the state is as old
            // as its snapshot, or as that.
            let committed = world.random.below(Int(world.nodes[index].committed.rawValue) + 1)
            world.nodes[index].committed = LSN(UInt64(committed))
            world.nodes[index].applied = min(world.nodes[index].applied, LSN(UInt64(committed)))
        }
        try world.start(index)
    }

    /// Cuts the beginning of a log, so that who comes late needs a snapshot.
    private mutating func trimSomewhere() {
        let index = world.random.below(2)
        guard world.random.chance(1, in: 6), let replica = world.nodes[index].replica,
            world.truth.members.count == 1
        else { return }
        let pinned = replica.pinnedPoint.map { LSN($0.rawValue - 1) }
        let needed = min(pinned ?? replica.commit, world.nodes[index].committed)
        let count = world.nodes[index].log.count(through: needed)
        world.nodes[index].log.gone = max(world.nodes[index].log.gone, count)
    }

    private mutating func cut() {
        let live = world.links.indices.filter { world.links[$0].isUp }
        guard !live.isEmpty else { return }
        world.cut(world.random.element(of: live))
    }

    private mutating func connect() {
        let live = world.links.count { $0.isUp }
        guard live == 0 || world.random.chance(1, in: 10) else { return }
        let from = world.random.below(2)
        world.connect(from, 1 - from)
    }

    // MARK: The operator

    /// An operator who may be wrong about what is up, but who knows what was commanded before: the
    /// arbiter of the manual setting.
    private mutating func command() throws {
        guard world.nodes.allSatisfy({ !$0.isUp || $0.unanswered.isEmpty }) else {
            // Gives up waiting now and then: the command may still be carried out.
            return
        }
        let index = world.random.below(2)
        let node = world.nodes[index]
        guard let replica = node.replica else { return }
        let isPrimary = world.truth.primary == node.meta.node
        if isPrimary {
            guard node.meta.register == world.truth else { return }
            try order(world.random.element(of: [.degrade, .switchover, joinOther(index)]), index)
        } else {
            guard replica.role == .follower else { return }
            let mistaken = node.meta.register == world.truth || node.meta.register.version == 0
            guard world.truth.members.contains(node.meta.node) || mistaken else { return }
            let down =
                world.faults.contains(.promoteNonMember)
                ? node.meta.register.primary : world.truth.primary
            let promotion = PromotionOrder(primaryIsDown: down, solo: world.random.chance(1, in: 2))
            try order(world.random.chance(1, in: 4) ? .switchover : .promote(promotion), index)
        }
    }

    private func joinOther(_ index: Int) -> OperatorCommand {
        .join(world.nodes[1 - index].meta.node)
    }

    private mutating func order(_ command: OperatorCommand, _ index: Int) throws {
        let id = world.nextCommand
        world.nextCommand += 1
        world.nodes[index].unanswered.insert(id)
        world.count("commands")
        let words = Words(reason: "explored", actor: "seed", at: Int64(world.time / 1_000_000))
        try world.give(.operatorAsked(id, command, words), to: index)
    }
}
