import ByteCoding
import Environment
import ReplicatedLog

/// SplitMix64: small, and the same everywhere.
struct Seeded {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
    mutating func chance(_ count: Int, in total: Int) -> Bool { below(total) < count }
    mutating func element<Element>(of array: [Element]) -> Element { array[below(array.count)] }
}

/// What broke, in words.
struct Violation: Error, CustomStringConvertible {
    var description: String
}

/// A log that keeps apart what is written and what is flushed.
struct FakeLog: Equatable {
    struct Entry: Equatable {
        var batch: Batch
        var head: LogHead
    }

    var entries: [Entry] = []
    /// How many entries are flushed.
    var durable = 0
    /// Reading the first `gone` entries finds them cut away.
    var gone = 0

    var head: LogHead { entries.last?.head ?? .empty }
    var flushedHead: LogHead { durable == 0 ? .empty : entries[durable - 1].head }

    mutating func append(_ batch: Batch) throws {
        guard batch.first == head.last.next, batch.previousChain == head.chain else {
            throw Violation(description: "LSN \(batch.first) written after \(head.last)")
        }
        let after = LogHead(last: batch.last, epoch: batch.epoch, chain: batch.chain)
        entries.append(Entry(batch: batch, head: after))
    }

    /// How many entries lie at or before `place`.
    func count(through place: LSN) -> Int {
        var count = min(entries.count, Int(place.rawValue))
        while count > 0, entries[count - 1].head.last > place { count -= 1 }
        return count
    }

    func count(endingAt head: LogHead) -> Int? {
        if head == .empty { return 0 }
        let count = count(through: head.last)
        return count > 0 && entries[count - 1].head.last == head.last ? count : nil
    }

    var epochs: EpochHistory { Self.epochs(entries) }

    static func epochs(_ entries: [Entry]) -> EpochHistory {
        var history = EpochHistory()
        for entry in entries { history.note(entry.batch.epoch, at: entry.batch.first) }
        return history
    }

    /// A crash keeps what is flushed, and any prefix of the rest.
    mutating func crash(_ random: inout Seeded) {
        crash(
            keeping: durable
                + (entries.count > durable ? random.below(entries.count - durable + 1) : 0))
    }

    mutating func crash(keeping kept: Int) {
        entries.removeLast(entries.count - kept)
        durable = kept
    }
}

/// A node: its disk, and its replica while the process runs.
struct FakeNode {
    var name: String
    /// node.meta as it is on the disk.
    var meta: NodeMeta
    var log = FakeLog()
    var replica: Replica?
    /// How fast this machine's clock runs, in parts of a thousand.
    var rate: UInt64 = 1_000
    /// Events that effects have caused, to be given before any other.
    var due: [ReplicaEvent] = []
    var committed = LSN.zero
    /// What the state contains, and what it may contain. A restart finds a state as old as it
    /// likes: the snapshot is.
    var applied = LSN.zero
    var toApply = LSN.zero
    var receivingSnapshot: [UInt8]?
    /// Reads that wait for a confirmation: when they came, and what had been seen by then.
    var waitingReads: [(at: Instant, seen: Int)] = []
    /// Commands without an answer.
    var unanswered: Set<UInt64> = []
    var alarms: [String] = []

    var isUp: Bool { replica != nil }
}

/// One connection: what is on its way to each end.
struct FakeLink {
    enum Parcel: Equatable {
        case connected
        case message(PeerMessage)
        case disconnected
    }

    var id: LinkID
    var ends: [Int]
    /// Parcels on their way to `ends[0]` and `ends[1]`.
    var inbound: [[Parcel]] = [[.connected], [.connected]]
    /// Whether the connection still carries what is sent.
    var isUp = true
}
