internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkGraph
internal import WorkProtocol

/// Taking snapshots while everything goes on, and loading the newest good one.
extension Node {
    var snapshotStore: SnapshotStore {
        SnapshotStore(disk: world.disk, cryptography: world.cryptography)
    }

    // MARK: - Taking

    /// Takes a snapshot of the state as it is now: the workspaces are frozen here, which copies
    /// nothing, encoded on the background queue, and published when their point is committed.
    func takeSnapshot(_ completed: @escaping (Result<SnapshotTaken, Rejection>) -> Void) {
        guard !maintenance.isSnapshotting else {
            return completed(
                .failure(Rejection(.conflict, "A snapshot is being taken; wait for it.")))
        }
        closeGroup()
        guard let log, let head = stateHead(log), head.last > maintenance.snapshotPoint else {
            return completed(
                .failure(Rejection(.conflict, "Nothing has changed since the last snapshot.")))
        }
        maintenance.isSnapshotting = true
        let frozen = shards.ordinals.compactMap { shards.workspace($0)?.frozen() }
        var epochs = log.epochHistory
        epochs.truncate(after: head.last)
        let manifest = Manifest(
            cluster: replica.meta.cluster, history: replica.meta.history, epochs: epochs,
            start: head, complete: head, time: max(world.scheduler.wallTime, log.newestTime),
            software: "holdfastd \(configuration.version)",
            workspaces: frozen.map { $0.image(at: head.last) }, counts: [])
        let job = SnapshotJob(
            manifest: manifest, began: now,
            writer: SnapshotWriter(disk: world.disk, cryptography: world.cryptography),
            completed: completed)
        snapshotQueue.run { [self] in
            let failure = job.write(frozen)
            queue.run { [self] in snapshotWritten(job, failure) }
        }
    }

    /// Where the log stands that the state in memory contains; nil where that is inside a batch.
    private func stateHead(_ log: Log) -> LogHead? {
        if replica.epoch != nil { return replica.appended }
        return (try? log.head(at: applied)) ?? nil
    }

    private func snapshotWritten(_ job: SnapshotJob, _ failure: DiskError?) {
        guard !hasEnded else { return }
        if let failure { return snapshotFailed(job, failure) }
        maintenance.finishedJob = job
        snapshotMayBePublished()
    }

    private func snapshotFailed(_ job: SnapshotJob, _ failure: DiskError) {
        maintenance.isSnapshotting = false
        maintenance.snapshotRetryAt = now.advanced(by: .seconds(30))
        world.tell(.alarm("no snapshot: \(failure); the log is kept"))
        snapshotQueue.run { job.abandon() }
        job.completed(
            .failure(Rejection(failure.kind == .noSpace ? .diskFull : .failed, "\(failure)")))
    }

    /// A snapshot of records that are not committed may have to be forgotten; it is not published
    /// before they are.
    func snapshotMayBePublished() {
        guard let job = maintenance.finishedJob, job.manifest.point <= replica.commit else {
            return
        }
        maintenance.finishedJob = nil
        let kept = configuration.snapshots.kept
        let bad = maintenance.badSnapshots
        let store = snapshotStore
        snapshotQueue.run { [self] in
            let result = job.publish(in: store, keeping: kept, without: bad)
            queue.run { [self] in snapshotPublished(job, result) }
        }
    }

    private func snapshotPublished(_ job: SnapshotJob, _ result: Result<[Manifest], DiskError>) {
        guard !hasEnded else { return }
        switch result {
        case .failure(let failure): snapshotFailed(job, failure)
        case .success(let manifests):
            maintenance.isSnapshotting = false
            maintenance.snapshotPoint = job.manifest.point
            maintenance.snapshotTime = job.manifest.time
            maintenance.manifests = manifests
            maintenance.badSnapshots = []
            trimLog()
            var taken = SnapshotTaken()
            taken.lsn = job.manifest.point.rawValue
            taken.bytes = UInt64(manifests.first?.chunks.reduce(0) { $0 + $1.bytes } ?? 0)
            taken.milliseconds = now.since(job.began).milliseconds
            job.completed(.success(taken))
            for (link, sender) in snapshotSenders where !sender.hasBegun { begin(sender, link) }
        }
    }

    /// Gives back the part of the log that two snapshots and the archive make needless.
    func trimLog() {
        let first = Retention.firstNeeded(
            manifests: maintenance.manifests,
            archived: world.archive == nil ? nil : maintenance.archived,
            pinned: replica.pinnedPoint)
        log?.trim(before: first)
    }

    /// Takes a snapshot when enough log has been written since the last one.
    func snapshotIfDue() {
        guard let log, !maintenance.isSnapshotting, now >= maintenance.snapshotRetryAt,
            replica.shownPoint != nil || isFollowing
        else { return }
        let last = maintenance.manifests.first { $0.point == maintenance.snapshotPoint }
        let held = last?.chunks.reduce(0) { $0 + $1.rawBytes } ?? 0
        let due = configuration.snapshots.dueAfter(snapshotBytes: held)
        if log.bytes(after: maintenance.snapshotPoint) >= due { takeSnapshot { _ in } }
    }

    private var isFollowing: Bool { replica.role == .follower && applied > .zero }

    // MARK: - Loading

    /// What a snapshot left in memory: where its log goes on.
    struct SnapshotPosition {
        var head: LogHead
        var epochs: EpochHistory
        /// The newest record in the state.
        var last: LSN { head.last }
        /// The first record the log must still have.
        var needed: LSN { head.last.next }
    }

    /// Loads the newest snapshot whose every hash fits; nil if there is none.
    ///
    /// It is read once: what was loaded from one that turns out to be bad is thrown away.
    func loadNewestSnapshot(_ meta: NodeMeta) throws(NodeEnd) -> SnapshotPosition? {
        let found: SnapshotStore.Found
        var refusal: NodeEnd?
        do {
            found = try snapshotStore.newestGood(
                of: LogIdentity(cluster: meta.cluster, history: meta.history)
            ) { (manifest) throws(SnapshotFailure) in
                refusal = try load(manifest)
            }
        } catch { throw NodeEnd(74, "the snapshots cannot be read: \(error)") }
        for refused in found.refused {
            // What a newer program has done after an older snapshot, this one cannot know.
            if case .newer(let file) = refused { throw NodeEnd(78, "\(file)") }
            world.tell(.alarm("\(refused)"))
        }
        if let refusal { throw refusal }
        maintenance.badSnapshots = found.bad
        guard let manifest = found.manifest else {
            guard found.refused.isEmpty else {
                throw NodeEnd(
                    80,
                    "no snapshot is good (\(found.refused[0])); of a pair, make this node anew "
                        + "and let it join; alone, `holdfast-tools restore`")
            }
            return nil
        }
        return SnapshotPosition(head: manifest.start, epochs: manifest.logStart.epochs)
    }

    /// Loads a snapshot in place of the state.
    /// - Returns: what is wrong with it although every hash fits: no other can be used then.
    /// - Throws: what is wrong with its files.
    private func load(_ manifest: Manifest) throws(SnapshotFailure) -> NodeEnd? {
        var loader = WorkspaceLoader()
        var loaded: [WorkspaceImage] = []
        var refusal: Corruption?
        shards.removeAll()
        do throws(SnapshotFailure) {
            try snapshotStore.forEachPiece(of: manifest, ahead: world.scheduler) {
                (piece) throws(Corruption) in
                do throws(Corruption) {
                    try loader.take(piece.bytes)
                    guard piece.isLast else { return }
                    let workspace = try loader.finish()
                    shards.shard(of: workspace.ordinal).adopt(workspace)
                    loaded.append(workspace.image(at: manifest.complete.last))
                    loader = WorkspaceLoader()
                } catch {
                    refusal = error
                    throw error
                }
            }
        } catch {
            guard refusal != nil else { throw error }
            return NodeEnd(80, "snapshot \(manifest.point) cannot be loaded: \(error)")
        }
        guard loaded == manifest.workspaces else {
            return NodeEnd(
                80,
                "snapshot \(manifest.point) holds other workspaces, positions or digests than its "
                    + "manifest says (\(loaded.count) of \(manifest.workspaces.count))")
        }
        maintenance.snapshotPoint = manifest.point
        maintenance.snapshotTime = manifest.time
        maintenance.manifests = [manifest]
        return nil
    }

    // MARK: - Receiving

    func expectSnapshot(_ encoded: [UInt8]) {
        do {
            receiver = try SnapshotReceiver(store: snapshotStore, manifest: encoded)
        } catch {
            receiver = nil
            world.tell(.alarm("the snapshot that is sent cannot be taken: \(error)"))
        }
    }

    func storeSnapshot(_ file: UInt32, _ offset: UInt64, _ bytes: [UInt8]) {
        do {
            try receiver?.store(file: Int(file), offset: offset, bytes: bytes)
        } catch {
            abandonReceived()
            world.tell(.alarm("the snapshot that is sent cannot be stored: \(error)"))
        }
    }

    /// Gives back the room of what was received; if that fails, the next start or snapshot does.
    private func abandonReceived() {
        try? receiver?.abandon()
        receiver = nil
    }

    private func loadReceived(_ manifest: Manifest) throws(NodeEnd) {
        let refusal: NodeEnd?
        do throws(SnapshotFailure) { refusal = try load(manifest) } catch {
            throw NodeEnd(80, "snapshot \(manifest.point) cannot be loaded: \(error)")
        }
        if let refusal { throw refusal }
    }

    /// Verifies what was received, begins the log anew after it, and loads it.
    func installSnapshot() {
        guard var receiver else { return events.append(.snapshotFailed("it was not whole")) }
        wantedDigest = nil
        let manifest: Manifest
        do { manifest = try receiver.finish() } catch {
            abandonReceived()
            return events.append(.snapshotFailed("\(error)"))
        }
        self.receiver = nil
        log?.startAfter(manifest.logStart) { [weak self] result in
            guard let self else { return }
            do throws(NodeEnd) {
                if case .failure(let failure) = result { throw NodeEnd(failure) }
                try loadReceived(manifest)
            } catch { return end(error) }
            applied = manifest.start.last
            applyTarget = applied
            give(.snapshotInstalled(manifest.start, manifest.logStart.epochs))
        }
    }
}

/// A snapshot on its way to the disk.
///
/// `@unchecked Sendable`: handed from queue to queue, used by one at a time.
final class SnapshotJob: @unchecked Sendable {
    let manifest: Manifest
    let began: Instant
    let completed: (Result<SnapshotTaken, Rejection>) -> Void
    private let writer: SnapshotWriter

    init(
        manifest: Manifest, began: Instant, writer: SnapshotWriter,
        completed: @escaping (Result<SnapshotTaken, Rejection>) -> Void
    ) {
        self.manifest = manifest
        self.began = began
        self.writer = writer
        self.completed = completed
    }

    /// Bytes encoded at a time.
    private static let pieceBytes = 256 << 10

    /// Writes all chunks; on the background queue.
    func write(_ workspaces: [FrozenWorkspace]) -> DiskError? {
        do throws(DiskError) {
            try writer.begin()
            for workspace in workspaces {
                let number = UInt64(workspace.ordinal)
                try workspace.encode(pieceBytes: Self.pieceBytes) { piece throws(DiskError) in
                    try writer.append(piece, of: number, isLast: false)
                }
                try writer.append([], of: number, isLast: true)
            }
            return nil
        } catch { return error }
    }

    /// Publishes it and removes those that are bad or too many; on the background queue.
    func publish(
        in store: SnapshotStore, keeping: Int, without bad: [LSN]
    ) -> Result<[Manifest], DiskError> {
        do throws(DiskError) {
            _ = try writer.finish(manifest)
            for point in bad where point != manifest.point { try store.remove(point) }
            for point in Retention.removable(points: try store.list(), keeping: keeping) {
                try store.remove(point)
            }
            return .success(try store.list().compactMap { try? store.manifest($0) })
        } catch { return .failure(error) }
    }

    func abandon() {
        // What cannot be removed now is removed by the next snapshot, or at the next start.
        try? writer.abandon()
    }
}

extension WorkspaceGraph {
    fileprivate func image(at lsn: LSN) -> WorkspaceImage {
        WorkspaceImage(ordinal: ordinal, position: position, lsn: lsn, digest: digest)
    }
}

extension FrozenWorkspace {
    func image(at lsn: LSN) -> WorkspaceImage {
        WorkspaceImage(ordinal: ordinal, position: position, lsn: lsn, digest: digest)
    }
}

extension WorkspaceImage {
    fileprivate init(ordinal: UInt32, position: UInt64, lsn: LSN, digest: UInt64) {
        var writer = ByteWriter(capacity: 8)
        writer.append(fixed: digest)
        self.init(workspace: UInt64(ordinal), position: position, lsn: lsn, digest: writer.bytes)
    }
}
