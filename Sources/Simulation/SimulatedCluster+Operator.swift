internal import Environment
internal import ReplicatedLog
package import StoreClient
internal import StoreNode
package import WorkProtocol

/// What an operator of the simulated pair does: orders, and making the pair whole again.
extension SimulatedCluster {
    /// Asks a host's node for something, as its operator; the answer comes by and by.
    package func ask(
        _ host: SimulatedHost, _ method: Method, _ payload: [UInt8],
        _ completed: @escaping @Sendable (Result<Reply, StoreError>) -> Void = { _ in }
    ) {
        processes += 1
        let own = ProcessScheduler(scheduler)
        var configuration = ClientSession.Configuration(
            servers: [host.client], token: Self.token)
        configuration.seeksPrimary = false
        let name = "operator\(processes)"
        let driver = ClientDriver(
            configuration, network: wire.network(host: name, identity: name), scheduler: own,
            randomness: SeededRandomness(random.split()), queue: own.makeQueue(name, .core))
        let request = ClientRequest(method, payload: payload, timeout: .seconds(10))
        driver.begin(request) { result in
            completed(result)
            driver.queue.run { driver.end() }
        }
    }

    /// Promotes a host's node, saying that the other one is down.
    package func promote(_ host: SimulatedHost, down: SimulatedHost, solo: Bool = true) {
        coverage[.promotion] += 1
        if down.isRunning { coverage[.promotionOfLiving] += 1 }
        var promote = Promote()
        promote.primaryIsDown = down.identity.description
        promote.solo = solo
        promote.reason = "simulation"
        ask(host, .promote, promote.encoded())
    }

    /// Hands over to the follower, asked of this host's node.
    package func switchOver(_ host: SimulatedHost) {
        coverage[.switchover] += 1
        var switchover = Switchover()
        switchover.reason = "simulation"
        ask(host, .switchover, switchover.encoded())
    }

    /// Tells a primary whose follower is gone to go on alone.
    package func degrade(_ host: SimulatedHost) {
        coverage[.degradation] += 1
        var degrade = Degrade()
        degrade.solo = true
        degrade.reason = "simulation"
        ask(host, .degrade, degrade.encoded())
    }

    /// Lets a node that was a member before in again.
    package func join(_ host: SimulatedHost, to primary: SimulatedHost) {
        var join = Join()
        join.node = host.identity.description
        join.reason = "simulation"
        ask(primary, .join, join.encoded())
    }

    /// Makes a machine with an invited node and starts it.
    @discardableResult
    package func addFollower() -> SimulatedHost {
        coverage[.freshFollower] += 1
        let host = addHost(invited: true)
        host.start()
        return host
    }

    // MARK: - Making whole

    /// Does what a good operator would, when nothing fails any more, until there are two copies:
    /// starts what is down, finds a primary, lets the other node join, and, where that one is lost,
    /// takes a fresh one in its place. - Returns: why it could not be done, if so.
    package func makeWhole() -> String? {
        for host in machines { host.start() }
        if run(until: { self.isPaired }, limit: .seconds(4)) { return nil }
        guard let primary = findPrimary() else { return "nobody is primary in the end" }
        if letJoin(primary) { return nil }
        return replaceFollower(of: primary)
    }

    /// The host that serves; after promoting one of them if need be.
    private func findPrimary() -> SimulatedHost? {
        if run(until: { self.primary != nil }, limit: .seconds(8)) { return primary }
        let leader = machines.first { $0.node?.standing.role == .primary }
        if let leader, leadsNewest(leader), isWithoutMembers(leader) {
            // It waits for a follower that does not come back; who runs beside it is a fresh one.
            degrade(leader)
            if run(until: { self.primary != nil }, limit: .seconds(5)) { return primary }
        }
        for host in machines where host.isRunning {
            guard let other = machines.first(where: { $0 !== host }) else { continue }
            promote(host, down: other)
            if run(until: { self.primary != nil }, limit: .seconds(12)) { return primary }
        }
        return nil
    }

    private func isWithoutMembers(_ leader: SimulatedHost) -> Bool {
        let members = leader.node?.standing.members ?? []
        return machines.allSatisfy {
            $0 === leader || !$0.isRunning || !members.contains($0.identity)
        }
    }

    /// Whether nobody has promised more than this host knows: else the newest writes may be
    /// elsewhere, and nobody else must be given up for it.
    func leadsNewest(_ host: SimulatedHost) -> Bool {
        watch.newestPromise <= host.node?.standing.epoch ?? .zero
    }

    /// Orders the other node to be let in, as long as it takes.
    private func letJoin(_ primary: SimulatedHost) -> Bool {
        guard let other = machines.first(where: { $0 !== primary && $0.isRunning }) else {
            return false
        }
        for _ in 0..<4 {
            guard leaveAlone(primary, without: other) else { continue }
            let isMember = primary.node?.standing.register.members.contains(other.identity)
            if isMember == false { join(other, to: primary) }
            if run(until: { self.isPaired }, limit: .seconds(3)) {
                if isMember == false { coverage[.join] += 1 }
                return true
            }
        }
        return false
    }

    /// Makes sure that the primary does not wait for anybody but `other`.
    /// - Returns: whether it does not.
    @discardableResult
    func leaveAlone(_ primary: SimulatedHost, without other: SimulatedHost?) -> Bool {
        for _ in 0..<4 {
            guard let standing = primary.node?.standing else { return false }
            let strangers = standing.members.filter {
                $0 != primary.identity && $0 != other?.identity
            }
            if strangers.isEmpty { return true }
            // Not before the one it waits for has been silent for long enough.
            run(for: .milliseconds(1_500))
            degrade(primary)
            run(until: { primary.node?.standing.members.count == 1 }, limit: .seconds(2))
        }
        return false
    }

    /// Gives the other node up and takes a fresh one in its place; not one that has promised more
    /// than the primary knows, for that may be where the newest writes are.
    private func replaceFollower(of primary: SimulatedHost) -> String? {
        guard leadsNewest(primary) else {
            return "the other node is not behind the primary:\n\(summary)"
        }
        for host in machines where host !== primary { host.retire() }
        guard leaveAlone(primary, without: nil) else {
            return "the primary could not go on alone:\n\(summary)"
        }
        addFollower()
        let isWhole = run(until: { self.isPaired }, limit: .seconds(20))
        return isWhole ? nil : "a fresh follower did not become a member:\n\(summary)"
    }
}
