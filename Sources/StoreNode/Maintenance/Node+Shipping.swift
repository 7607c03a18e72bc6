internal import Environment
internal import ReplicatedLog

/// Shipping to the archive: the primary's work, one step at a time, on the background queue.
extension Node {
    /// Looks whether something is to be shipped, and begins it.
    func shipIfDue() {
        guard let archive = world.archive, let log, replica.shownPoint != nil,
            !maintenance.isShipping
        else { return }
        var shipper = currentShipper()
        shipper.noteLog(
            oldest: log.oldest, closed: log.closedPoint, committed: replica.commit, now: now)
        if let newest = maintenance.manifests.first { shipper.noteSnapshot(newest) }
        maintenance.shipper = shipper
        guard let step = shipper.next(now: now) else { return }
        var batches: ShippedBatches?
        if case .log(let from, _) = step {
            do {
                batches = try log.batchesToShip(from: from)
                guard batches != nil else { return }
            } catch {
                return world.tell(.alarm("the log cannot be read for the archive: \(error)"))
            }
        }
        perform(step, batches, on: archive, shipper.identity)
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
        _ step: ShippingStep, _ batches: ShippedBatches?, on archive: any Archive,
        _ identity: LogIdentity
    ) {
        maintenance.isShipping = true
        let store = snapshotStore
        background.run { [self] in
            let result: Result<ShippingOutcome, DiskError>
            do throws(DiskError) {
                result = .success(
                    try step.perform(
                        archive: archive, store: store, identity: identity, batches: batches))
            } catch { result = .failure(error) }
            queue.run { [self] in shipped(step, result) }
        }
    }

    private func shipped(_ step: ShippingStep, _ result: Result<ShippingOutcome, DiskError>) {
        maintenance.isShipping = false
        guard !hasEnded, var shipper = maintenance.shipper else { return }
        switch result {
        case .success(let outcome): shipper.noteDone(step, outcome)
        case .failure(let error):
            shipper.noteFailed(error, now: now)
            world.tell(.alarm("the archive: \(error); the log is kept, it is tried again"))
        }
        maintenance.shipper = shipper
        if shipper.archived > maintenance.archived {
            maintenance.archived = shipper.archived
            trimLog()
        }
        maintenance.archiveState =
            shipper.conflict.map { "conflict: \($0)" } ?? shipper.failure.map { "waiting: \($0)" }
            ?? "shipping"
        // What is next need not wait for the chores.
        shipIfDue()
    }
}
