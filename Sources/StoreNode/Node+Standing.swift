internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkGraph
internal import WorkProtocol

/// What a node tells of itself, and who may talk to it.
extension Node {
    var wireEpoch: WireEpoch { shown.epoch }

    /// Where clients find the primary; empty if this node does not know.
    var primaryAddress: String {
        let primary = replica.meta.register.primary
        if replica.epoch != nil { return configuration.advertised }
        if primary == replica.meta.node { return configuration.advertised }
        return peerAddresses[primary]?.client ?? ""
    }

    var memberAddresses: [MemberAddress] {
        var addresses: [MemberAddress] = []
        var own = MemberAddress()
        own.node = replica.meta.node.description
        own.address = configuration.advertised
        own.isPrimary = replica.epoch != nil
        own.name = configuration.name
        own.version = configuration.version
        addresses.append(own)
        for identity in peerAddresses.keys.sorted() {
            guard let peer = peerAddresses[identity] else { continue }
            var address = MemberAddress()
            address.node = identity.description
            address.address = peer.client
            address.isPrimary = replica.epoch == nil && replica.meta.register.primary == identity
            address.name = peer.name
            address.version = peer.version
            addresses.append(address)
        }
        return addresses
    }

    /// Tells every client where the primary is now.
    func announceTopology() {
        var info = Info()
        info.epochVersion = wireEpoch.version
        info.epochBoot = wireEpoch.boot
        info.primaryAddress = primaryAddress
        info.members = memberAddresses
        let payload = info.encoded()
        for id in sessions.keys.sorted() {
            guard let session = sessions[id], session.credentials != nil else { continue }
            session.write(FrameHeader(.info), payload: payload)
        }
    }

    /// Whose secret it is that has this hash: somebody's in the directory, or this node's
    /// operator's.
    func authenticate(_ secretHash: [UInt8]) -> Principal? {
        let now = world.scheduler.wallTime
        if let principal = shards.workspace(0)?.authenticate(secretHash: secretHash, at: now) {
            return principal
        }
        let isOperator = world.cryptography.constantTimeEquals(
            secretHash, configuration.operatorTokenHash)
        return isOperator && !configuration.operatorTokenHash.isEmpty
            ? Principal(account: .none, token: Gid(1), scopes: .operate) : nil
    }

    /// What every answer says besides itself, while nothing of it changes.
    var answerStanding: AnswerStanding {
        if let madeStanding { return madeStanding }
        let made = AnswerStanding(
            point: shown.point ?? replica.commit, epoch: shown.epoch,
            replicas: UInt8(clamping: shown.replicas), seal: positionToken)
        madeStanding = made
        return made
    }

    /// A position as 16 bytes that only this cluster's nodes can read.
    private func positionToken(_ lsn: LSN) -> PositionToken? {
        var block = ByteWriter(capacity: 16)
        block.append(fixed: lsn.rawValue)
        block.append(fixed: UInt64(0))
        return PositionToken(world.cryptography.seal16(block.bytes))
    }
}

/// What requests ask of the replica, taken from it after each of its steps: they are many, and
/// asking it each time costs more than a small request.
struct Shown {
    /// `Replica.shownPoint`.
    var point: LSN?
    /// `Replica.readableUntil`.
    var readableUntil: Instant?
    /// `Replica.writableUntil`.
    var writableUntil: Instant?
    var epoch = WireEpoch()
    var replicas = 1

    init() {}

    init(_ replica: borrowing Replica) {
        point = replica.shownPoint
        readableUntil = replica.readableUntil
        writableUntil = replica.writableUntil
        let epoch = replica.epoch ?? replica.meta.promised
        self.epoch = WireEpoch(version: epoch.version, boot: epoch.boot)
        replicas = replica.replicas
    }

    /// Whether answers that leave now say the same of themselves.
    func answersAlike(_ other: Shown) -> Bool {
        point == other.point && epoch == other.epoch && replicas == other.replicas
    }
}
