import Environment
import ReplicatedLog
import Testing

/// How long a replica waits for a connection that says nothing, and what a restart does to its
/// clock.
struct ReplicaPatienceTests {
    private static let node = Identity(high: 1, low: 0)
    private static let other = Identity(high: 2, low: 0)
    private static let link = LinkID(1)

    private static func register(_ primary: Identity, _ members: [Identity]) -> Register {
        Register(
            cluster: Identity(high: 9, low: 9), history: Identity(high: 8, low: 8), version: 1,
            primary: primary, members: members, policy: .solo, soloSince: .zero, reason: "",
            actor: "", at: 0)
    }

    private static func meta(_ role: Role, _ register: Register) -> NodeMeta {
        NodeMeta(
            node: node, cluster: register.cluster, history: register.history,
            promised: Epoch(version: 1, boot: 0), actingEpoch: Epoch(version: 1, boot: 0),
            actingRole: role, members: role == .primary ? register.members : [],
            register: register, bootCounter: 0)
    }

    private static func at(_ seconds: UInt64) -> Instant {
        Instant(nanoseconds: (seconds + 1) * 1_000_000_000)
    }

    private static func start(_ meta: NodeMeta, time: Int64 = 0) -> ReplicaEvent {
        .started(
            ReplicaStart(
                meta: meta, head: .empty, epochs: EpochHistory(), commit: .zero, applied: .zero,
                time: time))
    }

    /// A follower that has begun to receive a snapshot.
    private static func receiving() -> Replica {
        let meta = meta(.follower, register(other, [other, node].sorted()))
        var replica = Replica(meta: meta)
        _ = replica.step(start(meta), now: at(0))
        _ = replica.step(.peerConnected(link, other), now: at(0))
        let begin = PeerMessage.snapshotBegin(epoch: Epoch(version: 1, boot: 1), manifest: [])
        _ = replica.step(.peerReceived(link, begin), now: at(0))
        return replica
    }

    private static func isDisconnect(_ effect: ReplicaEffect) -> Bool {
        if case .disconnect = effect { true } else { false }
    }

    @Test func `a snapshot that stops coming is not waited for for ever`() {
        var replica = Self.receiving()
        let patient = replica.step(.ticked, now: Self.at(600))
        #expect(!patient.contains(where: Self.isDisconnect))
        let over = replica.step(.ticked, now: Self.at(3_601))
        #expect(over.contains(where: Self.isDisconnect))
        // And it may be sent anew.
        _ = replica.step(.peerConnected(LinkID(2), Self.other), now: Self.at(3_602))
        let begin = PeerMessage.snapshotBegin(epoch: Epoch(version: 1, boot: 1), manifest: [])
        let effects = replica.step(.peerReceived(LinkID(2), begin), now: Self.at(3_602))
        #expect(effects.contains(.expectSnapshot(manifest: [])))
    }

    @Test func `a node that installs a snapshot does not take its own silence for the other's`() {
        var replica = Self.receiving()
        _ = replica.step(.peerReceived(Self.link, .snapshotEnd), now: Self.at(1))
        let head = LogHead(last: LSN(5), epoch: Epoch(version: 1, boot: 1), chain: 1)
        let epochs = EpochHistory([EpochStart(epoch: head.epoch, first: LSN(1))])
        _ = replica.step(
            .snapshotInstalled(head, epochs ?? EpochHistory()), now: Self.at(31))
        let effects = replica.step(.ticked, now: Self.at(32))
        #expect(!effects.contains(where: Self.isDisconnect))
    }

    @Test func `no batch after a restart is older than the last one before it`() throws {
        let meta = Self.meta(.primary, Self.register(Self.node, [Self.node]))
        var replica = Replica(meta: meta)
        let effects = replica.step(Self.start(meta, time: 5_000), now: Self.at(0))
        let batches = effects.compactMap { effect in
            if case .write(let batch) = effect { batch } else { nil }
        }
        #expect(batches.map(\.time) == [5_000])
    }
}
