internal import Environment
internal import ReplicatedLog

/// Shipping to the archive: the primary's work, one step at a time, on the background queue.
extension Node {
    /// How often a node that does not ship looks how far the other one is.
    private static let lookEvery = Interval.seconds(60)
    /// A step that takes longer is told of: a network's directory can hang for ever.
    private static let silence = Interval.seconds(60)

    /// Looks whether something is to be shipped, and begins it.
    func shipIfDue() {
        guard let archive = world.archive, let log else { return }
        guard !maintenance.isShipping else { return noteSilence() }
        guard replica.shownPoint != nil else { return look(archive) }
        var shipper = currentShipper()
        shipper.noteLog(
            oldest: log.oldest, closed: log.closedPoint, committed: replica.commit, now: now)
        if let newest = maintenance.manifests.first { shipper.noteSnapshot(newest) }
        maintenance.shipper = shipper
        guard let step = shipper.next(now: now) else { return }
        var stretch: LogStretch?
        if case .log(let from, let through) = step {
            do {
                stretch = try log.stretch(from: from, through: through)
                guard stretch != nil else { return }
            } catch {
                return world.tell(.alarm("the log cannot be read for the archive: \(error)"))
            }
        }
        perform(step, stretch, on: archive, shipper.identity)
    }

    /// A follower ships nothing, but its log may go only as far as the archive has it: it looks.
    private func look(_ archive: any Archive) {
        guard replica.role == .follower else { return }
        if let last = maintenance.lookedAt, now.since(last) < Self.lookEvery { return }
        maintenance.lookedAt = now
        let shipper = currentShipper()
        maintenance.shipper = shipper
        perform(.list, nil, on: archive, shipper.identity)
    }

    /// Says once that the archive does not answer. Nothing else waits for it.
    private func noteSilence() {
        let silence = now.since(maintenance.shippingSince)
        guard silence >= Self.silence else { return }
        maintenance.archiveState = "waiting: no answer for \(silence.milliseconds / 1_000) s"
        if maintenance.hasToldOfSilence { return }
        maintenance.hasToldOfSilence = true
        world.tell(.alarm("the archive does not answer; the log is kept"))
    }

    /// A new reign, or a new history, begins by listing what is there.
    private func currentShipper() -> Shipper {
        let identity = LogIdentity(
            cluster: replica.meta.cluster, history: replica.meta.history)
        if let shipper = maintenance.shipper, shipper.identity == identity,
            maintenance.shippingEpoch == replica.epoch
        {
            return shipper
        }
        maintenance.shippingEpoch = replica.epoch
        return Shipper(identity: identity)
    }

    private func perform(
        _ step: ShippingStep, _ stretch: LogStretch?, on archive: any Archive,
        _ identity: LogIdentity
    ) {
        maintenance.isShipping = true
        maintenance.shippingSince = now
        maintenance.hasToldOfSilence = false
        let store = snapshotStore
        archiveQueue.run { [self] in
            let result: Result<ShippingOutcome, DiskError>
            do throws(DiskError) {
                let batches = try Self.read(stretch)
                result = .success(
                    try step.perform(
                        archive: archive, store: store, identity: identity, batches: batches))
            } catch { result = .failure(error) }
            queue.run { [self] in shipped(step, result) }
        }
    }

    /// Reads what is to be shipped where it disturbs nobody.
    private static func read(_ stretch: LogStretch?) throws(DiskError) -> ShippedBatches? {
        do throws(LogFailure) { return try stretch?.read() } catch {
            if case .disk(let error) = error { throw error }
            throw DiskError(.ioError, path: Log.folder, reason: "\(error)")
        }
    }

    private func shipped(_ step: ShippingStep, _ result: Result<ShippingOutcome, DiskError>) {
        maintenance.isShipping = false
        guard !hasEnded, var shipper = maintenance.shipper else { return }
        let gaps = shipper.gaps.count
        switch result {
        case .success(let outcome): shipper.noteDone(step, outcome)
        case .failure(let error):
            shipper.noteFailed(error, now: now)
            tellOfFailure(error, shipper)
        }
        maintenance.shipper = shipper
        if shipper.gaps.count > gaps { world.tell(.alarm("the archive \(Self.lack(shipper))")) }
        let isMore = shipper.archived > maintenance.archived
        maintenance.archived = shipper.archived
        if isMore { trimLog() }
        maintenance.archiveState = state(of: shipper)
        // What is next need not wait for the chores.
        shipIfDue()
    }

    private func tellOfFailure(_ error: DiskError, _ shipper: Shipper) {
        world.tell(
            .alarm(
                shipper.conflict == nil
                    ? "the archive: \(error); the log is kept, it is tried again"
                    : "the archive: \(error): another node ships this history, or somebody wrote "
                        + "there. Nothing more is shipped, and the log is kept"))
    }

    /// A word for the status.
    private func state(of shipper: Shipper) -> String {
        if let conflict = shipper.conflict { return "conflict: \(conflict)" }
        if let failure = shipper.failure { return "waiting: \(failure)" }
        let work = replica.shownPoint == nil ? "watching" : "shipping"
        return shipper.gaps.isEmpty ? work : "\(work); \(Self.lack(shipper))"
    }

    /// What cannot be restored across.
    private static func lack(_ shipper: Shipper) -> String {
        let gaps = shipper.gaps.map { "\($0.lowerBound) to \($0.upperBound)" }
        return "lacks records \(gaps.joined(separator: ", "))"
    }
}
