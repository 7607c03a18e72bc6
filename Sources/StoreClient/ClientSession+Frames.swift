internal import ByteCoding
internal import Environment
internal import WorkProtocol

extension ClientSession {
    /// Takes one frame of the present connection.
    mutating func take(_ frame: borrowing Frame, _ now: Instant) throws(FrameError) {
        switch frame.header.type {
        case .helloOk: try takeHello(frame, now)
        case .response: try takeResponse(frame, now)
        case .data: takeData(frame)
        case .reset: takeReset(frame.header, now)
        case .goAway: try takeGoAway(frame, now)
        case .info: try takeInfo(frame, now)
        case .ping: encoder.append(FrameHeader(.pong, aux: frame.header.aux), to: &outgoing)
        default: break
        }
    }

    private func decode<Value: Message>(
        _ frame: borrowing Frame, as type: Value.Type = Value.self
    ) throws(FrameError) -> Value {
        do throws(Corruption) {
            return try Value(decoding: frame.payload)
        } catch {
            throw FrameError(
                .malformed, frame: decoder.frameCount,
                offset: FrameHeader.byteCount + Int(frame.header.extensionBytes) + error.offset,
                expected: error.expected, found: error.found)
        }
    }

    // MARK: Greeting

    private mutating func takeHello(_ frame: borrowing Frame, _ now: Instant) throws(FrameError) {
        let answer = try decode(frame, as: HelloOk.self)
        if let objection = objection(to: answer) {
            return attemptFailed(objection, isPermanent: true, now)
        }
        for member in answer.members {
            if let endpoint = Endpoint(member.address) { servers.learn(endpoint) }
        }
        if configuration.seeksPrimary {
            guard try isPrimary(answer, now) else { return }
            highestEpoch = WireEpoch(version: answer.epochVersion, boot: answer.epochBoot)
        }
        hello = answer
        let features = Features(rawValue: answer.features)
        decoder.open(features: features)
        encoder.features = features
        maxStreams = answer.maxStreams == 0 ? Limits.streams : Int(answer.maxStreams)
        // From outside: what is not a time after 1970 that a request ID can hold is none.
        serverClock = (min(max(answer.serverTime, 0), RequestID.timeMax), now)
        if ids == nil { renewIDs(now) }
        phase = .open
        failures = 0
        permanentFailures = 0
        failingSince = nil
        wake(by: silenceLimit)
    }

    /// Why we do not want to talk to this server at all.
    private func objection(to answer: HelloOk) -> StoreError? {
        let expected = configuration.expectedCluster
        if !expected.isEmpty, expected != answer.cluster {
            return StoreError(
                .untrusted, "\(servers.current) belongs to another cluster than this client's.")
        }
        if !ProtocolVersion.supported.contains(answer.version)
            || !Features(rawValue: answer.features).isSubset(of: configuration.features)
        {
            return StoreError(
                .protocolViolation,
                "\(servers.current) wants version \(answer.version) or "
                    + "features \(answer.features) that were not offered.")
        }
        return nil
    }

    /// Whether the server is the primary; if not, goes on looking.
    private mutating func isPrimary(_ answer: HelloOk, _ now: Instant) throws(FrameError) -> Bool {
        let epoch = WireEpoch(version: answer.epochVersion, boot: answer.epochBoot)
        if answer.role == "primary", epoch >= highestEpoch { return true }
        if answer.role == "primary" {
            // Deposed, and does not know it: told, and left.
            var extensions = Extensions()
            extensions.highestEpoch = highestEpoch
            encoder.append(FrameHeader(.ping), extensions: extensions, to: &outgoing)
            let message = "\(servers.current) was primary in epoch \(epoch), and is no more."
            attemptFailed(StoreError(.unavailable, message), now)
            return false
        }
        let error = StoreError(
            .unavailable, "\(servers.current) is \(answer.role), not primary.")
        look(at: answer.primaryAddress, error, now)
        return false
    }

    /// A server that is not the primary, or not ready, may say where the primary is: believed once,
    /// and after that with the pauses of a failed attempt.
    private mutating func look(at hint: String, _ error: StoreError, _ now: Instant) {
        guard let hint = Endpoint(hint), hint != servers.current, failures < 2 else {
            return attemptFailed(error, now)
        }
        closeConnection()
        failures += 1
        for id in calls.keys.sorted() { calls[id]?.lastError = error }
        servers.follow(hint)
        connect(now)
    }

    // MARK: Answers

    private mutating func takeResponse(
        _ frame: borrowing Frame, _ now: Instant
    ) throws(FrameError) {
        let extensions = try frame.extensions()
        if configuration.seeksPrimary, let standing = extensions.standing {
            guard standing.epoch >= highestEpoch else { return outlived(standing.epoch, now) }
            highestEpoch = standing.epoch
        }
        guard let id = streams.removeValue(forKey: frame.header.stream), var call = calls[id]
        else { return }
        call.stream = 0
        guard frame.header.code == StatusCode.ok else {
            var failure = try decode(frame, as: Failure.self)
            if failure.retryAfter == 0 { failure.retryAfter = frame.header.aux }
            calls[id] = call
            if configuration.seeksPrimary, failure.isFinal, failure.epochVersion > 0,
                failure.epoch < highestEpoch
            {
                queue.append(id)
                return outlived(failure.epoch, now)
            }
            return failed(call, failure, now)
        }
        unrest = 0
        var details = details(of: call, now)
        details.lsn = frame.header.route
        details.position = extensions.position
        if let standing = extensions.standing {
            details.epoch = standing.epoch
            details.replicas = standing.replicas
            details.workspacePosition = standing.workspacePosition
        }
        finish(call, .success(Reply(payload: frame.payloadCopy(), details: details)), now)
    }

    /// An answer from an epoch that is over is no answer: what it says may have been undone.
    private mutating func outlived(_ epoch: WireEpoch, _ now: Instant) {
        let message = "\(servers.current) answered from epoch \(epoch), which is over."
        servers.advance()
        lose(StoreError(.unavailable, message), now)
    }

    /// A server refused a call: done, again here, or again elsewhere, as it says.
    private mutating func failed(_ refused: PendingCall, _ failure: Failure, _ now: Instant) {
        var call = refused
        let error = StoreError(failure, server: servers.current.description)
        if failure.knownReason == .sessionExpired, call.attempts == 1, !call.mayHaveRun,
            call.request.requestID == nil
        {
            // Never executed, and never sent before: an old session and nothing worse.
            renewIDs(now)
            call.requestID = nil
            call.lastError = error
            calls[call.id] = call
            queue.append(call.id)
            return
        }
        if failure.knownReason == .unknownExtension, call.requestID?.after ?? 0 > 0 {
            // An older server: it takes them one at a time, as calls that have nothing before them.
            keepsOrder = false
            call.lastError = error
            calls[call.id] = call
            queue.append(call.id)
            return
        }
        if failure.outcome != .notExecuted { call.mayHaveRun = true }
        if !call.isRepeatable, call.mayHaveRun || call.receivedBytes > 0 {
            return finish(call, .failure(settled(error, call)), now)
        }
        switch failure.retry {
        case .never, .afterFix: finish(call, .failure(settled(error, call)), now)
        case .backoff: rest(call, error, now)
        case .elsewhere:
            guard configuration.seeksPrimary else {
                return finish(call, .failure(settled(error, call)), now)
            }
            call.lastError = error
            calls[call.id] = call
            queue.append(call.id)
            moveOn(failure.primary, error, now)
        }
    }

    private mutating func takeData(_ frame: borrowing Frame) {
        guard let id = streams[frame.header.stream], var call = calls[id],
            call.request.nature == .stream, frame.payload.byteCount > 0
        else { return }
        call.receivedBytes += frame.payload.byteCount
        calls[id] = call
        effects.append(.data(id, frame.payloadCopy()))
    }

    private mutating func takeReset(_ header: FrameHeader, _ now: Instant) {
        guard let id = streams.removeValue(forKey: header.stream), var call = calls[id]
        else { return }
        call.stream = 0
        call.mayHaveRun = true
        rest(call, StoreError(.unavailable, "The server broke the call off."), now)
    }

    // MARK: Topology

    private mutating func takeGoAway(_ frame: borrowing Frame, _ now: Instant) throws(FrameError) {
        let goAway = try decode(frame, as: GoAway.self)
        let reason = Reason(rawValue: goAway.reason)
        var error = StoreError(Failure(reason ?? .starting, goAway.message))
        error.server = servers.current.description
        if case .greeting = phase {
            if let reason, reason.retry == .never || reason.retry == .afterFix {
                closeConnection()
                return failAll(error, now)
            }
            return configuration.seeksPrimary
                ? look(at: goAway.primary, error, now) : attemptFailed(error, now)
        }
        if configuration.seeksPrimary, let primary = Endpoint(goAway.primary) {
            servers.follow(primary)
        }
        for id in calls.keys.sorted() {
            guard var call = calls[id], call.stream > goAway.lastStream else { continue }
            streams[call.stream] = nil
            call.stream = 0
            call.lastError = error
            calls[id] = call
            queue.append(id)
        }
        queue.sort()
        beginDraining(now)
    }

    private mutating func takeInfo(_ frame: borrowing Frame, _ now: Instant) throws(FrameError) {
        let info = try decode(frame, as: Info.self)
        for member in info.members {
            if let endpoint = Endpoint(member.address) { servers.learn(endpoint) }
        }
        guard configuration.seeksPrimary, phase == .open else { return }
        let primary = info.members.first { $0.isPrimary }
        let epoch = WireEpoch(version: info.epochVersion, boot: info.epochBoot)
        let moved: Bool
        if let primary, !hello.node.isEmpty {
            moved = primary.node != hello.node && epoch >= highestEpoch
        } else {
            moved = epoch > highestEpoch
        }
        guard moved || info.draining else { return }
        let address = info.primaryAddress.isEmpty ? primary?.address ?? "" : info.primaryAddress
        if moved, let endpoint = Endpoint(address) { servers.follow(endpoint) }
        beginDraining(now)
    }

    private mutating func beginDraining(_ now: Instant) {
        guard phase == .open else { return }
        let until = now.advanced(by: ClientSession.drainLimit)
        phase = .draining(until: until)
        wake(by: until)
    }
}

extension Failure {
    /// Whether it ends the call, rather than say to ask again.
    fileprivate var isFinal: Bool { retry == .never || retry == .afterFix }
}
