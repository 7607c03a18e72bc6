package import Environment

/// What two nodes of a pair say to each other, over a connection that keeps the order and that has
/// authenticated the other's name.
package enum PeerMessage: Equatable, Sendable {
    /// Who I am and what I hold; first on every connection, and again when that has changed.
    case hello(Hello)
    /// Why we cannot work together; the connection ends.
    case rejected(PeerRefusal, text: String)
    /// Primary to follower: from here on I send you this epoch's records.
    case reign(ReignStart)
    /// Primary to follower: the next batch.
    case append(Append)
    /// Primary to follower, when there is nothing to append.
    case heartbeat(epoch: Epoch, commit: LSN, token: Instant)
    /// Follower to primary: what of this epoch's log is flushed here.
    case ack(Ack)
    /// To whoever claims an older epoch than I have promised.
    case fenced(promised: Epoch, register: Register)
    /// Primary to follower: my disk has failed, I end.
    case resign(epoch: Epoch)
    /// Primary to follower: the log no longer reaches back to where you are; a snapshot follows.
    case snapshotBegin(epoch: Epoch, manifest: [UInt8])
    case snapshotChunk(file: UInt32, offset: UInt64, bytes: [UInt8])
    case snapshotEnd
    /// Primary to follower: the state digests after this record (opaque, compared byte by byte).
    case digest(epoch: Epoch, at: LSN, digests: [UInt8])
    /// Follower to primary: mine were different; I am damaged.
    case digestDiffers(epoch: Epoch, at: LSN)
    /// Follower to primary: an operator wants me to be primary.
    case handOverAsked(Words)
    /// Primary to follower: no, because.
    case handOverRefused(text: String)
    /// Primary to follower: you are the primary now; I already am not.
    case handOver(Register)
    /// A restarting primary to its follower: what do you have after this?
    case tailAsked(after: LogHead)
    /// The answer; the last part says so.
    case tail(after: LSN, batches: [Batch], isLast: Bool)
}

/// A node's account of itself.
package struct Hello: Equatable, Sendable {
    /// The version of the log's and the messages' formats; only equals work together.
    package var format: UInt16
    package var node: Identity
    package var cluster: Identity
    package var history: Identity
    package var role: Role
    package var soundness: Soundness
    package var promised: Epoch
    package var register: Register
    /// Where its log ends (written; acks tell what is flushed), and the epochs in it.
    package var head: LogHead
    package var epochs: EpochHistory

    package init(
        format: UInt16 = Hello.currentFormat, node: Identity, cluster: Identity, history: Identity,
        role: Role, soundness: Soundness, promised: Epoch, register: Register, head: LogHead,
        epochs: EpochHistory
    ) {
        self.format = format
        self.node = node
        self.cluster = cluster
        self.history = history
        self.role = role
        self.soundness = soundness
        self.promised = promised
        self.register = register
        self.head = head
        self.epochs = epochs
    }

    package static let currentFormat: UInt16 = 1

    /// Whether it was started by invitation and has never been anybody's member: an operator's
    /// standing order to let it in.
    package var isInvited: Bool { register.version == 0 }
}

/// Why two nodes cannot work together.
package enum PeerRefusal: UInt8, Sendable {
    case cluster = 1
    case history = 2
    case format = 3
    /// The register, or the log's chain, contradicts what the other holds.
    case contradiction = 4
    /// What the primary's log ends with is older than what this node knows to be committed.
    case wouldLoseCommitted = 5
    /// There is a follower already, or too many connections.
    case busy = 6
}

/// The beginning, or a new beginning, of the stream to a follower.
package struct ReignStart: Equatable, Sendable {
    package var epoch: Epoch
    package var register: Register
    /// The last record both have: the follower cuts what it has after it.
    package var start: LogHead
    /// Where the primary's log ends now: a follower that had lost something is sound again when it
    /// has flushed this.
    package var goal: LSN
    package var commit: LSN
    package var token: Instant?

    package init(
        epoch: Epoch, register: Register, start: LogHead, goal: LSN, commit: LSN, token: Instant?
    ) {
        self.epoch = epoch
        self.register = register
        self.start = start
        self.goal = goal
        self.commit = commit
        self.token = token
    }
}

/// One batch on its way to the follower.
package struct Append: Equatable, Sendable {
    package var epoch: Epoch
    /// What must be the follower's head for the batch to fit (rule R3).
    package var previous: LogHead
    package var batch: Batch
    package var commit: LSN
    /// The primary's clock when it sent this, to come back in the ack; nil while its disk is stuck,
    /// so that the answer proves no life.
    package var token: Instant?

    package init(
        epoch: Epoch, previous: LogHead, batch: Batch, commit: LSN, token: Instant?
    ) {
        self.epoch = epoch
        self.previous = previous
        self.batch = batch
        self.commit = commit
        self.token = token
    }
}

/// What the follower has. Counts only for the epoch it names.
package struct Ack: Equatable, Sendable {
    package var epoch: Epoch
    package var flushed: LSN
    package var applied: LSN
    /// The newest token received in this epoch.
    package var token: Instant?
    /// Whether the follower holds everything it ever acknowledged.
    package var isSound: Bool

    package init(epoch: Epoch, flushed: LSN, applied: LSN, token: Instant?, isSound: Bool) {
        self.epoch = epoch
        self.flushed = flushed
        self.applied = applied
        self.token = token
        self.isSound = isSound
    }
}

/// Who wants something, why, and when they said so: what a register version records.
package struct Words: Equatable, Sendable {
    /// At most 1,024 bytes; longer is cut.
    package var reason: String
    /// At most 256 bytes.
    package var actor: String
    package var at: WallTime

    package init(reason: String, actor: String, at: WallTime) {
        self.reason = reason
        self.actor = actor
        self.at = at
    }
}
