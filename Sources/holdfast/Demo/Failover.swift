internal import ArgumentParser
internal import LocalPair
internal import StoreClient
internal import SystemEnvironment
internal import WorkProtocol

/// What the demo does to a pair, and what it tells of it.
struct Failover {
    private let pair: LocalPair
    private let connection: Connection
    private let acknowledged: AcknowledgedWrites

    init(_ pair: LocalPair, _ connection: Connection, _ acknowledged: AcknowledgedWrites) {
        self.pair = pair
        self.connection = connection
        self.acknowledged = acknowledged
    }

    /// Kills the primary, promotes the follower, and checks that everything acknowledged is there.
    func primary() async throws {
        let client = try client()
        try await pair.findPrimary()
        guard pair.follower != nil else {
            throw Complaint(
                .unavailable, "there is no follower to go on with", help: "quit, and begin again")
        }
        let before = try await own(client)
        try await acknowledged.settle(client.store)
        let clock = ContinuousClock()
        let began = clock.now
        pair.killPrimary()
        client.output.write("\(client.output.cross) primary killed at LSN \(before.commit) … ")
        try await complaining {
            try await pair.promoteFollower(reason: "the demo killed the primary")
        }
        try await writeOnce(client)
        let pause = began.duration(to: clock.now)
        let after = try await own(client)
        let mode = try await client.ask(GetStatus(), in: 0, as: Status.self).mode
        let lost = try await acknowledged.lost(client.store)
        client.output.write(
            "\(client.output.tick) follower promoted by you, epoch \(before.epochVersion) → "
                + "\(after.epochVersion), \(mode), writes back after \(pause.shown), "
                + "acknowledged writes lost: \(lost)\n")
        guard lost == 0 else {
            throw Complaint(
                .lost,
                "of \(TextWidth.count(acknowledged.objectCount, "acknowledged object")) \(lost) "
                    + "are not there", help: "the nodes' folders stay in \(pair.root)")
        }
        try await joinFresh(client)
    }

    /// Kills the follower, lets the primary go on alone, and lets a fresh follower join.
    func follower() async throws {
        let client = try client()
        try await pair.findPrimary()
        guard let victim = pair.follower else {
            throw Complaint(
                .notFound, "there is no follower to kill", help: "status shows the nodes there are")
        }
        let before = try await own(client)
        pair.kill(victim)
        client.output.write("\(client.output.cross) follower killed at LSN \(before.commit) … ")
        let clock = ContinuousClock()
        let began = clock.now
        try await goOnAlone(client)
        try await writeOnce(client)
        let pause = began.duration(to: clock.now)
        client.output.write(
            "\(client.output.tick) going on alone by your word, writes back after "
                + "\(pause.shown)\n")
        try await joinFresh(client)
    }

    /// Says to the primary that one copy has to do. It does not believe it before it has missed the
    /// follower itself, and may have gone on alone by its own policy.
    private func goOnAlone(_ client: Client) async throws {
        var degrade = Degrade()
        degrade.solo = true
        degrade.reason = "the demo killed the follower"
        let limit = ContinuousClock.now.advanced(by: .seconds(30))
        while true {
            do {
                _ = try await client.operate(degrade, as: ModeChanged.self)
                return
            } catch let error as StoreError where error.code == .conflict {
                let status = try await client.ask(GetStatus(), in: 0, as: Status.self)
                if status.mode == "solo" { return }
                guard ContinuousClock.now < limit else { throw error }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private func joinFresh(_ client: Client) async throws {
        try await complaining {
            try pair.addFollower()
            try await pair.waitForCopies(2)
        }
        client.output.write("\(client.output.tick) a fresh follower joined, 2 copies again\n")
    }

    /// A write that leaves no trace: a token that nobody knows, revoked at once.
    private func writeOnce(_ client: Client) async throws {
        let store = try await client.store
        var create = CreateToken()
        create.name = "are writes back?"
        create.scopes = [.read]
        create.secretHash = TokenCommand.secret().hash
        var call = Store.CallOptions()
        call.deadline = .seconds(30)
        let token = try await store.perform(create, in: 0, call, as: Changed.self).value.gid
        var revoke = RevokeToken()
        revoke.token = token
        _ = try await store.perform(revoke, in: 0, call, as: Changed.self)
    }

    private func own(_ client: Client) async throws -> NodeStatus {
        try await client.ask(GetStatus(), in: 0, as: Status.self).nodes.first ?? NodeStatus()
    }

    private func client() throws -> Client {
        Client(connection, try CommonOptions.parse([]), isDemo: true)
    }

    private func complaining(_ act: () async throws -> Void) async throws {
        do { try await act() } catch let failure as LocalPair.Failure {
            throw Complaint(.unavailable, failure.description)
        }
    }
}

extension Output {
    /// Part of a line for people.
    func write(_ text: String) { (isDemo ? StandardStream.output : .error).write(text) }
}
