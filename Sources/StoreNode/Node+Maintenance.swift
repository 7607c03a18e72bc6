package import Environment
internal import ReplicatedLog
internal import WorkProtocol

/// What a node does by itself, and how it stops.
extension Node {
    /// Looked at a few times a second: snapshots, digests, the archive.
    func maintain() {
        snapshotIfDue()
        takeDigestIfDue()
        shipIfDue()
    }

    /// Stops in good order: takes nothing more, waits for what is under way, vouches for the end of
    /// the log, and calls `done`; without the last when the disk does not answer in time.
    package func stop(
        within limit: Interval = .seconds(10), _ done: @escaping @Sendable () -> Void
    ) {
        queue.run { [self] in
            guard !hasEnded, !isStopping, let log else { return done() }
            isStopping = true
            for listener in listeners { listener.close() }
            // While its primary sends, a follower's log is never at rest.
            if replica.role == .follower { for id in links.keys.sorted() { dropLink(id) } }
            for id in sessions.keys.sorted() {
                sessions[id]?.leave(.starting, "This node is stopping.")
            }
            closeGroup()
            log.close(within: limit) { done() }
        }
    }
}
