/// Something that happened to a pair in a run, worth being counted: a simulation in which it never
/// happens proves nothing about it.
package enum Happening: String, CaseIterable, Sendable {
    // What was done to it.
    case processCrash = "crashes, everything written kept"
    case powerLoss = "crashes, everything unflushed lost"
    case tornPowerLoss = "crashes, what was unflushed torn"
    case operationCrash = "of these, in the middle of a disk operation"
    case flushFailure = "flushes that failed"
    case fullDisk = "disks full for a while"
    case stuckDisk = "disks stuck for seconds"
    case slowDisk = "slow disks"
    case damage = "bits of a follower's files turned"
    case cut = "cuts between the nodes"
    case oneWayCut = "cuts one way"
    case brokenConnection = "connections of the nodes broken"
    case pause = "nodes standing still for a while"
    case wallJump = "jumps of a wall clock"
    case drift = "clocks that drift"
    case archiveAway = "archives out of reach for a while"
    // What an operator did about it.
    case promotion = "promotions"
    case promotionOfLiving = "of these, of the follower of a living primary"
    case switchover = "switchovers"
    case degradation = "primaries told to go on alone"
    case join = "former nodes that joined again"
    case freshFollower = "fresh followers"
    // What came of it.
    case tornTail = "torn tails cut"
    case undecidedTail = "undecided tails"
    case remadeTail = "tails written anew"
    case segmentLeftover = "segments left by a crash in rotation"
    case divergedTail = "diverged tails cut"
    case snapshotTaken = "snapshots taken"
    case snapshotLoaded = "snapshots loaded at a start"
    case snapshotReceived = "snapshots received from the primary"
    case catchUp = "followers that caught up by records after a crash"
    case fenced = "primaries fenced (exit 75)"
    case diskEnd = "nodes ended by their disk (exit 74)"
    case damagedEnd = "nodes refusing to start (exit 80)"
    case otherEnd = "nodes ended otherwise"
    case published = "files published in the archive"
    case acknowledged = "writes acknowledged"
    case unknown = "writes of unknown outcome"
    case refused = "writes refused"
    case read = "reads"
}

/// How often each thing happened.
package struct Coverage: Equatable, Sendable {
    private var counts = [Int](repeating: 0, count: Happening.allCases.count)
    package init() {}

    package subscript(happening: Happening) -> Int {
        get { counts[Self.place(happening)] }
        set { counts[Self.place(happening)] = newValue }
    }

    private static func place(_ happening: Happening) -> Int {
        Happening.allCases.firstIndex(of: happening) ?? 0
    }

    package mutating func add(_ other: Coverage) {
        for place in counts.indices { counts[place] += other.counts[place] }
    }

    /// A line for each happening: how often, and how often in a thousand of so many runs.
    package func lines(runs: Int) -> [String] {
        Happening.allCases.map { happening in
            let count = self[happening]
            let often = runs == 0 ? 0 : count * 1000 / runs
            return "\(Self.padded(count, 9))  \(Self.padded(often, 8))  \(happening.rawValue)"
        }
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = "\(number)"
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
