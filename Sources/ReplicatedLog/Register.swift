/// The value of the register: who is primary, with whom, and by whose choice.
///
/// With an operator as the arbiter its last value lives in each node's `node.meta` and, as a
/// record, in the log; only an operator's command writes the next version.
package struct Register: Equatable, Sendable {
    package var cluster: Identity
    package var history: Identity
    package var version: UInt64
    package var primary: Identity
    /// The acting members: the primary, and the follower where there are two copies. Sorted.
    package var members: [Identity]
    package var policy: Policy
    /// Where the solo mode began; `.zero` when paired.
    package var soloSince: LSN
    /// Why, and who, in the words of whoever made this version (at most 1,024 and 256 bytes).
    package var reason: String
    package var actor: String
    /// When, milliseconds since 1970.
    package var at: Int64

    package init(
        cluster: Identity, history: Identity, version: UInt64, primary: Identity,
        members: [Identity], policy: Policy, soloSince: LSN, reason: String, actor: String,
        at: Int64
    ) {
        self.cluster = cluster
        self.history = history
        self.version = version
        self.primary = primary
        self.members = members
        self.policy = policy
        self.soloSince = soloSince
        self.reason = reason
        self.actor = actor
        self.at = at
    }

    package var mode: Mode { members.count > 1 ? .paired : .solo }
}

package enum Mode: UInt8, Sendable { case paired = 1, solo = 2 }

/// What the operator chose for the case that the follower is lost.
package enum Policy: UInt8, Sendable { case block = 1, solo = 2 }
