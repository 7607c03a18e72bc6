internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkProtocol

/// HELLO and HELLO_OK: versions, features, the cluster, and who is asking.
extension Session {
    func greet(_ payload: RawSpan) {
        guard credentials == nil else { return leave(.badFrame, "HELLO came twice.") }
        let hello: WorkProtocol.Hello
        do {
            hello = try WorkProtocol.Hello(decoding: payload)
            try hello.validate()
        } catch {
            return leave(.badFrame, "HELLO cannot be read: \(error)")
        }
        guard let version = ProtocolVersion.agreed(with: hello.versions) else {
            return leave(
                .badFrame,
                "This node speaks HFP versions \(ProtocolVersion.supported), the "
                    + "client \(hello.versions).")
        }
        guard
            let features = Features.agreed(
                offered: hello.features, required: hello.requiredFeatures)
        else {
            let missing = hello.requiredFeatures & ~Features.known.rawValue
            return leave(
                .badFrame,
                "The client requires features that this node does not know: bits "
                    + "0x\(String(missing, radix: 16)).")
        }
        let cluster = node.replica.meta.cluster
        guard hello.expectedCluster.isEmpty || hello.expectedCluster == cluster.bytes else {
            return leave(
                .badFrame,
                "This is cluster \(cluster), not the one the client expects; look at "
                    + "the address it was given.")
        }
        identify(hello.token) { [self] in
            accept(version, features)
        }
    }

    /// Finds out whose token it is, and goes on if it is anybody's.
    private func identify(_ token: String, _ accepted: () -> Void) {
        guard !token.isEmpty else { return leave(.badToken, "HELLO has no token.") }
        let hash = node.world.cryptography.sha256([UInt8](token.utf8))
        if let principal = node.authenticate(hash) {
            guard node.admit(principal) else {
                return leave(
                    .overloaded,
                    "There are \(Limits.connectionsPerToken) connections with this token; close "
                        + "one of them.")
            }
            credentials = Credentials(principal: principal, secretHash: hash)
            greetingLimit?.cancel()
            accepted()
        } else if node.replica.epoch != nil, let point = node.shown.point {
            // That it was revoked may not be told before it is certain.
            guard node.newestSeen(in: 0) <= point else {
                return leave(.starting, "This node cannot tell yet; try again in a moment.")
            }
            leave(.badToken, "The token is not valid here: unknown, expired or revoked.")
        } else if node.replica.role == .primary {
            leave(.starting, "This node is starting; try again in a moment.")
        } else {
            // What this node knows of tokens may be behind: the primary must say.
            leave(.notPrimary, "This node is not the primary.")
        }
    }

    private func accept(_ version: UInt32, _ features: Features) {
        let replica = node.replica
        var answer = HelloOk()
        answer.version = version
        answer.features = features.rawValue
        answer.cluster = replica.meta.cluster.bytes
        answer.history = replica.meta.history.bytes
        answer.node = replica.meta.node.description
        answer.epochVersion = node.wireEpoch.version
        answer.epochBoot = node.wireEpoch.boot
        answer.role = replica.role == .primary ? "primary" : "follower"
        answer.primaryAddress = node.primaryAddress
        answer.members = node.memberAddresses
        answer.maxFrameBytes = UInt32(Limits.frameBytes)
        answer.maxRequestBytes = UInt32(Limits.requestBytes)
        answer.maxStreams = UInt32(Limits.streams)
        answer.initialCredit = UInt32(Limits.initialCreditBytes)
        answer.methodTableHash = Method.tableHash
        answer.serverTime = node.world.scheduler.wallTime
        answer.account = credentials?.principal.account.rawValue ?? 0
        answer.serverVersion = node.configuration.version
        write(FrameHeader(.helloOk), payload: answer.encoded())
        decoder.open(features: features)
        encoder.features = features
    }
}

extension Node {
    /// Counts a connection of a token; false if there are too many. An operator's is not counted:
    /// who looks after the store has to get in, and load is measured with it.
    func admit(_ principal: Principal) -> Bool {
        guard !principal.scopes.contains(.operate) else { return true }
        let count = tokenConnections[principal.token, default: 0]
        guard count < Limits.connectionsPerToken else { return false }
        tokenConnections[principal.token] = count + 1
        return true
    }

    /// A session has ended.
    func forget(_ session: Session) {
        sessions.removeValue(forKey: session.id)
        if let principal = session.credentials?.principal { release(principal) }
    }

    /// Counts a connection of a token no more.
    func release(_ principal: Principal) {
        guard !principal.scopes.contains(.operate), let count = tokenConnections[principal.token]
        else { return }
        tokenConnections[principal.token] = count > 1 ? count - 1 : nil
    }
}

extension Identity {
    /// Its 16 bytes, big-endian.
    var bytes: [UInt8] {
        var writer = ByteWriter(capacity: 16)
        writer.append(fixed: high.byteSwapped)
        writer.append(fixed: low.byteSwapped)
        return writer.bytes
    }
}
