/// What an operator, the arbiter where there is no other, may ask of a replica.
package enum OperatorCommand: Equatable, Sendable {
    /// Make this follower the primary.
    case promote(PromotionOrder)
    /// Hand over to the follower, or, asked of the follower, take over: planned, within a second.
    case switchover
    /// Go on without the follower, which is lost: from here on one copy.
    case degrade
    /// Let this node in as the second copy as soon as it is level.
    case join(Identity)
}

/// The words of `promote`.
package struct PromotionOrder: Equatable, Sendable {
    /// The operator's word that this node, the primary, is down. Without it a promotion is a
    /// switchover.
    package var primaryIsDown: Identity?
    /// Whether to take writes with one copy until a follower has joined.
    package var solo: Bool
    /// Promote a node that may lack acknowledged writes: what comes after is another history.
    package var forcedHistory: Identity?

    package init(primaryIsDown: Identity?, solo: Bool, forcedHistory: Identity? = nil) {
        self.primaryIsDown = primaryIsDown
        self.solo = solo
        self.forcedHistory = forcedHistory
    }
}

/// The answer to a command, in words for a person.
package enum OperatorAnswer: Equatable, Sendable {
    case done(String)
    /// Nothing was changed.
    case refused(String)
}
