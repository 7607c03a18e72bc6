internal import ByteCoding
package import Environment
package import WorkProtocol

/// A request encoded once, to be sent many times by a load generator. What differs from sending to
/// sending (stream, request ID) is written over.
package struct PreparedRequest: Sendable {
    /// A whole frame.
    let bytes: [UInt8]
    let isCommand: Bool

    /// Where the fields of a command's request ID lie, behind the header: first the lowest
    /// unacknowledged sequence, then session and sequence, each behind 3 bytes of type and length.
    static let acknowledged = FrameHeader.byteCount + 3
    static let session = acknowledged + 8 + 3
    static let sequence = session + 16
    static let stream = 8

    /// - Precondition: the payload fits one frame.
    package init(_ request: ClientRequest) {
        precondition(
            request.payload.count <= Limits.fragmentBytes, "a load request goes in one frame")
        isCommand = request.nature == .command
        var extensions = Extensions()
        if isCommand {
            extensions.requestID = RequestID(high: 0, low: 0, sequence: 1, acknowledged: 1)
        }
        if request.minimumReplicas > 0 { extensions.minimumReplicas = request.minimumReplicas }
        let header = FrameHeader(
            .request, flags: .end, code: request.method, stream: 1,
            aux: UInt32(clamping: request.timeout.milliseconds), route: request.route)
        var writer = ByteWriter(capacity: 96 + request.payload.count)
        FrameEncoder().append(
            header, extensions: extensions, payload: request.payload, to: &writer)
        bytes = writer.bytes
    }
}

/// How a load generator's request ended.
package struct LoadAnswer: Sendable {
    /// What it was sent with: for instance the moment it should have been sent.
    package var tag: UInt64
    /// gRPC's status; 0: done.
    package var status: UInt16
    /// The failure's reason; 0: done.
    package var reason: UInt32
    package var lsn: UInt64
}

/// One connection for a load generator: no retries, no deadlines, nothing asynchronous, and next to
/// no work for a request. Everything happens on its queue, hence unchecked Sendable.
///
/// Requests given with `send` leave together: after the read that caused them, or with `flush`.
package final class LoadConnection: ConnectionReceiver, @unchecked Sendable {
    private struct Slot {
        /// 0: free.
        var stream: UInt32 = 0
        var sequence: UInt64 = 0
        var tag: UInt64 = 0
    }

    /// Told of each answer and its payload.
    package var answered: (LoadAnswer, RawSpan) -> Void = { _, _ in }
    /// Told once that the connection is gone, however that came.
    package var ended: (StoreError) -> Void = { _ in }
    /// Requests without an answer.
    package private(set) var inFlight = 0

    private let configuration: ClientSession.Configuration
    private let randomness: any Randomness
    private var connection: (any Connection)?
    private var opened: (@Sendable (Result<HelloOk, StoreError>) -> Void)?
    private var decoder = FrameDecoder(from: .server)
    private var outgoing = ByteWriter(capacity: 64 << 10)
    private var ids: RequestIDSource?
    private var nextStream: UInt32 = 1
    /// By stream, from `(stream / 2) % count` on. Twice as many as may be in flight.
    private var slots: [Slot]

    /// - Parameter depth: How many requests may be in flight.
    package init(
        _ configuration: ClientSession.Configuration, depth: Int, randomness: any Randomness
    ) {
        precondition(depth > 0 && depth <= Limits.streams)
        self.configuration = configuration
        self.randomness = randomness
        slots = [Slot](repeating: Slot(), count: depth * 2)
    }

    /// Connects to the first server and signs in.
    package func open(
        _ network: any Network, on queue: any SerialQueue,
        _ completed: @escaping @Sendable (Result<HelloOk, StoreError>) -> Void
    ) {
        opened = completed
        let endpoint = configuration.servers[0]
        network.connect(endpoint, endpoint.clientSecurity, on: queue) { [self] result in
            switch result {
            case .success(let connection):
                connection.receiver = self
                self.connection = connection
                greet()
            case .failure(let error): end(StoreError(error))
            }
        }
    }

    private func greet() {
        var hello = Hello()
        hello.versions = ProtocolVersion.supported
        hello.clientName = configuration.clientName
        hello.token = configuration.token
        outgoing.append(Preface.bytes)
        FrameEncoder().append(FrameHeader(.hello), payload: hello.encoded(), to: &outgoing)
        flush()
    }

    /// Sends a request with the next read's answers, or with `flush`; false if there is no room for
    /// it, or no connection.
    @discardableResult
    package func send(_ request: PreparedRequest, tag: UInt64) -> Bool {
        guard connection != nil, opened == nil, inFlight * 2 < slots.count else { return false }
        var slot = Slot(stream: nextStream, tag: tag)
        let start = outgoing.count
        outgoing.append(request.bytes)
        outgoing.overwrite(at: start + PreparedRequest.stream, fixed: nextStream)
        if request.isCommand {
            guard let id = ids?.make(), let lowest = ids?.lowest else {
                outgoing.truncate(to: start)
                return false
            }
            slot.sequence = id.sequence
            outgoing.overwrite(at: start + PreparedRequest.acknowledged, fixed: lowest)
            outgoing.overwrite(at: start + PreparedRequest.session, fixed: id.high.byteSwapped)
            outgoing.overwrite(at: start + PreparedRequest.session + 8, fixed: id.low.byteSwapped)
            outgoing.overwrite(at: start + PreparedRequest.sequence, fixed: id.sequence)
        }
        var index = Int(nextStream / 2) % slots.count
        while slots[index].stream != 0 { index = (index + 1) % slots.count }
        slots[index] = slot
        inFlight += 1
        nextStream &+= 2
        return true
    }

    /// Hands over what has been collected.
    package func flush() {
        guard outgoing.count > 0 else { return }
        connection?.send(outgoing.bytes)
        outgoing.removeAll()
    }

    package func close() {
        connection?.close()
        end(StoreError(.closed, "The connection was closed."))
    }

    private func end(_ error: StoreError) {
        connection = nil
        if let opened {
            self.opened = nil
            opened(.failure(error))
        } else {
            let ended = ended
            self.ended = { _ in }
            ended(error)
        }
    }

    // MARK: What the connection tells

    package func received(_ bytes: UnsafeRawBufferPointer, on connection: any Connection) {
        var reader = ByteReader(unsafe bytes.bytes)
        do throws(FrameError) {
            while let frame = try decoder.next(&reader) {
                switch frame.header.type {
                case .response: take(frame)
                case .helloOk: welcome(frame)
                case .goAway:
                    let goAway = (try? GoAway(decoding: frame.payload)) ?? GoAway()
                    let reason = Reason(rawValue: goAway.reason) ?? .starting
                    connection.close()
                    return end(StoreError(Failure(reason, goAway.message)))
                case .ping:
                    FrameEncoder().append(
                        FrameHeader(.pong, aux: frame.header.aux), to: &outgoing)
                default: break
                }
            }
        } catch {
            connection.close()
            end(StoreError(.protocolViolation, "\(error)"))
        }
    }

    private func welcome(_ frame: borrowing Frame) {
        let hello = (try? HelloOk(decoding: frame.payload)) ?? HelloOk()
        decoder.open()
        ids = RequestIDSource(
            serverTime: hello.serverTime,
            random: (UInt16(truncatingIfNeeded: randomness.number()), randomness.number()))
        let opened = opened
        self.opened = nil
        opened?(.success(hello))
    }

    private func take(_ frame: borrowing Frame) {
        let stream = frame.header.stream
        var index = Int(stream / 2) % slots.count
        var steps = 0
        while slots[index].stream != stream {
            index = (index + 1) % slots.count
            steps += 1
            if steps == slots.count { return }
        }
        let slot = slots[index]
        slots[index].stream = 0
        inFlight -= 1
        if slot.sequence != 0 { ids?.finish(slot.sequence) }
        var answer = LoadAnswer(
            tag: slot.tag, status: frame.header.code, reason: 0, lsn: frame.header.route)
        if frame.header.code != StatusCode.ok {
            answer.reason = (try? Failure(decoding: frame.payload))?.reason ?? 0
        }
        answered(answer, frame.payload)
    }

    package func receivedAll(on connection: any Connection) { flush() }

    package func writable(_ connection: any Connection) {}

    package func closed(_ connection: any Connection, _ reason: NetworkError?) {
        guard self.connection != nil else { return }
        end(StoreError(.unavailable, reason?.description ?? "The server closed the connection."))
    }
}
