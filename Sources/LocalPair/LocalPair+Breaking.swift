internal import Environment
internal import StoreClient
internal import SystemEnvironment
internal import WorkProtocol

/// What is done to a pair: its nodes are killed, found and promoted.
extension LocalPair {
    /// Kills the primary as a crash would. - Returns: its index.
    @discardableResult
    package func killPrimary() -> Int {
        kill(primary)
        return primary
    }

    /// Kills a member as a crash would.
    package func kill(_ index: Int) {
        members[index].process?.kill()
        members[index].process = nil
    }

    /// Asks every running member for its role, and remembers the primary: it may be another one
    /// than it was, by a switchover.
    package func findPrimary() async throws {
        for index in members.indices where members[index].isRunning {
            let store = try await connect(toMember: index)
            let status = try? await store.perform(GetStatus(), as: Status.self).value
            await store.close()
            if status?.nodes.first?.role == "primary" { return primary = index }
        }
    }

    /// The running member that is not primary; nil if there is none.
    package var follower: Int? {
        members.indices.first { $0 != primary && members[$0].isRunning }
    }

    /// Promotes the other running member, saying that the old primary is down.
    package func promoteFollower(reason: String) async throws {
        guard let next = follower else { throw Failure("there is no follower to promote") }
        let old = try node(primary)
        let store = try await connect(toMember: next)
        var promote = Promote()
        promote.primaryIsDown = old
        promote.solo = true
        promote.reason = reason
        var options = Store.CallOptions()
        options.deadline = .seconds(30)
        do {
            _ = try await store.perform(promote, in: 0, options, as: ModeChanged.self)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
        primary = next
    }

    /// A member's node uuid, from its own certificate.
    package func node(_ index: Int) throws -> String {
        let pem = try FileText.read("\(members[index].folder)/tls/node.pem")
        guard let name = try CertificateSummary(pem: pem).names.first(where: { $0.count == 36 })
        else { throw Failure("the certificate of node \(members[index].name) names no node") }
        return name
    }

    /// Ends everything it started.
    package func stop() {
        for member in members { member.process?.kill() }
    }
}
