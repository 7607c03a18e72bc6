/// What a node has promised and must not forget: the content of `node.meta`.
///
/// It is small, is written whole (two slots, newest good one wins) and is durable before anything
/// that depends on it leaves the node: the `Replica` says `.storeMeta` and whoever executes its
/// effects stores it before the next effect.
///
/// - Invariant: `actingEpoch ≤ promised`, and neither ever goes down, over restarts too.
/// - Invariant: `members` contains every member of `register` while `register.primary` is this node
///   (rule R8: the local set is never smaller than the registered one).
package struct NodeMeta: Equatable, Sendable {
    /// This node, named at `init`. A wiped directory gets another name and so is no member.
    package var node: Identity
    package var cluster: Identity
    package var history: Identity
    /// The newest epoch this node has seen and sworn to: whatever names an older one is refused.
    package var promised: Epoch
    /// The epoch in which this node last led, or accepted records.
    package var actingEpoch: Epoch
    package var actingRole: Role
    /// With whom this node acts: whose flush a commit needs. Sorted. While a follower is being let
    /// in it is larger than `register.members` (rule R8). Means nothing on a follower.
    package var members: [Identity]
    /// The newest register value this node knows; version 0 before it has seen any.
    package var register: Register
    /// How often this node has started as primary under `register.version` (rule R11). Durable
    /// before the epoch made of it is used.
    package var bootCounter: UInt32
    package var soundness: Soundness
    /// What was found to be wrong, for people; empty while sound. At most 1,024 bytes.
    package var damage: String
    /// The last position at which both nodes' state digests were equal; zero before the first.
    package var digestPoint: LSN
    package var digest: UInt64

    package init(
        node: Identity, cluster: Identity, history: Identity, promised: Epoch, actingEpoch: Epoch,
        actingRole: Role, members: [Identity], register: Register, bootCounter: UInt32,
        soundness: Soundness = .sound, damage: String = "", digestPoint: LSN = .zero,
        digest: UInt64 = 0
    ) {
        self.node = node
        self.cluster = cluster
        self.history = history
        self.promised = promised
        self.actingEpoch = actingEpoch
        self.actingRole = actingRole
        self.members = members
        self.register = register
        self.bootCounter = bootCounter
        self.soundness = soundness
        self.damage = damage
        self.digestPoint = digestPoint
        self.digest = digest
    }

    /// The longest `damage` that is stored, in bytes.
    package static let damageBytes = 1_024
}

/// What a node does in the pair.
package enum Role: UInt8, Sendable { case primary = 1, follower = 2 }

/// Whether what a node holds may be trusted.
package enum Soundness: UInt8, Sendable {
    case sound = 1
    /// Its log or state is being replaced by the primary's; until that is done it holds less than
    /// it has acknowledged. Never leads, is never counted.
    case resyncing = 2
    /// Something acknowledged was found missing or changed. Never leads until repaired.
    case damaged = 3
}

extension NodeMeta {
    /// What stands in for the meta of a node that has not read its own yet.
    package static let nobody = NodeMeta(
        node: .none, cluster: .none, history: .none, promised: .zero, actingEpoch: .zero,
        actingRole: .follower, members: [],
        register: Register(
            cluster: .none, history: .none, version: 0, primary: .none, members: [],
            policy: .block, soloSince: .zero, reason: "", actor: "", at: 0), bootCounter: 0)
}
