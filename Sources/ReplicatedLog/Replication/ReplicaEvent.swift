/// A connection to another node, numbered by whoever made it; never used twice in a process.
@frozen
package struct LinkID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (left: LinkID, right: LinkID) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "link \(rawValue)" }
}

/// What happened, for a `Replica` to decide about.
package enum ReplicaEvent: Equatable, Sendable {
    /// The process has read its disk. Once, first.
    case started(ReplicaStart)
    /// Time passed. At `Replica.deadline`, or more often.
    case ticked
    /// Records to append; only while `writeRight` grants it, in the same turn. They begin after
    /// `Replica.appended`. `payload` is as in `Batch`; `time` is wall time.
    case submitted(payload: [UInt8], count: UInt32, time: Int64)
    /// The local log is flushed through this record.
    case flushed(LSN)
    /// The local log, or node.meta, failed: nothing more can be promised.
    case logFailed(String)
    /// The state contains every record through this one. Not needed on a primary, whose state is
    /// ahead of its log.
    case applied(LSN)
    /// What `readLog` asked for.
    case logRead(after: LSN, LogReading)
    /// `truncateLog` is done and durable; the log ends here.
    case logTruncated(LogHead)
    /// The snapshot that was received is installed: the log is empty and goes on after this head.
    case snapshotInstalled(LogHead, EpochHistory)
    /// It could not be: what was received is bad, or there is no room.
    case snapshotFailed(String)
    case peerConnected(LinkID, Identity)
    case peerReceived(LinkID, PeerMessage)
    case peerDisconnected(LinkID)
    case operatorAsked(UInt64, OperatorCommand, Words)
    /// Reads wait for a round to the follower (`ReadRight.afterConfirmation`).
    case confirmationAsked
    /// The digests of the state after this record, taken to be compared.
    case digestTaken(at: LSN, [UInt8])
    /// What `compareDigest` asked for.
    case digestCompared(at: LSN, equal: Bool)
}

/// What a node knows of itself when its process starts.
package struct ReplicaStart: Equatable, Sendable {
    package var meta: NodeMeta
    /// Where the log ends; everything up to there is flushed.
    package var head: LogHead
    package var epochs: EpochHistory
    /// Known to be committed (from batch headers and the snapshot); a lower bound.
    package var commit: LSN
    /// What the loaded state contains.
    package var applied: LSN
    /// The time of the log's newest batch, before which none is stamped from now on.
    package var time: Int64
    package var end: LogEnd

    package init(
        meta: NodeMeta, head: LogHead, epochs: EpochHistory, commit: LSN, applied: LSN,
        time: Int64 = 0, end: LogEnd = .whole
    ) {
        self.meta = meta
        self.head = head
        self.epochs = epochs
        self.commit = commit
        self.applied = applied
        self.time = time
        self.end = end
    }
}

/// What recovery made of the log's end.
package enum LogEnd: Equatable, Sendable {
    /// Nothing is missing that can have been acknowledged.
    case whole
    /// The last batch is bad and nothing vouches either way: only the peer can tell.
    case undecided
    /// Something acknowledged is missing.
    case damaged(String)
}

/// Batches read from the local log for the other node.
package enum LogReading: Equatable, Sendable {
    /// In order, without a gap, at least one.
    case batches([Batch])
    /// The log no longer goes back that far.
    case gone
}
