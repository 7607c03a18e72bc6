package import Environment

/// What a `Replica` wants done. Effects are executed strictly in order, each begun only when the
/// ones before it have been; those marked *completes* must have completed.
package enum ReplicaEffect: Equatable, Sendable {
    /// Write to the local log and flush it; `.flushed` tells when. Need not wait.
    case write(Batch)
    /// Queue on the connection.
    case send(LinkID, PeerMessage)
    /// Close the connection; no `.peerDisconnected` is needed for it.
    case disconnect(LinkID, String)
    /// Try to reach the other node, unless that is under way.
    case connectPeer
    /// *Completes*: durable before anything after it is begun.
    case storeMeta(NodeMeta)
    /// The commit point is here: replies that wait for it may leave.
    case advanceCommit(LSN)
    /// Bring the state up to this record, from the log, in order; `.applied` tells how far it is.
    case applyThrough(LSN)
    /// Copy the log after this head to `diverged/`, cut it, make that durable; then
    /// `.logTruncated`.
    case truncateLog(after: LogHead)
    /// The state holds records that the log no longer has: load it anew, up to this record.
    case reloadState(through: LSN)
    /// Read batches for the other node, what is written and not yet flushed too; `.logRead`
    /// answers.
    case readLog(after: LSN, maxBytes: Int)
    /// Send the newest snapshot on the connection, as `snapshotBegin`, `snapshotChunk`s and
    /// `snapshotEnd`.
    case sendSnapshot(LinkID, epoch: Epoch)
    /// Receive a snapshot in the place of log and state; the messages follow.
    case expectSnapshot(manifest: [UInt8])
    case storeSnapshot(file: UInt32, offset: UInt64, bytes: [UInt8])
    /// It is complete: verify and install it; `.snapshotInstalled` or `.snapshotFailed` answers.
    case installSnapshot
    /// *Completes*, and so must every `applyThrough` before it: the shards may be written to, and
    /// what is submitted from now on is of this epoch.
    case becomePrimary(Epoch)
    case becomeFollower
    /// The start barrier is passed: replies may leave and reads be answered.
    case openGate(Epoch)
    /// No reply may leave any more; those that wait are answered "fenced while executing".
    case closeGate
    /// Reads that asked for confirmation at or before this moment are confirmed.
    case confirmReads(through: Instant)
    /// Compare the state's digests after this record with these; `.digestCompared` answers.
    case compareDigest(at: LSN, [UInt8])
    case answerOperator(UInt64, OperatorAnswer)
    /// Tell people: in the diagnostics, the status and a metric.
    case alarm(String)
    /// End the process. Nothing after it is executed, nor any further event given.
    case end(ReplicaEnd)
}

/// Why a node must not go on.
package enum ReplicaEnd: Equatable, Sendable {
    /// Its disk failed (exit code 74).
    case diskFailed(String)
    /// Another node is primary in a newer epoch; at its next start this one is a follower.
    case fenced(by: Identity)
    /// What it held and acknowledged is missing (exit code 80).
    case damaged(String)
}
