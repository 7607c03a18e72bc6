package import Environment
internal import ReplicatedLog
internal import WorkGraph
internal import WorkProtocol

/// What a node does by itself, and how it stops.
extension Node {
    /// Looked at a few times a second: snapshots, digests, the archive.
    func maintain() {
        snapshotIfDue()
        takeDigestIfDue()
        shipIfDue()
        beginDays()
    }

    /// Moves in My Tasks what moves when a day begins: once a minute all workspaces are gone
    /// through, a few at a time, so that no request waits for the round. Only where clients may
    /// write: while they may not nothing moves, and a later round makes up for it.
    private func beginDays() {
        guard case .yes = replica.writeRight(minReplicas: 1, now: now), log?.isFull == false
        else { return }
        if maintenance.daysLeft.isEmpty {
            if let began = maintenance.daysBegunAt, now.since(began) < .seconds(60) { return }
            maintenance.daysBegunAt = now
            maintenance.daysLeft = shards.ordinals.filter { $0 != 0 }
        }
        var people = Self.daysAtOnce
        for _ in 0..<Self.workspacesAtOnce {
            guard let ordinal = maintenance.daysLeft.popLast() else { return }
            people -= beginDays(in: ordinal, most: people)
            guard people > 0 else { return maintenance.daysLeft.append(ordinal) }
        }
    }

    /// How many workspaces are looked at, and for how many people a day begins, in one turn.
    private static let workspacesAtOnce = 64
    private static let daysAtOnce = 50

    /// - Returns: for how many people a day has begun.
    private func beginDays(in ordinal: UInt32, most: Int) -> Int {
        let wallTime = world.scheduler.wallTime
        let days = shards.workspace(ordinal)?.daysToBegin(most: most) { [world] zone in
            world.timeZones.localDay(of: wallTime, in: zone).flatMap { Int32(exactly: $0) }
        }
        var begun = 0
        for day in days ?? [] {
            do throws(Rejection) {
                try perform(.beginDay(day), in: ordinal, as: .node, request: nil, hash: 0)
                begun += 1
            } catch {
                world.tell(
                    .alarm("the day of \(day.account) in workspace \(ordinal): \(error)"))
            }
        }
        return begun
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
