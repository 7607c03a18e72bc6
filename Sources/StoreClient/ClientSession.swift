internal import ByteCoding
package import Environment
package import WorkProtocol

/// What a client does between its application and its servers, as a state machine: calls, bytes and
/// time go in, effects come out; it does nothing by itself.
///
/// It keeps one connection, to the primary (or to any one server, `Configuration.seeksPrimary`),
/// and promises the application that
/// - a command takes effect at most once, however often it is sent: all attempts carry the same
///   request ID;
/// - a call fails only with an answer, or when its time is over; and if nobody can tell whether it
///   took effect, the error says so;
/// - an answer from a node that was deposed is never shown (`highestEpoch`).
///
/// Whoever drives it carries out `takeEffects()` after each input, in order, and calls `tick` no
/// later than `wakeTime`.
package struct ClientSession: ~Copyable {
    package struct Configuration: Sendable {
        /// Where to look for the store, in this order.
        package var servers: [Endpoint]
        /// Sent in HELLO.
        package var token: String
        package var clientName = "holdfast"
        package var clientVersion = ""
        /// The only cluster to talk to, 16 bytes; none: any.
        package var expectedCluster: [UInt8] = []
        /// Whether calls are for the primary, wherever it is. Otherwise for the server that is
        /// reached first, whatever its role.
        package var seeksPrimary = true
        /// What to offer in HELLO.
        package var features: Features = []
        /// How long to look for a server before calls fail; nil: until their time is over.
        package var patience: Interval?

        package init(servers: [Endpoint], token: String) {
            self.servers = servers
            self.token = token
        }
    }

    /// What is to be done, in order.
    package enum Effect: Equatable, Sendable {
        /// Open a connection under this number, and tell `connected` or `connectFailed`.
        case connect(Int, Endpoint)
        case send(Int, [UInt8])
        /// Close a connection, or give up opening it. Nothing more is told of it.
        case close(Int)
        /// Some bytes of a stream's answer. `consumed` says when they have been taken.
        case data(CallID, [UInt8])
        case complete(CallID, Result<Reply, StoreError>)
    }

    enum Phase: Equatable {
        case idle
        /// Waits for the connection, or for HELLO_OK.
        case connecting(until: Instant)
        case greeting(until: Instant)
        case open
        /// Gets answers that are still to come, and sends nothing new.
        case draining(until: Instant)
        /// Between two attempts.
        case pausing(until: Instant)
        case ended
    }

    /// A connection that takes longer than this, or its greeting, is given up.
    static let attemptLimit = Interval.seconds(3)
    /// How long answers may come after GOAWAY.
    static let drainLimit = Interval.seconds(1)
    /// A silent server is asked for a sign of life after so long, and is given so long to answer.
    static let busySilence = Interval.milliseconds(1_500)
    static let idleSilence = Interval.seconds(UInt64(Limits.pingSeconds))
    static let answerLimit = Interval.milliseconds(1_500)
    /// A session of request IDs is renewed at this age, long before the server forgets it.
    static let renewalAge: Int64 = 12 * 3_600_000

    let configuration: Configuration
    let randomness: any Randomness
    let backoff = Backoff()

    var phase = Phase.idle
    var servers: ServerList
    /// Counts connections; what is told of another than the present one is old news.
    var connection = 0
    var effects: [Effect] = []
    var outgoing = ByteWriter()
    var decoder = FrameDecoder(from: .server)
    var encoder = FrameEncoder()
    /// What the present server said of itself.
    var hello = HelloOk()
    /// The server's clock when it said so, and ours.
    var serverClock: (server: Int64, ours: Instant) = (0, Instant(nanoseconds: 0))
    var nextStream: UInt32 = 1
    var maxStreams = Limits.streams
    /// Whether the present server is not known to be one that cannot keep calls in order.
    var keepsOrder = true
    /// Which call is on which stream. Looked up, never walked.
    var streams: [UInt32: CallID] = [:]

    var calls: [CallID: PendingCall] = [:]
    var lastCall: UInt64 = 0
    /// Calls to be sent as soon as it is possible, in this order.
    var queue: [CallID] = []
    /// Calls that wait before they are sent again.
    var resting: [CallID] = []
    /// Those that have calls without a result, and those that broke.
    var series: [UInt64: CallSeries] = [:]
    var ids: RequestIDSource?

    /// The highest epoch that a primary answered from.
    package internal(set) var highestEpoch = WireEpoch()
    /// Attempts to connect that failed since the last that did not, and since when.
    var failures = 0
    var permanentFailures = 0
    var failingSince: Instant?
    /// Connections lost and left since the last answer.
    var unrest = 0
    /// When something last came from the server, or was first sent to it after silence.
    var lastHeard = Instant(nanoseconds: 0)
    var pingSent: Instant?
    /// `tick` is due no later than this.
    package internal(set) var wakeTime: Instant?

    package init(_ configuration: Configuration, _ randomness: any Randomness) {
        self.configuration = configuration
        self.randomness = randomness
        servers = ServerList(configuration.servers)
    }

    /// Whether a server has let the client in.
    package var isOpen: Bool { phase == .open }

    /// What the present server said of itself; nil while there is none.
    package var server: HelloOk? { isOpen ? hello : nil }

    /// Calls without a result.
    package var pendingCount: Int { calls.count }

    /// What is to be done now; empties the list.
    package mutating func takeEffects() -> [Effect] {
        flush()
        defer { effects.removeAll(keepingCapacity: true) }
        return effects
    }

    /// Makes what has been written an effect, so that it stands before what comes next.
    mutating func flush() {
        guard outgoing.count > 0 else { return }
        effects.append(.send(connection, outgoing.bytes))
        outgoing.removeAll()
    }

    mutating func wake(by time: Instant) {
        if let wakeTime, wakeTime <= time { return }
        wakeTime = time
    }
}

// MARK: Inputs

extension ClientSession {
    /// Begins a call. Its result comes as an effect, exactly once.
    package mutating func begin(_ request: ClientRequest, at now: Instant) -> CallID {
        lastCall += 1
        let id = CallID(number: lastCall)
        let call = PendingCall(
            id: id, request: request, began: now, deadline: now.advanced(by: request.timeout),
            requestID: request.requestID)
        calls[id] = call
        join(call)
        guard phase != .ended else {
            finish(call, .failure(StoreError(.closed, "The store has been closed.")), now)
            return id
        }
        guard request.payload.count <= Limits.requestBytes else {
            let message =
                "The request has \(request.payload.count) bytes, at most \(Limits.requestBytes)."
            finish(call, .failure(StoreError(.invalidRequest, message)), now)
            return id
        }
        queue.append(id)
        wake(by: call.deadline)
        proceed(now)
        return id
    }

    /// Gives a call up. Its result is an error that says whether it may have taken effect.
    package mutating func cancel(_ id: CallID, at now: Instant) {
        guard let call = calls[id] else { return }
        giveUp(call, StoreError(.cancelled, "The call was cancelled."), now)
        proceed(now)
    }

    /// The application has taken `count` bytes of a stream.
    package mutating func consumed(_ id: CallID, _ count: Int) {
        guard var call = calls[id], call.stream != 0, isLive else { return }
        call.uncreditedBytes += count
        if call.uncreditedBytes >= Int(max(hello.initialCredit, 2)) / 2 {
            let credit = UInt32(clamping: call.uncreditedBytes)
            call.uncreditedBytes = 0
            encoder.append(
                FrameHeader(.credit, stream: call.stream, aux: credit), to: &outgoing)
        }
        calls[id] = call
    }

    /// Gives all calls up and ends.
    package mutating func end(at now: Instant) {
        for id in calls.keys.sorted() {
            guard let call = calls[id] else { continue }
            giveUp(call, StoreError(.closed, "The store has been closed."), now)
        }
        closeConnection()
        phase = .ended
        wakeTime = nil
    }

    /// Time has passed.
    package mutating func tick(at now: Instant) {
        wakeTime = nil
        switch phase {
        case .connecting(let until), .greeting(let until):
            if now >= until {
                attemptFailed(
                    StoreError(.unavailable, "\(servers.current) did not answer in time."), now)
            }
        case .pausing(let until): if now >= until { connect(now) }
        case .draining(let until):
            if now >= until { lose(StoreError(.unavailable, "The server is going away."), now) }
        case .open: checkSilence(now)
        case .idle, .ended: break
        }
        for id in calls.keys.sorted() {
            guard let call = calls[id] else { continue }
            if call.deadline <= now { expire(call, now) } else { wake(by: call.deadline) }
        }
        rouse(now)
        proceed(now)
        planWake(now)
    }

    /// Whether there is a connection past its greeting.
    var isLive: Bool {
        switch phase {
        case .open, .draining: true
        case .idle, .connecting, .greeting, .pausing, .ended: false
        }
    }

    /// Does what can be done now: connects if there is something to do, sends what waits.
    mutating func proceed(_ now: Instant) {
        switch phase {
        case .idle: if !calls.isEmpty { connect(now) }
        case .open: sendQueued(now)
        case .draining: if streams.isEmpty { leave(now) }
        case .connecting, .greeting, .pausing, .ended: break
        }
    }

    private mutating func planWake(_ now: Instant) {
        switch phase {
        case .connecting(let until), .greeting(let until), .pausing(let until),
            .draining(let until):
            wake(by: until)
        case .open: wake(by: silenceLimit)
        case .idle, .ended: break
        }
    }
}
