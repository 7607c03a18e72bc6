internal import Environment
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
    /// the log, and calls `done`.
    package func stop(_ done: @escaping @Sendable () -> Void) {
        queue.run { [self] in
            guard !hasEnded, let log else { return done() }
            for listener in listeners { listener.close() }
            for id in sessions.keys.sorted() {
                sessions[id]?.leave(.starting, "This node is stopping.")
            }
            closeGroup()
            log.close { done() }
        }
    }
}
