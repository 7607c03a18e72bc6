import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing

/// A log with snapshots and an archive, and a driver for the `Shipper` as the node is one.
final class ShippingWorld {
    let world = LogWorld()
    let archive = SimulatedArchive()
    var manifests: [Manifest] = []
    var shipper = Shipper(identity: LogWorld.identity)
    /// Steps done, since the beginning.
    var steps: [ShippingStep] = []
    /// Before this step (from 1) the process ends and begins anew; nil for never.
    var restartBefore: Int?
    /// This step's work is done, but its answer is lost and the archive is away for a while.
    var failAt: Int?

    var store: SnapshotStore { SnapshotWorld.store(world.disk) }
    var log: Log? { world.log }

    init() throws { try world.open() }

    /// Appends batches of three records and takes a snapshot of the state in the middle of them.
    func liveOn(batches: Int = 12) throws {
        for index in 0..<batches {
            world.append(records: 3, bytes: 700)
            world.scheduler.run(for: .milliseconds(3))
            guard index == batches / 2, let head = log?.head else { continue }
            let before = world.batches[max(0, world.batches.count - 3)]
            let start = LogHead(last: before.last, epoch: before.epoch, chain: before.chain)
            manifests.append(try SnapshotWorld.write(world.disk, start: start, complete: head))
        }
    }

    func note() {
        guard let log else { return }
        shipper.noteLog(
            oldest: log.oldest, closed: log.closedPoint, committed: log.flushed,
            now: world.scheduler.now)
        if let newest = manifests.last { shipper.noteSnapshot(newest) }
    }

    /// Ships until there is nothing to do, at most `limit` steps.
    func ship(limit: Int = 200) throws {
        note()
        for _ in 0..<limit {
            guard let step = shipper.next(now: world.scheduler.now) else {
                guard shipper.failure != nil else { return }
                world.scheduler.run(for: .seconds(61))
                continue
            }
            if steps.count + 1 == restartBefore {
                restartBefore = nil
                shipper = Shipper(identity: LogWorld.identity)
                note()
                continue
            }
            try perform(step)
        }
        Issue.record("still shipping after \(limit) steps: \(steps.suffix(3))")
    }

    private func perform(_ step: ShippingStep) throws {
        steps.append(step)
        var batches: ShippedBatches?
        if case .log(let from, let through) = step {
            batches = try log?.stretch(from: from, through: through)?.read()
        }
        do throws(DiskError) {
            let outcome = try step.perform(
                archive: archive, store: store, identity: LogWorld.identity, batches: batches)
            if steps.count == failAt {
                throw DiskError(.ioError, path: "archive", reason: "the answer was lost")
            }
            shipper.noteDone(step, outcome)
        } catch {
            shipper.noteFailed(error, now: world.scheduler.now)
        }
    }

    func check() throws -> ArchiveCheck {
        try ArchiveCheck(
            archive: archive, cryptography: SnapshotWorld.cryptography, prefix: shipper.prefix)
    }
}
