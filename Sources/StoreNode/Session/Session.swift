internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkProtocol

/// One client's connection: its greeting, who it is, and what it has under way.
///
/// What the protocol allows on a connection is decided here; what a request does, in `Node`. Bytes
/// to send collect in `output` and leave together at the end of the turn.
///
/// Whoever breaks the protocol gets a GOAWAY with the reason, loses this connection, and nothing
/// else is disturbed.
final class Session: ConnectionReceiver, @unchecked Sendable {
    // `@unchecked Sendable`: confined to the core queue.
    let id: UInt64
    let connection: any Connection
    unowned let node: Node

    var decoder = FrameDecoder(from: .client)
    var encoder = FrameEncoder()
    /// Who it is, once it has said so.
    var credentials: Credentials?
    /// Streams with a request that has not been answered.
    var openStreams: Set<UInt32> = []
    var exports: [UInt32: ExportStream] = [:]
    var output = ByteWriter(capacity: 4096)
    private var isDirty = false
    var isClosed = false
    var greetingLimit: (any ScheduledWork)?
    /// When something last arrived.
    var heardAt: Instant

    struct Credentials {
        var principal: Principal
        var secretHash: [UInt8]
    }

    init(_ id: UInt64, _ connection: any Connection, _ node: Node) {
        self.id = id
        self.connection = connection
        self.node = node
        heardAt = node.now
        let limit = Interval.seconds(UInt64(Limits.handshakeSeconds))
        greetingLimit = node.queue.schedule(after: limit) { [weak self] in
            guard let self, credentials == nil else { return }
            leave(.badFrame, "HELLO did not come within \(Limits.handshakeSeconds) s.")
        }
    }

    // MARK: - Receiving

    func received(_ bytes: UnsafeRawBufferPointer, on connection: any Connection) {
        guard !isClosed else { return }
        heardAt = node.now
        var reader = unsafe ByteReader(bytes.bytes)
        do throws(FrameError) {
            while !isClosed, let frame = try decoder.next(&reader) { take(frame) }
        } catch {
            if let answer = error.foreignAnswer {
                connection.send(answer)
                close()
            } else {
                leave(error.reason, error.description)
            }
        }
    }

    func receivedAll(on connection: any Connection) { node.scheduleTurn() }

    func writable(_ connection: any Connection) {
        for stream in exports.keys.sorted() { exports[stream]?.proceed() }
    }

    func closed(_ connection: any Connection, _ reason: NetworkError?) {
        isClosed = true
        greetingLimit?.cancel()
        for stream in exports.values { stream.cancel() }
        exports.removeAll()
        node.sessions.removeValue(forKey: id)
    }

    private func take(_ frame: borrowing Frame) {
        switch frame.header.type {
        case .hello: greet(frame.payload)
        case .request: request(frame)
        case .credit: exports[frame.header.stream]?.grant(frame.header.aux)
        case .reset: cancel(frame.header.stream)
        case .ping:
            write(FrameHeader(.pong, aux: frame.header.aux))
        case .goAway: close()
        default: break
        }
    }

    /// The client does not want the answer any more. A command that was appended goes on.
    private func cancel(_ stream: UInt32) {
        openStreams.remove(stream)
        exports.removeValue(forKey: stream)?.cancel()
    }

    private func request(_ frame: borrowing Frame) {
        let stream = frame.header.stream
        guard stream % 2 == 1, !openStreams.contains(stream) else {
            return leave(.badFrame, "Stream \(stream) is not one that a client may open now.")
        }
        guard openStreams.count < Limits.streams else {
            return fail(
                stream,
                Failure(
                    .overloaded,
                    "There are \(Limits.streams) requests under way on this "
                        + "connection; wait for answers.", retryAfter: 50))
        }
        openStreams.insert(stream)
        node.take(frame, from: self)
    }

    // MARK: - Answering

    /// Queues an answer, a failure, or whatever was held, for the end of the turn.
    func deliver(_ reply: HeldReply) {
        if case .stream(let stream) = reply.content { return stream.begin() }
        guard openStreams.remove(reply.stream) != nil else { return }
        switch reply.content {
        case .stream: break
        case .failure(let failure): write(failure, on: reply.stream)
        case .answer(let payload):
            var header = FrameHeader(.response, flags: .end, stream: reply.stream)
            if isOperator { header.route = reply.lsn.rawValue }
            encoder.append(
                header, extensions: extensions(reply), payload: payload, to: &output)
            dirty()
        }
    }

    /// Answers a request with a failure.
    func fail(_ stream: UInt32, _ failure: Failure) {
        openStreams.remove(stream)
        exports.removeValue(forKey: stream)
        write(failure, on: stream)
    }

    private func write(_ failure: Failure, on stream: UInt32) {
        let header = FrameHeader(
            .response, flags: .end, code: failure.status, stream: stream, aux: failure.retryAfter)
        encoder.append(header, payload: failure.encoded(), to: &output)
        dirty()
    }

    var isOperator: Bool { credentials?.principal.scopes.contains(.operate) ?? false }

    /// Where the answer stands: the epoch, how many copies it is safe on, and the position, which
    /// only operators see plainly, since it tells how much others do.
    private func extensions(_ reply: HeldReply) -> Extensions {
        var extensions = Extensions()
        extensions.standing = Extensions.Standing(
            epoch: node.wireEpoch, replicas: UInt8(clamping: node.replica.replicas),
            workspacePosition: isOperator ? reply.workspacePosition : 0)
        extensions.position = node.positionToken(reply.lsn)
        return extensions
    }

    func write(_ header: FrameHeader, payload: [UInt8] = []) {
        encoder.append(header, payload: payload, to: &output)
        dirty()
    }

    private func dirty() {
        guard !isDirty else { return }
        isDirty = true
        node.dirtySessions.append(self)
        node.scheduleTurn()
    }

    /// Sends what has collected.
    func flush() {
        isDirty = false
        guard !isClosed, output.count > 0 else { return }
        connection.send(output.bytes)
        output.removeAll()
        if connection.unsentBytes > Limits.unsentBytes, exports.isEmpty {
            node.world.tell(.note("\(connection.peer): reads too slowly, closed"))
            close()
        }
    }

    // MARK: - Leaving

    /// Says why, and closes.
    func leave(_ reason: Reason, _ message: String) {
        guard !isClosed else { return }
        var goAway = GoAway()
        goAway.reason = reason.rawValue
        goAway.message = message
        goAway.primary = node.primaryAddress
        goAway.lastStream = decoder.lastStream
        write(FrameHeader(.goAway, code: UInt16(reason.rawValue)), payload: goAway.encoded())
        flush()
        close()
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        connection.close()
        node.sessions.removeValue(forKey: id)
        greetingLimit?.cancel()
        for stream in exports.values { stream.cancel() }
        exports.removeAll()
    }
}
