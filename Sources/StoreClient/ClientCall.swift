package import Environment
package import WorkProtocol

/// What a client asks: a method, where it goes, and how long it may take.
package struct ClientRequest: Sendable {
    /// What decides whether a request may be sent again when its outcome is not known.
    package enum Nature: Sendable, Equatable {
        /// Carries a request ID: sending it again is harmless.
        case command
        /// Changes nothing.
        case query
        /// A sequence of answers; sent again only while none has come.
        case stream
        /// Asked of one node, without a request ID, and not harmless: never sent twice.
        case once
        /// Not sent at all: done when a server has been found.
        case ready
    }

    package var method: UInt16
    package var nature: Nature
    /// The ordinal of a workspace, or any gid in it; 0 for the instance.
    package var route: UInt64
    package var payload: [UInt8]
    package var timeout: Interval
    /// Refuse unless so many copies would hold the change; 0: as many as there are.
    package var minimumReplicas: UInt8 = 0
    /// A follower may answer.
    package var followerOK = false
    /// For a command that was asked before: its request ID. Otherwise the session gives one.
    package var requestID: RequestID?
    /// The number of the series that a command belongs to, chosen by who asks; all of them in one
    /// workspace. Of a series, a command is executed only after all those begun before it were;
    /// once one fails, those behind it fail, too.
    package var series: UInt64?

    package init(
        _ method: Method, route: UInt64 = 0, payload: [UInt8] = [],
        timeout: Interval = .milliseconds(UInt64(Limits.deadlineMilliseconds))
    ) {
        self.method = method.id
        self.route = route
        self.payload = payload
        self.timeout = timeout
        nature =
            switch method.kind {
            case .command: .command
            case .query, .session: .query
            case .stream: .stream
            case .node: ClientRequest.harmless.contains(method) ? .query : .once
            }
    }

    /// A request that is done when a server has been found and has let the client in.
    package static func ready(timeout: Interval) -> ClientRequest {
        var request = ClientRequest(.ping, timeout: timeout)
        request.nature = .ready
        return request
    }

    /// The methods of nodes that change nothing.
    private static let harmless: [Method] = [.ping, .describe, .getStatus, .getLimits]
}

/// Names a call within its session.
package struct CallID: Hashable, Comparable, Sendable {
    package var number: UInt64

    package static func < (left: CallID, right: CallID) -> Bool { left.number < right.number }
}

/// An answer and what came with it.
package struct Reply: Equatable, Sendable {
    package var payload: [UInt8]
    package var details: ReplyDetails
}

/// What an answer says besides its content.
package struct ReplyDetails: Equatable, Sendable {
    /// The LSN it was answered from, for principals that may know it; otherwise 0.
    package var lsn: UInt64 = 0
    /// Where the workspace stood, for reading one's own writes elsewhere.
    package var position: PositionToken?
    /// How many copies hold what the answer shows; 0 if it was not said.
    package var replicas: UInt8 = 0
    package var epoch = WireEpoch()
    package var workspacePosition: UInt64 = 0
    /// How often the request was sent.
    package var attempts = 0
    package var requestID: RequestID?
    /// Where the answer came from.
    package var server = ""
    /// From the call to its answer.
    package var latency = Interval.zero

    package init() {}
}

/// A call that has no result yet.
struct PendingCall {
    let id: CallID
    let request: ClientRequest
    let began: Instant
    let deadline: Instant
    var requestID: RequestID?
    /// The stream it is on; 0 while it waits to be sent.
    var stream: UInt32 = 0
    var attempts = 0
    /// Some attempt may have taken effect.
    var mayHaveRun = false
    /// Not to be sent again before.
    var restsUntil: Instant?
    /// Why the last attempt did not do.
    var lastError: StoreError?
    /// Bytes of a stream that have come.
    var receivedBytes = 0
    /// Bytes the application has taken and the server has not been told of.
    var uncreditedBytes = 0

    /// Whether sending it again cannot do harm.
    var isRepeatable: Bool {
        switch request.nature {
        case .command, .query, .ready: true
        case .stream: receivedBytes == 0
        case .once: false
        }
    }

    /// Whether it may leave a trace at the server.
    var hasEffect: Bool { request.nature == .command || request.nature == .once }
}
