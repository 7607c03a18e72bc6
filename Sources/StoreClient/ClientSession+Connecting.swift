internal import ByteCoding
package import Environment
internal import WorkProtocol

// MARK: What the network tells

extension ClientSession {
    /// The connection asked for under this number is open.
    package mutating func connected(_ number: Int, at now: Instant) {
        guard number == connection, case .connecting = phase else {
            effects.append(.close(number))
            return
        }
        phase = .greeting(until: now.advanced(by: ClientSession.attemptLimit))
        wake(by: now.advanced(by: ClientSession.attemptLimit))
        decoder = FrameDecoder(from: .server)
        encoder = FrameEncoder()
        nextStream = 1
        streams = [:]
        keepsOrder = true
        pingSent = nil
        lastHeard = now
        var hello = Hello()
        hello.versions = ProtocolVersion.supported
        hello.features = configuration.features.rawValue
        hello.clientName = configuration.clientName
        hello.clientVersion = configuration.clientVersion
        hello.expectedCluster = configuration.expectedCluster
        hello.token = configuration.token
        outgoing.append(Preface.bytes)
        encoder.append(FrameHeader(.hello), to: &outgoing) { hello.encode(into: &$0) }
    }

    /// There is no connection under this number.
    package mutating func connectFailed(_ number: Int, _ error: NetworkError, at now: Instant) {
        guard number == connection, case .connecting = phase else { return }
        attemptFailed(StoreError(error), isPermanent: error.isPermanent, isClosed: true, now)
    }

    /// The other end closed the connection, or it broke.
    package mutating func closed(_ number: Int, _ error: NetworkError?, at now: Instant) {
        guard number == connection else { return }
        let why = StoreError(
            .unavailable, error?.description ?? "\(servers.current) closed the connection.")
        switch phase {
        case .connecting, .greeting: attemptFailed(why, isClosed: true, now)
        case .open, .draining: lose(why, isClosed: true, now)
        case .idle, .pausing, .ended: break
        }
    }

    /// Bytes came. They are valid only during the call.
    package mutating func received(_ number: Int, _ bytes: RawSpan, at now: Instant) {
        guard number == connection else { return }
        lastHeard = now
        pingSent = nil
        var reader = ByteReader(bytes)
        do throws(FrameError) {
            while number == connection, isListening, let frame = try decoder.next(&reader) {
                try take(frame, now)
            }
        } catch {
            broken(error, now)
        }
        proceed(now)
    }

    private var isListening: Bool {
        switch phase {
        case .greeting, .open, .draining: true
        case .idle, .connecting, .pausing, .ended: false
        }
    }

    private mutating func broken(_ error: FrameError, _ now: Instant) {
        let message = "\(servers.current) sent what is not HFP/1: \(error)"
        let why = StoreError(.protocolViolation, message)
        if isLive { lose(why, now) } else { attemptFailed(why, isPermanent: true, now) }
    }
}

// MARK: Looking for a server

extension ClientSession {
    mutating func connect(_ now: Instant) {
        guard !calls.isEmpty else {
            phase = .idle
            return
        }
        connection += 1
        let until = now.advanced(by: ClientSession.attemptLimit)
        phase = .connecting(until: until)
        wake(by: until)
        effects.append(.connect(connection, servers.current))
    }

    mutating func pause(_ count: Int, _ now: Instant) {
        let until = now.advanced(by: backoff.pause(after: count, random: randomness.number()))
        phase = .pausing(until: until)
        wake(by: until)
    }

    /// Closes the present connection, if there is one, and forgets what was on it.
    mutating func closeConnection() {
        switch phase {
        case .connecting, .greeting, .open, .draining:
            flush()
            effects.append(.close(connection))
        case .idle, .pausing, .ended: break
        }
        dropConnection()
    }

    private mutating func dropConnection() {
        outgoing.removeAll()
        streams = [:]
        connection += 1
    }

    /// The present attempt did not end in an open connection: the next server's turn, after a pause
    /// when all have had theirs.
    mutating func attemptFailed(
        _ error: StoreError, isPermanent: Bool = false, isClosed: Bool = false, _ now: Instant
    ) {
        if isClosed { dropConnection() } else { closeConnection() }
        failures += 1
        permanentFailures = isPermanent ? permanentFailures + 1 : 0
        let since = failingSince ?? now
        failingSince = since
        for id in calls.keys.sorted() { calls[id]?.lastError = error }
        if permanentFailures >= servers.count { return failAll(error, now) }
        if let patience = configuration.patience, failures >= servers.count,
            now.since(since) >= patience
        {
            return failAll(error, now)
        }
        servers.advance()
        if calls.isEmpty {
            phase = .idle
        } else if failures % servers.count == 0 {
            pause(failures / servers.count, now)
        } else {
            connect(now)
        }
    }

    /// No server will do.
    mutating func failAll(_ error: StoreError, _ now: Instant) {
        phase = .idle
        failures = 0
        permanentFailures = 0
        failingSince = nil
        for id in calls.keys.sorted() {
            if let call = calls[id] { finish(call, .failure(settled(error, call)), now) }
        }
    }

    /// The connection is gone, and with it the answers to what was in flight.
    mutating func lose(_ error: StoreError, isClosed: Bool = false, _ now: Instant) {
        if isClosed { dropConnection() } else { closeConnection() }
        requeueInFlight(error, now)
        unrest += 1
        if calls.isEmpty {
            phase = .idle
        } else if unrest > 1 {
            servers.advance()
            pause(unrest - 1, now)
        } else {
            connect(now)
        }
    }

    /// Leaves a server that answers no more, but did nothing wrong.
    mutating func leave(_ now: Instant) {
        lose(StoreError(.unavailable, "The server is going away."), now)
    }

    /// The primary is elsewhere: at `hint`, if that names a server.
    mutating func moveOn(_ hint: String, _ error: StoreError, _ now: Instant) {
        let here = servers.current
        closeConnection()
        requeueInFlight(error, now)
        unrest += 1
        let target = Endpoint(hint)
        if let target, target != here {
            servers.follow(target)
        } else {
            servers.advance()
        }
        if calls.isEmpty {
            phase = .idle
        } else if target == nil || target == here || unrest > 2 {
            pause(unrest, now)
        } else {
            connect(now)
        }
    }
}

// MARK: Signs of life

extension ClientSession {
    /// When a silent server is asked for a sign of life, or given up.
    var silenceLimit: Instant {
        if let pingSent { return pingSent.advanced(by: ClientSession.answerLimit) }
        return lastHeard.advanced(
            by: streams.isEmpty ? ClientSession.idleSilence : ClientSession.busySilence)
    }

    mutating func checkSilence(_ now: Instant) {
        guard now >= silenceLimit else { return }
        if pingSent != nil {
            servers.advance()
            let message = "\(hello.node.isEmpty ? "The server" : hello.node) gives no sign of life."
            lose(StoreError(.unavailable, message), now)
        } else {
            pingSent = now
            encoder.append(FrameHeader(.ping), to: &outgoing)
        }
    }
}

extension NetworkError {
    /// Whether trying again cannot help.
    fileprivate var isPermanent: Bool {
        switch kind {
        case .untrusted, .notTLS: true
        case .inUse, .refused, .timedOut, .unreachable, .closed, .failed: false
        }
    }
}

extension StoreError {
    /// Why there is no connection.
    init(_ error: NetworkError) {
        switch error.kind {
        case .untrusted: self.init(.untrusted, error.description)
        case .notTLS: self.init(.protocolViolation, error.description)
        case .inUse, .refused, .timedOut, .unreachable, .closed, .failed:
            self.init(.unavailable, error.description)
        }
        isRetrySafe = code == .unavailable
        server = error.endpoint.description
    }
}
