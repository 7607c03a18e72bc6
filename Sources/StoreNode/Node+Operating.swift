internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkGraph
internal import WorkProtocol

/// What is asked of the node itself: status, limits, snapshots, changes of mode.
extension Node {
    func operate(_ asked: Asked, _ payload: RawSpan, _ session: Session) throws(Rejection) {
        switch asked.method {
        case .ping: answer(asked, try decode(Ping.self, payload), session)
        case .describe:
            answer(asked, Self.description(of: try decode(Describe.self, payload).name), session)
        case .getLimits: answer(asked, Self.limits, session)
        default:
            guard asked.principal.scopes.contains(.operate) else {
                throw Rejection(.forbidden, "This needs a token with the scope \"operate\".")
            }
            try operateAsOperator(asked, payload, session)
        }
    }

    private func operateAsOperator(
        _ asked: Asked, _ payload: RawSpan, _ session: Session
    ) throws(Rejection) {
        switch asked.method {
        case .getStatus: answer(asked, status(), session)
        case .takeSnapshot:
            takeSnapshot { [weak self, weak session] taken in
                guard let self, let session else { return }
                switch taken {
                case .success(let snapshot): answer(asked, snapshot, session)
                case .failure(let rejection): session.fail(asked.stream, failure(rejection))
                }
            }
        case .promote: try promote(asked, try decode(Promote.self, payload), session)
        case .switchover:
            let request = try decode(Switchover.self, payload)
            order(.switchover, request.reason, asked, session)
        case .degrade:
            let request = try decode(Degrade.self, payload)
            guard request.solo else {
                throw Rejection(
                    .badField, "Going on with one copy must be said: --solo, with a --reason.")
            }
            order(.degrade, request.reason, asked, session)
        case .join:
            let request = try decode(Join.self, payload)
            order(.join(try identity(request.node)), request.reason, asked, session)
        default:
            throw Rejection(.unknownMethod, "\(asked.method.name) is not for this node.")
        }
    }

    private func promote(
        _ asked: Asked, _ request: Promote, _ session: Session
    ) throws(Rejection) {
        if request.primaryIsDown.isEmpty {
            return order(.switchover, request.reason, asked, session)
        }
        let promotion = PromotionOrder(
            primaryIsDown: try identity(request.primaryIsDown), solo: request.solo)
        order(.promote(promotion), request.reason, asked, session)
    }

    private func identity(_ text: String) throws(Rejection) -> Identity {
        guard let identity = Identity(text) else {
            throw .badField("node", "\"\(text)\" is not a node's uuid; `holdfast status` has them.")
        }
        return identity
    }

    /// Gives an operator's command to the replica; the answer may take seconds.
    private func order(
        _ command: OperatorCommand, _ reason: String, _ asked: Asked, _ session: Session
    ) {
        let id = nextOperatorRequest
        nextOperatorRequest += 1
        operatorReplies[id] = { [weak self, weak session] outcome in
            guard let self, let session else { return }
            switch outcome {
            case .refused(let text):
                session.fail(asked.stream, failure(Rejection(.conflict, text)))
            case .done(let text):
                var changed = ModeChanged()
                changed.registerVersion = replica.meta.register.version
                changed.epochVersion = wireEpoch.version
                changed.mode = replica.meta.register.mode == .paired ? "paired" : "solo"
                changed.message = text
                answer(asked, changed, session)
            }
        }
        let actor =
            asked.principal.account == .none
            ? "operator of \(configuration.name)" : "account \(asked.principal.account)"
        let words = Words(reason: reason, actor: actor, at: world.scheduler.wallTime)
        give(.operatorAsked(id, command, words))
    }

    private func decode<Value: Message>(
        _ type: Value.Type, _ payload: RawSpan
    ) throws(Rejection) -> Value {
        let value: Value
        do { value = try Value(decoding: payload) } catch {
            throw Rejection(MalformedRequest.bytes(error))
        }
        do { try value.validate() } catch { throw Rejection(MalformedRequest.field(error)) }
        return value
    }

    /// Answers at once: what is told depends on no record.
    private func answer(_ asked: Asked, _ message: some Message, _ session: Session) {
        session.deliver(
            HeldReply(
                lsn: replica.commit, session: session, stream: asked.stream,
                deadline: asked.deadline, isCommand: false, workspacePosition: 0,
                content: .answer(message.encoded())))
    }

    // MARK: - Status

    private func status() -> Status {
        let replica = replica.status(now: now)
        var status = Status()
        status.cluster = self.replica.meta.cluster.description
        status.history = self.replica.meta.history.description
        status.mode = replica.register.mode == .paired ? "paired" : "solo"
        status.policy = replica.register.policy == .block ? "block" : "solo"
        status.reason = replica.register.reason
        status.registerVersion = replica.register.version
        status.nodes = [ownStatus(replica)]
        if let peer = replica.peer { status.nodes.append(peerStatus(peer, replica)) }
        status.archive = world.archive == nil ? "" : "archive"
        status.archived = maintenance.archived.rawValue
        status.archiveState = maintenance.archiveState
        status.workspaces = UInt64(shards.ordinals.count { $0 != 0 })
        status.tasks = UInt64(
            shards.ordinals.reduce(0) { $0 + (shards.workspace($1)?.statistics.tasks ?? 0) })
        status.connections = UInt64(sessions.count)
        status.serverTime = world.scheduler.wallTime
        for ordinal in shards.ordinals {
            guard let workspace = shards.workspace(ordinal) else { continue }
            var digest = WorkspaceDigest()
            digest.workspace = UInt64(ordinal)
            digest.position = workspace.position
            digest.digest = workspace.digest
            status.digests.append(digest)
        }
        return status
    }

    private func ownStatus(_ replica: ReplicaStatus) -> NodeStatus {
        var own = NodeStatus()
        own.node = self.replica.meta.node.description
        own.name = configuration.name
        own.address = configuration.advertised
        own.role = replica.role == .primary ? "primary" : "follower"
        own.state = replica.soundness == .sound ? replica.state : "\(replica.soundness)"
        own.epochVersion = replica.epoch.version
        own.epochBoot = replica.epoch.boot
        own.appended = replica.appended.rawValue
        own.flushed = replica.flushed.rawValue
        own.replicated = replica.replicated?.rawValue ?? 0
        own.commit = replica.commit.rawValue
        own.applied = max(applied, replica.role == .primary ? replica.appended : .zero).rawValue
        own.lag = replica.appended.rawValue - min(replica.appended, replica.flushed).rawValue
        own.snapshot = maintenance.snapshotPoint.rawValue
        own.snapshotAge = maintenance.snapshotTime.map(age) ?? 0
        own.version = configuration.version
        return own
    }

    /// Milliseconds since then by the wall clock; none for a time to come.
    private func age(of time: WallTime) -> UInt64 {
        let (age, overflow) = world.scheduler.wallTime.subtractingReportingOverflow(time)
        return overflow ? 0 : UInt64(max(0, age))
    }

    /// What this node knows of the other one.
    private func peerStatus(_ peer: Identity, _ replica: ReplicaStatus) -> NodeStatus {
        var status = NodeStatus()
        let address = peerAddresses[peer]
        status.node = peer.description
        status.name = address?.name ?? ""
        status.address = address?.client ?? ""
        status.version = address?.version ?? ""
        let isPrimary = replica.register.primary == peer
        status.role = isPrimary ? "primary" : "follower"
        let isMember = replica.members.contains(peer)
        let isLinked = links.values.contains { $0.identity == peer }
        status.state = !isLinked ? "unreachable" : isMember ? "level" : "joining"
        status.epochVersion = replica.epoch.version
        status.epochBoot = replica.epoch.boot
        if let replicated = replica.replicated {
            status.flushed = replicated.rawValue
            status.appended = replicated.rawValue
            status.applied = replica.peerApplied?.rawValue ?? 0
            status.lag = replica.appended.rawValue - min(replica.appended, replicated).rawValue
        }
        return status
    }

    /// The methods whose names begin with `name`, as a JSON array.
    private static func description(of name: String) -> Description {
        var description = Description()
        let methods = Method.descriptions.filter { $0.name.hasPrefix(name) }.map { method in
            """
            {"method":"\(method.name)","id":\(method.method.id),\
            "kind":"\(method.method.kind.rawValue)",\
            "request":"\(method.request)","response":"\(method.response)"}
            """
        }
        description.json = "[" + methods.joined(separator: ",\n") + "]"
        return description
    }

    private static var limits: LimitList {
        var list = LimitList()
        list.limits = Limits.table
        return list
    }
}
