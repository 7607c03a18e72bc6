internal import ByteCoding
internal import Environment
internal import WorkProtocol

// MARK: Sending

extension ClientSession {
    /// Sends the calls that wait, as far as the server takes them.
    mutating func sendQueued(_ now: Instant) {
        guard !queue.isEmpty else { return }
        // What rested for longer is not to come behind what waits for it.
        if !series.isEmpty { queue.sort() }
        let waiting = queue
        queue = []
        // Calls of series whose turn has not come.
        var held: [CallID] = []
        for (index, id) in waiting.enumerated() {
            guard phase == .open, streams.count < maxStreams, let call = calls[id] else {
                if calls[id] == nil { continue }
                held += waiting[index...]
                break
            }
            if call.request.nature == .ready {
                finish(call, .success(Reply(payload: [], details: details(of: call, now))), now)
                continue
            }
            switch turn(of: call) {
            case .never: abandon(call, now)
            case .later: held.append(id)
            case .now(let after):
                if send(call, after: after, now) { continue }
                held += waiting[index...]
                queue = held + queue
                return
            }
        }
        queue = held + queue
    }

    /// Sends one call; false if no request ID is to be had now.
    private mutating func send(
        _ waiting: PendingCall, after: UInt64, _ now: Instant
    ) -> Bool {
        var call = waiting
        var extensions = Extensions()
        if call.request.nature == .command {
            if call.requestID == nil {
                renewIDsIfOld(now)
                guard let id = ids?.make() else { return false }
                call.requestID = id
            }
            if let ids, ids.high == call.requestID?.high, ids.low == call.requestID?.low {
                call.requestID?.acknowledged = ids.lowest
            }
            call.requestID?.after = after
            extensions.requestID = call.requestID
        }
        if call.request.minimumReplicas > 0 {
            extensions.minimumReplicas = call.request.minimumReplicas
        }
        if highestEpoch.version > 0 { extensions.highestEpoch = highestEpoch }
        var header = FrameHeader(
            .request, flags: .end, code: call.request.method, stream: nextStream,
            aux: UInt32(clamping: max(call.deadline.since(now).milliseconds, 1)),
            route: call.request.route)
        if call.attempts > 0 { header.flags.insert(.retry) }
        if call.request.followerOK { header.flags.insert(.followerOK) }
        encoder.append(
            header, extensions: extensions, payload: call.request.payload, to: &outgoing)
        if streams.isEmpty { lastHeard = now }
        call.stream = nextStream
        call.attempts += 1
        call.uncreditedBytes = 0
        streams[nextStream] = call.id
        wake(by: silenceLimit)
        calls[call.id] = call
        nextStream &+= 2
        if nextStream > UInt32.max - 2 {
            phase = .draining(until: now.advanced(by: ClientSession.drainLimit))
        }
        return true
    }

    private mutating func renewIDsIfOld(_ now: Instant) {
        guard let ids, ids.openCount == 0 else { return }
        if serverTime(now) - ids.created > ClientSession.renewalAge { renewIDs(now) }
    }

    /// Begins a new session of request IDs.
    mutating func renewIDs(_ now: Instant) {
        ids = RequestIDSource(
            serverTime: serverTime(now),
            random: (UInt16(truncatingIfNeeded: randomness.number()), randomness.number()))
    }

    /// The server's wall clock now, as far as we know it.
    func serverTime(_ now: Instant) -> Int64 {
        serverClock.server + Int64(clamping: now.since(serverClock.ours).milliseconds)
    }
}

// MARK: Ending and repeating

extension ClientSession {
    /// Ends a call with its result.
    mutating func finish(
        _ call: PendingCall, _ result: Result<Reply, StoreError>, _ now: Instant
    ) {
        calls[call.id] = nil
        if call.stream != 0 { streams[call.stream] = nil }
        if let id = call.requestID, let high = ids?.high, high == id.high, ids?.low == id.low {
            if case .failure(let error) = result, error.outcome == .unknown {
                ids?.abandon(id.sequence)
            } else {
                ids?.finish(id.sequence)
            }
        }
        leave(call, isDone: (try? result.get()) != nil)
        effects.append(.complete(call.id, result))
    }

    /// The time of a call is over.
    mutating func expire(_ call: PendingCall, _ now: Instant) {
        let milliseconds = call.request.timeout.milliseconds
        var error = StoreError(
            .deadlineExceeded, "There was no answer within \(milliseconds) ms.")
        error.isRetrySafe = call.request.nature != .once
        if call.stream == 0, let last = call.lastError {
            error.code = last.code
            let end = last.message.hasSuffix(".") ? "" : "."
            error.message = "\(last.message)\(end) It stayed so for \(milliseconds) ms."
            error.reasonNumber = last.reasonNumber
            error.server = last.server
        }
        giveUp(call, error, now)
    }

    /// Ends a call without an answer.
    mutating func giveUp(_ call: PendingCall, _ error: StoreError, _ now: Instant) {
        var call = call
        if call.stream != 0, isLive {
            encoder.append(
                FrameHeader(.reset, code: StatusCode.cancelled, stream: call.stream),
                to: &outgoing)
            call.mayHaveRun = true
        }
        finish(call, .failure(settled(error, call)), now)
    }

    /// The error as the application gets it: with what is known of all attempts.
    func settled(_ error: StoreError, _ call: PendingCall) -> StoreError {
        var error = error
        error.attempts = call.attempts
        if call.request.nature == .command { error.requestID = call.requestID?.text }
        if error.server.isEmpty { error.server = servers.current.description }
        guard call.hasEffect else {
            error.outcome = .notExecuted
            return error
        }
        // The rules answer only after the request history: had an earlier attempt run, its answer
        // would have come instead. What refuses a request before it is understood proves nothing
        // about an attempt at another node, which may be newer.
        let rulesAnswered =
            switch error.reason {
            case .badFrame, .unknownMethod, .unknownExtension: false
            case .notFound: true
            default: (200..<400).contains(error.reasonNumber)
            }
        guard call.mayHaveRun, !rulesAnswered || error.outcome == .unknown else { return error }
        error.outcome = .unknown
        error.isRetrySafe = call.request.nature == .command && error.reason != .sessionExpired
        if error.code != .sessionExpired, error.code != .corrupt { error.code = .outcomeUnknown }
        if error.isRetrySafe, error.hint.isEmpty {
            error.hint =
                "Whether it took effect is not known. Asking again with the same request "
                + "ID is safe."
        }
        return error
    }

    /// A call was refused for now: it waits, and is sent again with the same request ID.
    mutating func rest(_ call: PendingCall, _ error: StoreError, _ now: Instant) {
        var call = call
        let pause = backoff.pause(after: call.attempts, random: randomness.number())
        let asked = Interval.milliseconds(UInt64(error.retryAfterMilliseconds))
        let until = now.advanced(by: max(pause, asked))
        guard until < call.deadline, call.isRepeatable else {
            finish(call, .failure(settled(error, call)), now)
            return
        }
        call.stream = 0
        call.lastError = error
        call.restsUntil = until
        calls[call.id] = call
        resting.append(call.id)
        wake(by: until)
    }

    /// Puts the calls that have rested enough where they are sent from.
    mutating func rouse(_ now: Instant) {
        guard !resting.isEmpty else { return }
        let all = resting
        resting = []
        for id in all {
            guard let until = calls[id]?.restsUntil else { continue }
            if until <= now {
                calls[id]?.restsUntil = nil
                queue.append(id)
            } else {
                resting.append(id)
                wake(by: until)
            }
        }
    }

    /// What was in flight on a connection that is gone will be sent again, in the order of the
    /// calls, or has failed.
    mutating func requeueInFlight(_ error: StoreError, _ now: Instant) {
        for id in calls.keys.sorted() {
            guard var call = calls[id], call.stream != 0 else { continue }
            call.stream = 0
            call.mayHaveRun = true
            call.lastError = error
            calls[id] = call
            if call.isRepeatable {
                queue.append(id)
            } else {
                finish(call, .failure(settled(error, call)), now)
            }
        }
        queue.sort()
    }

    func details(of call: PendingCall, _ now: Instant) -> ReplyDetails {
        var details = ReplyDetails()
        details.epoch = WireEpoch(version: hello.epochVersion, boot: hello.epochBoot)
        details.attempts = call.attempts
        details.requestID = call.request.nature == .command ? call.requestID : nil
        details.server = servers.current.description
        details.latency = now.since(call.began)
        return details
    }
}
