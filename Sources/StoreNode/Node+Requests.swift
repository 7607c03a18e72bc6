internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkGraph
internal import WorkProtocol

/// What every request goes through: its extensions, its right to be served, its shard, the gate.
extension Node {
    /// What is known of a request besides its message.
    struct Asked {
        var method: Method
        var workspace: UInt32
        var stream: UInt32
        var principal: Principal
        /// When it came.
        var now: Instant
        var deadline: Instant
        var requestID: RequestID?
        var minReplicas: Int
        var hash: UInt64
    }

    /// Takes a REQUEST frame of an authenticated session.
    func take(_ frame: borrowing Frame, from session: Session) {
        let stream = frame.header.stream
        guard let credentials = session.credentials else { return }
        do throws(Rejection) {
            let asked = try read(frame, credentials.principal)
            switch asked.method.kind {
            case .command: try command(asked, frame.payload, session)
            case .query: try query(asked, frame.payload, session)
            case .stream: try export(asked, frame.payload, session)
            case .node, .session: try operate(asked, frame.payload, session)
            }
        } catch {
            session.fail(stream, failure(error))
        }
    }

    private func read(
        _ frame: borrowing Frame, _ principal: Principal
    ) throws(Rejection) -> Asked {
        let extensions: Extensions
        do { extensions = try frame.extensions() } catch {
            throw Rejection(.badFrame, error.description)
        }
        if let rejection = extensions.rejection { throw rejection }
        // A client that has seen a later primary tells the one that was deposed.
        if let seen = extensions.highestEpoch, seen > wireEpoch, replica.epoch != nil {
            throw Rejection(
                .notPrimary,
                "This node was primary in epoch \(wireEpoch), and the client has seen \(seen).")
        }
        let method = try method(frame.header.code, extensions)
        let wanted = frame.header.aux == 0 ? UInt32(Limits.deadlineMilliseconds) : frame.header.aux
        let milliseconds = min(wanted, UInt32(Limits.longestDeadlineMilliseconds))
        let now = now
        return Asked(
            method: method, workspace: Self.workspace(frame.header.route, method),
            stream: frame.header.stream, principal: principal,
            now: now, deadline: now.advanced(by: .milliseconds(UInt64(milliseconds))),
            requestID: extensions.requestID, minReplicas: Int(extensions.minimumReplicas ?? 1),
            hash: XXH3.hash(frame.payload, seed: UInt64(method.rawValue)))
    }

    private func method(
        _ code: UInt16, _ extensions: Extensions
    ) throws(Rejection) -> Method {
        let method =
            code == Extensions.namedMethod
            ? extensions.methodName.flatMap { Method(named: $0) } : Method(rawValue: code)
        guard let method else {
            throw Rejection(.unknownMethod, "This node knows no such method; it may be older.")
        }
        return method
    }

    /// The workspace a request goes to: the directory for its own methods, else what the route
    /// names, by ordinal or by any gid in it.
    static func workspace(_ route: UInt64, _ method: Method) -> UInt32 {
        if method.rawValue >> 8 == 0x02 { return 0 }
        return route <= UInt64(Gid.workspaceMax) ? UInt32(route) : Gid(route).workspace
    }

    // MARK: - Commands

    private func command(
        _ asked: Asked, _ payload: RawSpan, _ session: Session
    ) throws(Rejection) {
        var command: Command
        do { command = try Command(method: asked.method, payload: payload) } catch {
            throw Rejection(error)
        }
        try requireWriteRight(asked.minReplicas, at: asked.now)
        let ordinal = Shard.address(&command, sentTo: asked.workspace)
        let performed: WorkspaceGraph.Performed
        do throws(Rejection) {
            performed = try perform(
                command, in: ordinal, as: asked.principal, request: asked.requestID,
                hash: asked.hash)
        } catch {
            return refuse(asked, error, in: ordinal, session)
        }
        if ordinal == 0 { deliverErrands() }
        hold(
            HeldReply(
                lsn: seen(in: ordinal), session: session, stream: asked.stream,
                deadline: asked.deadline, isCommand: true, workspacePosition: performed.position,
                content: .answer(performed.answer)),
            for: session)
    }

    /// The newest record that an answer about a workspace depends on. The directory asks the
    /// workspaces who somebody is in them, so what it says may depend on any record.
    private func seen(in workspace: UInt32) -> LSN {
        workspace == 0 ? lastEntered : newestSeen(in: workspace)
    }

    /// Refuses what the state refuses: that tells of the state as an answer does, and waits for
    /// what it has seen as an answer does (rule R5). A stranger's waits for all that there is, or
    /// the time it takes would tell a busy workspace from none.
    private func refuse(
        _ asked: Asked, _ rejection: Rejection, in workspace: UInt32, _ session: Session
    ) {
        let isKnown = shards.workspace(workspace)?.knows(asked.principal) ?? false
        let lsn = isKnown ? seen(in: workspace) : lastEntered
        hold(
            HeldReply(
                lsn: lsn, session: session, stream: asked.stream, deadline: asked.deadline,
                isCommand: false, workspacePosition: 0, content: .failure(failure(rejection))),
            for: session)
    }

    /// Runs a command and puts its record into the open group.
    @discardableResult
    func perform(
        _ command: Command, in workspace: UInt32, as principal: Principal, request: RequestID?,
        hash: UInt64
    ) throws(Rejection) -> WorkspaceGraph.Performed {
        if workspace == 0 { shards.workspace(0)?.entropy = world.randomness.number() | 1 }
        let performed = try shards.shard(of: workspace).perform(
            command, in: workspace, as: principal, request: request, requestHash: hash,
            wallTime: world.scheduler.wallTime)
        enter(performed, of: workspace)
        return performed
    }

    private func requireWriteRight(_ minReplicas: Int, at now: Instant) throws(Rejection) {
        let isGranted =
            shown.writableUntil.map { now <= $0 && minReplicas <= shown.replicas } ?? false
        if !isGranted, case .no(let reason) = replica.writeRight(minReplicas: minReplicas, now: now)
        {
            throw rejection(reason)
        }
        if log?.isFull ?? true {
            throw Rejection(
                .diskFull,
                "The disk of this node is full: nothing is written until there is "
                    + "room; reads go on. Make room, it resumes by itself.")
        }
    }

    // MARK: - Queries

    private func query(_ asked: Asked, _ payload: RawSpan, _ session: Session) throws(Rejection) {
        let query: Query
        do { query = try Query(method: asked.method, payload: payload) } catch {
            throw Rejection(error)
        }
        if let readableUntil = shown.readableUntil, asked.now < readableUntil {
            return read(asked, session) { () throws(Rejection) in
                try answer(query, asked, session)
            }
        }
        try whenReadable(asked, session) { [weak self, weak session] () throws(Rejection) in
            if let self, let session { try answer(query, asked, session) }
        }
    }

    /// Answers a query right into what is sent, or apart if it may have seen what may not be shown
    /// yet.
    private func answer(
        _ query: Query, _ asked: Asked, _ session: Session
    ) throws(Rejection) {
        let lsn = seen(in: asked.workspace)
        let shard = shards.shard(of: asked.workspace)
        let position = shard.workspace(asked.workspace)?.position ?? 0
        if let point = shown.point, lsn <= point {
            return try session.answer(asked.stream, at: lsn, position) {
                writer throws(Rejection) in
                try shard.answer(
                    query, in: asked.workspace, as: asked.principal, into: &writer)
            }
        }
        var draft = ByteWriter(capacity: 0)
        swap(&draft, &self.draft)
        defer { swap(&draft, &self.draft) }
        draft.removeAll()
        draftTasks.removeAll(keepingCapacity: true)
        let isOfTasks = try shard.answer(
            query, in: asked.workspace, as: asked.principal, into: &draft, noting: &draftTasks)
        if let point = shown.point, isOfTasks, isSettled(asked.workspace, at: point) {
            // What an operator is told: the position at that point, or one before it.
            let unsettled = lastEntered.rawValue - point.rawValue
            return session.answer(
                asked.stream, at: point, position - min(position, unsettled), payload: draft.span)
        }
        gate.hold(
            HeldReply(
                lsn: lsn, session: session, stream: asked.stream, deadline: asked.deadline,
                isCommand: false, workspacePosition: position, content: .answer(draft.bytes)))
    }

    /// Whether an answer of the tasks in `draftTasks` is the one that there was at `point`: nothing
    /// that went into it has changed since.
    private func isSettled(_ workspace: UInt32, at point: LSN) -> Bool {
        (newestBeyondTasks[workspace] ?? reignStart) <= point
            && draftTasks.allSatisfy { rewrites.isSettled($0, in: workspace, at: point) }
    }

    /// Does `work` when this node has the right to read: now, or after a round to the follower.
    func whenReadable(
        _ asked: Asked, _ session: Session, _ work: @escaping () throws(Rejection) -> Void
    ) throws(Rejection) {
        switch replica.readRight(now: asked.now) {
        case .now: read(asked, session, work)
        case .no(let reason): throw rejection(reason)
        case .afterConfirmation(let moment):
            unconfirmed.append(
                UnconfirmedRead(since: moment, deadline: asked.deadline) {
                    [weak self, weak session] refusal in
                    guard let self, let session else { return }
                    if refusal == nil, shown.point != nil {
                        read(asked, session, work)
                    } else {
                        var failure = failure(refusal ?? rejection(.notPrimary))
                        // Nothing that only reads leaves anything undecided.
                        failure.outcome = .notExecuted
                        session.fail(asked.stream, failure)
                    }
                })
            askConfirmation()
        }
    }

    private func read(
        _ asked: Asked, _ session: Session, _ work: () throws(Rejection) -> Void
    ) {
        do throws(Rejection) { try work() } catch {
            refuse(asked, error, in: asked.workspace, session)
        }
    }

    // MARK: - Replies

    /// Sends a reply if what it has seen is committed, or holds it until it is.
    func hold(_ reply: HeldReply, for session: Session?) {
        guard let point = shown.point, reply.lsn <= point else { return gate.hold(reply) }
        session?.deliver(reply)
    }

    func failure(_ rejection: Rejection) -> Failure {
        var failure = Failure(rejection)
        failure.epochVersion = wireEpoch.version
        failure.epochBoot = wireEpoch.boot
        if rejection.reason == .notPrimary { failure.primary = primaryAddress }
        return failure
    }

    func rejection(_ reason: Replica.Unready) -> Rejection {
        switch reason {
        case .notPrimary: Rejection(.notPrimary, "This node is not the primary.")
        case .followerLost:
            Rejection(
                .followerLost,
                "The follower is lost, and the policy is to wait for it; "
                    + "`holdfast admin degrade --solo` goes on with one copy.")
        case .insufficientCopies:
            Rejection(.insufficientCopies, "There are not as many copies as were asked for.")
        case .noReadLease:
            Rejection(
                .noReadLease,
                "The follower does not answer, so that this node cannot prove that it still is "
                    + "the primary; if the follower is gone, `holdfast admin degrade --solo` goes "
                    + "on with one copy.")
        case .starting: Rejection(.starting, "This node is starting; try again in a moment.")
        }
    }
}

extension Rejection {
    static let late = Rejection(.deadlineExceeded, "The time for this request is over.")
}
