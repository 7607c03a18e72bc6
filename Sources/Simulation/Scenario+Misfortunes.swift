internal import Environment
internal import ReplicatedLog
internal import StoreNode

/// What may befall a pair.
enum Misfortune: CaseIterable {
    case failover, failoverJustAfterRestart, promotionOfLiving, switchover
    case primaryCrash, followerCrash, bothCrash, crashInOperation, crashWhileStarting
    case cut, oneWayCut, brokenConnections, pause
    case flushFailure, fullDisk, stuckDisk
    case archiveAway, wallJump, followerLost, damage
}

extension Course {
    /// Lets it happen. - Returns: what happened, in words.
    func befall(
        _ kind: Misfortune, _ primary: SimulatedHost, _ other: SimulatedHost
    ) -> String {
        let one = cluster.random.chance(1, in: 2) ? primary : other
        switch kind {
        case .failover: return failOver(primary, other)
        case .failoverJustAfterRestart: return failTwice(primary, other)
        case .promotionOfLiving: return promoteOverLiving(primary, other)
        case .switchover: return switchOver(one, one === primary ? other : primary)
        case .primaryCrash: return crash(primary, most: 2_000)
        case .followerCrash: return crash(other, most: 3_000)
        case .bothCrash: return crashBoth(primary, other)
        case .crashInOperation: return crashInOperation(one, one === primary ? other : nil)
        case .crashWhileStarting: return crashWhileStarting(one)
        case .cut: return cut(primary, other)
        case .oneWayCut: return cutOneWay(one, one === primary ? other : primary)
        case .brokenConnections: return breakConnections(primary, other)
        case .pause: return pause(one)
        case .flushFailure: return failFlush(one)
        case .fullDisk: return fill(one)
        case .stuckDisk: return stick(one)
        case .archiveAway: return awayWithArchive()
        case .wallJump: return jump(one)
        case .followerLost: return loseFollower(primary, other)
        case .damage: return damage(other, primary)
        }
    }

    /// Lets time pass, up to so many milliseconds.
    private func wait(_ most: Int) {
        cluster.run(for: .milliseconds(UInt64(1 + cluster.random.number(below: most))))
    }

    /// What is left of what was not flushed when a machine crashes.
    private func remainder() -> CrashRemainder {
        guard cluster.random.chance(options.powerLossesOfTen, in: 10) else { return .everything }
        return options.tears ? .some(cluster.random.next()) : .nothing
    }

    // MARK: - Promotions

    private func failOver(_ primary: SimulatedHost, _ other: SimulatedHost) -> String {
        let wasPaired = cluster.isPaired
        primary.kill(remainder())
        wait(500)
        let isSolo = cluster.policy == .solo || cluster.random.chance(2, in: 3)
        cluster.promote(other, down: primary, solo: isSolo)
        cluster.run(until: { other.node?.isOpen ?? false }, limit: .seconds(10))
        wait(500)
        return "\(primary.name) killed, \(other.name) promoted (paired \(wasPaired)), "
            + whatBecomes(of: primary, after: other)
    }

    /// The old primary comes back, as a follower if it may be one, stays away for a while, or has
    /// gone for good.
    private func whatBecomes(of old: SimulatedHost, after new: SimulatedHost) -> String {
        switch cluster.random.number(below: 3) {
        case 0:
            old.start()
            return "the old one returns"
        case 1 where (new.node?.isOpen ?? false) && cluster.leadsNewest(new):
            old.retire()
            cluster.addFollower()
            wait(1_000)
            return "a fresh follower in the old one's place"
        default: return "the old one stays away"
        }
    }

    /// The primary dies, comes back with all it had written, and dies again as soon as it serves.
    private func failTwice(_ primary: SimulatedHost, _ other: SimulatedHost) -> String {
        primary.kill(.everything)
        wait(50)
        primary.start()
        cluster.run(until: { primary.node?.isOpen ?? false }, limit: .seconds(3))
        wait(40)
        return failOver(primary, other) + " just after a restart"
    }

    /// The operator errs: the primary stands still, or is cut off, and is said to be down.
    private func promoteOverLiving(_ primary: SimulatedHost, _ other: SimulatedHost) -> String {
        let isCut = cluster.random.chance(1, in: 2)
        if isCut {
            cluster.wire.cutBothWays(primary.name, other.name)
        } else {
            cluster.coverage[.pause] += 1
            primary.pace.pause(
                for: .milliseconds(UInt64(500 + cluster.random.number(below: 4_000))))
        }
        wait(2_500)
        cluster.promote(other, down: primary)
        wait(4_000)
        if isCut { cluster.wire.heal() }
        wait(1_000)
        return "\(other.name) promoted over \(primary.name), which "
            + (isCut ? "was cut off" : "stood still")
    }

    private func switchOver(_ asked: SimulatedHost, _ other: SimulatedHost) -> String {
        cluster.switchOver(asked)
        // Half of the time one of them dies in the middle of it.
        guard cluster.random.chance(1, in: 2) else {
            wait(1_000)
            return "switchover asked of \(asked.name)"
        }
        wait(20)
        let victim = cluster.random.chance(1, in: 2) ? asked : other
        return "switchover asked of \(asked.name), " + crash(victim, most: 1_000)
    }

    // MARK: - Crashes

    private func crash(_ host: SimulatedHost, most: Int) -> String {
        let remainder = remainder()
        host.kill(remainder)
        wait(most)
        host.start()
        return "\(host.name) crashed (\(remainder)) and started again"
    }

    private func crashBoth(_ primary: SimulatedHost, _ other: SimulatedHost) -> String {
        let isFirst = cluster.random.chance(1, in: 2)
        let order = isFirst ? [primary, other] : [other, primary]
        for host in order {
            host.kill(remainder())
            if cluster.random.chance(1, in: 2) { wait(1_000) }
        }
        wait(1_000)
        let back = cluster.random.chance(1, in: 2) ? order : order.reversed()
        for host in back {
            host.start()
            wait(1_500)
        }
        return "both crashed, \(order[0].name) first, and started again, \(back[0].name) first"
    }

    /// The machine stops in the middle of what its disk does; of a primary the follower may be
    /// promoted.
    private func crashInOperation(
        _ host: SimulatedHost, _ follower: SimulatedHost?
    ) -> String {
        let ahead = 1 + cluster.random.number(below: 200)
        host.crash(atOperation: host.diskOperations + ahead, remainder())
        cluster.run(until: { !host.isRunning }, limit: .seconds(3))
        guard !host.isRunning else {
            host.callOffCrash()
            return "\(host.name) was to crash and did not"
        }
        wait(500)
        if let follower, cluster.random.chance(1, in: 2) {
            cluster.promote(follower, down: host)
            cluster.run(until: { follower.node?.isOpen ?? false }, limit: .seconds(5))
        }
        host.start()
        wait(500)
        return "\(host.name) crashed in a disk operation and started again"
    }

    /// A crash, and another one while it starts again.
    private func crashWhileStarting(_ host: SimulatedHost) -> String {
        host.kill(remainder())
        wait(500)
        let operations = 1 + cluster.random.number(below: 60)
        host.crash(atOperation: host.diskOperations + operations, remainder())
        host.start()
        wait(500)
        host.callOffCrash()
        host.start()
        wait(500)
        return "\(host.name) crashed, and again after \(operations) operations of its start"
    }

    // MARK: - The network

    private func cut(_ primary: SimulatedHost, _ other: SimulatedHost) -> String {
        cluster.coverage[.cut] += 1
        cluster.wire.cutBothWays(primary.name, other.name)
        wait(8_000)
        cluster.wire.heal()
        return "cut between the nodes"
    }

    private func cutOneWay(_ from: SimulatedHost, _ to: SimulatedHost) -> String {
        cluster.coverage[.oneWayCut] += 1
        cluster.wire.cut(from: from.name, to: to.name)
        wait(8_000)
        cluster.wire.heal()
        return "cut from \(from.name) to \(to.name)"
    }

    private func breakConnections(_ primary: SimulatedHost, _ other: SimulatedHost) -> String {
        for _ in 0..<(1 + cluster.random.number(below: 6)) {
            cluster.coverage[.brokenConnection] += 1
            cluster.wire.breakConnections(primary.name, other.name)
            wait(400)
        }
        return "the nodes' connections broken"
    }

    private func pause(_ host: SimulatedHost) -> String {
        cluster.coverage[.pause] += 1
        let length = UInt64(200 + cluster.random.number(below: 6_000))
        host.pace.pause(for: .milliseconds(length))
        cluster.run(for: .milliseconds(length + 500))
        return "\(host.name) stood still for \(length) ms"
    }

    // MARK: - Disks, clocks, the archive

    /// A flush fails; the node ends, and its supervisor starts it again. Then power may go.
    private func failFlush(_ host: SimulatedHost) -> String {
        let known = host.disk
        known.faults.failFlush = known.flushes + 1 + cluster.random.number(below: 20)
        cluster.run(until: { !host.isRunning }, limit: .seconds(3))
        guard !host.isRunning else {
            known.faults.failFlush = nil
            return "a flush of \(host.name) was to fail and did not"
        }
        cluster.coverage[.flushFailure] += 1
        cluster.run(until: { host.isRunning }, limit: .seconds(2))
        wait(1_500)
        guard cluster.random.chance(1, in: 2) else { return "a flush of \(host.name) failed" }
        host.kill(cluster.random.chance(1, in: 2) ? .nothing : remainder())
        wait(500)
        host.start()
        return "a flush of \(host.name) failed, and power went after its restart"
    }

    private func fill(_ host: SimulatedHost) -> String {
        cluster.coverage[.fullDisk] += 1
        host.disk.capacity = host.disk.usedBytes + cluster.random.number(below: 300 << 10)
        wait(4_000)
        // Half of the time it crashes while it is full.
        let crashes = cluster.random.chance(1, in: 2)
        let crashed = crashes ? ", " + crash(host, most: 500) : ""
        wait(2_000)
        host.disk.capacity = nil
        wait(2_000)
        return "the disk of \(host.name) was full for a while" + crashed
    }

    /// Flushes take seconds: the node must look dead, and come back.
    private func stick(_ host: SimulatedHost) -> String {
        cluster.coverage[.stuckDisk] += 1
        let length = UInt64(500 + cluster.random.number(below: 6_000))
        let usual = host.disk.appendDelay
        host.disk.appendDelay = (.milliseconds(length), .milliseconds(length))
        wait(2_000)
        host.disk.appendDelay = usual
        cluster.run(for: .milliseconds(length))
        return "flushes of \(host.name) took \(length) ms"
    }

    private func awayWithArchive() -> String {
        cluster.coverage[.archiveAway] += 1
        cluster.archive.isAway = true
        wait(3_000)
        // It may stay away over the next misfortunes.
        if cluster.random.chance(1, in: 2) { cluster.archive.isAway = false }
        return "the archive was away"
    }

    private func jump(_ host: SimulatedHost) -> String {
        cluster.coverage[.wallJump] += 1
        let hours = cluster.random.number(below: 48) - 24
        host.pace.jump(Int64(hours) * 3_600_000)
        wait(1_000)
        return "the wall clock of \(host.name) jumped by \(hours) h"
    }

    // MARK: - Replacement

    /// The follower's machine is gone for good; the primary goes on alone, and a fresh follower
    /// joins it while clients write.
    private func loseFollower(_ primary: SimulatedHost, _ other: SimulatedHost) -> String {
        guard cluster.leadsNewest(primary) else {
            return "\(other.name) is not behind"
        }
        other.retire()
        cluster.leaveAlone(primary, without: nil)
        wait(500)
        cluster.addFollower()
        wait(3_000)
        return "\(other.name) lost for good, \(primary.name) alone, a fresh follower"
    }

    /// A bit of the follower's log or snapshots is not what was written; the primary's copy is
    /// good. Where the follower finds that it cannot go on, a fresh one takes its place.
    private func damage(_ host: SimulatedHost, _ primary: SimulatedHost) -> String {
        host.kill(.everything)
        wait(200)
        let paths = host.disk.paths.filter {
            $0.hasPrefix("log/wal-") || $0.hasPrefix("snapshots/snap-")
        }
        guard !paths.isEmpty else { return "nothing to damage" }
        cluster.coverage[.damage] += 1
        let path = paths[cluster.random.number(below: paths.count)]
        var place = 0
        host.disk.damage(path) { bytes in
            guard !bytes.isEmpty else { return }
            // Somewhere that is not an unused zero, if that is found soon.
            for _ in 0..<40 where bytes[place] == 0 {
                place = cluster.random.number(below: bytes.count)
            }
            bytes[place] ^= 1 << UInt8(cluster.random.number(below: 8))
        }
        host.start()
        wait(1_500)
        let what = "byte \(place) of \(path) on \(host.name) damaged"
        return host.isRunning ? what : what + ", " + loseFollower(primary, host)
    }
}
