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
/// else is disturbed. What one connection can make the node hold is bounded: by the number and the
/// bytes of its requests, of its unfinished messages, and of the answers it does not read.
final class Session: ConnectionReceiver, @unchecked Sendable {
    // `@unchecked Sendable`: confined to the core queue.
    let id: UInt64
    let connection: any Connection
    unowned let node: Node

    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var decoder = FrameDecoder(from: .client)
    var encoder = FrameEncoder()
    /// Who it is, once it has said so.
    var credentials: Credentials? {
        didSet { isOperator = credentials?.principal.scopes.contains(.operate) ?? false }
    }
    private(set) var isOperator = false
    /// What an operator's answers say besides themselves: filled in anew for each.
    var operatorStanding: AnswerStanding?
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var requests = OpenRequests()
    var exports: [UInt32: ExportStream] = [:]
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var output = ByteWriter(capacity: 4096)
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var isDirty = false
    /// Whether more may have arrived: what is answered meanwhile leaves together, when all is read.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private(set) var isReceiving = false
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private(set) var isClosed = false
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private(set) var isReading = true
    /// Of its answers that wait for their commit: kept by `ReplyGate`.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    var heldAnswerBytes = 0
    /// When a change of its rights was found that may not be shown yet: the newest record then.
    var rightsChanged: LSN?
    var greetingLimit: (any ScheduledWork)?
    /// When something last arrived.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private(set) var heardAt: Instant
    /// What of a frame or message had begun when that was last looked at.
    var begun: (mark: FrameDecoder.Mark, at: Instant)

    struct Credentials {
        var principal: Principal
        var secretHash: [UInt8]
    }

    init(_ id: UInt64, _ connection: any Connection, _ node: Node) {
        self.id = id
        self.connection = connection
        self.node = node
        heardAt = node.now
        begun = (FrameDecoder(from: .client).mark, node.now)
        let limit = Interval.seconds(UInt64(Limits.handshakeSeconds))
        greetingLimit = node.queue.schedule(after: limit) { [weak self] in
            guard let self, credentials == nil else { return }
            leave(.badFrame, "HELLO did not come within \(Limits.handshakeSeconds) s.")
        }
    }

    // MARK: - Receiving

    func received(_ bytes: UnsafeRawBufferPointer, on connection: any Connection) {
        guard !isClosed else { return }
        isReceiving = true
        heardAt = node.now
        var reader = unsafe ByteReader(bytes.bytes)
        var foreseen = 0
        do throws(FrameError) {
            while !isClosed {
                if foreseen == 0 { foreseen = foresee(reader) }
                guard let frame = try decoder.next(&reader) else { break }
                foreseen -= 1
                take(frame)
            }
        } catch {
            if let answer = error.foreignAnswer {
                connection.send(answer)
                close()
            } else {
                leave(error.reason, error.description)
            }
        }
    }

    func receivedAll(on connection: any Connection) {
        isReceiving = false
        if isDirty { flush() } else { regulateReading() }
    }

    func writable(_ connection: any Connection) {
        regulateReading()
        for stream in exports.keys.sorted() { exports[stream]?.proceed() }
    }

    func closed(_ connection: any Connection, _ reason: NetworkError?) { forget() }

    /// Fetches ahead what the next requests of this read will look at: each waits for memory
    /// several times, and all of them can wait together.
    /// - Returns: how many frames were looked at, at least 1.
    private func foresee(_ reader: borrowing ByteReader) -> Int {
        guard reader.remaining > Self.loneBytes, credentials != nil else { return 1 }
        return max(node.foresee(decoder, reader), 1)
    }

    /// A read of so few bytes is one request, which nothing else can wait with.
    private static let loneBytes = 2 * FrameHeader.byteCount

    private func take(_ frame: borrowing Frame) {
        switch frame.header.type {
        case .hello: greet(frame.payload)
        case .request: request(frame)
        case .credit: exports[frame.header.stream]?.grant(frame.header.aux)
        case .reset: cancel(frame.header.stream)
        case .ping:
            write(FrameHeader(.pong, aux: frame.header.aux))
        case .goAway: close()
        case .pong: break
        default:
            // AUTH, and DATA of a client: no method of this version takes them.
            leave(.badFrame, "\(frame.header.type) has no place here in version 1.")
        }
    }

    // MARK: - Requests

    private func request(_ frame: borrowing Frame) {
        let bytes = frame.payload.byteCount
        if let failure = refusal(of: frame.header, bytes) {
            return write(failure, on: frame.header.stream)
        }
        requests.add(frame.header.stream, bytes: bytes)
        node.take(frame, from: self)
    }

    /// Why a request is not taken at all, if so. (The decoder sees to it that its stream is new.)
    private func refusal(of header: FrameHeader, _ bytes: Int) -> Failure? {
        guard header.flags.contains(.end) else {
            return Failure(.badFrame, "A request needs END: no method takes a stream.")
        }
        guard header.encoding == PayloadEncoding.protobuf.rawValue else {
            return Failure(
                .badFrame,
                "Encoding \(header.encoding) is not taken here: a request is Protocol Buffers, 0.")
        }
        guard requests.count < Limits.streams else {
            return overloaded("There are \(Limits.streams) requests under way on this connection")
        }
        guard requests.bytes + decoder.heldBytes + bytes <= Limits.requestsInFlightBytes else {
            return overloaded("The requests under way on this connection are too large together")
        }
        guard !isFullOfAnswers(output.count) else {
            return overloaded("Too many answers wait to be read on this connection")
        }
        return nil
    }

    private func overloaded(_ why: String) -> Failure {
        Failure(.overloaded, "\(why); wait for answers.", retryAfter: 50)
    }

    /// The client does not want the answer any more. What was begun goes on, and keeps its place.
    private func cancel(_ stream: UInt32) {
        requests.cancel(stream)
        exports[stream]?.cancel()
    }

    /// The work of a request is done.
    /// - Returns: whether somebody waits for its answer.
    @discardableResult
    func finishRequest(_ stream: UInt32) -> Bool {
        guard let isWanted = requests.finish(stream) else { return false }
        if !isReading { regulateReading() }
        return isWanted && !isClosed
    }

    // MARK: - Bounds

    /// Whether the client leaves so much unread that it gets nothing more to read for now.
    private func isFullOfAnswers(_ more: Int = 0) -> Bool {
        connection.unsentBytes + heldAnswerBytes + more > Limits.unsentBytes / 2
    }

    /// Stops reading while there is too much of this client's here, and goes on when there is less.
    func regulateReading() {
        let held = requests.bytes + decoder.heldBytes
        let mayRead = held <= Limits.requestsInFlightHardBytes && !isFullOfAnswers()
        guard mayRead != isReading, !isClosed else { return }
        isReading = mayRead
        connection.setReading(mayRead)
    }

    // MARK: - Leaving

    /// Says why, and closes.
    func leave(_ reason: Reason, _ message: String) {
        guard !isClosed else { return }
        var goAway = GoAway(reason, message)
        goAway.primary = node.primaryAddress
        goAway.lastStream = decoder.lastStream
        write(FrameHeader(.goAway, code: UInt16(reason.rawValue)), payload: goAway.encoded())
        flush()
        close()
    }

    func close() {
        guard !isClosed else { return }
        connection.close()
        forget()
    }

    private func forget() {
        guard !isClosed else { return }
        isClosed = true
        node.forget(self)
        greetingLimit?.cancel()
        for stream in exports.values { stream.cancel() }
        exports.removeAll()
    }

    /// Tells a connection that has no session, and gets none, why.
    static func turnAway(_ connection: any Connection, _ reason: Reason, _ message: String) {
        var writer = ByteWriter()
        FrameEncoder().append(
            FrameHeader(.goAway, code: UInt16(reason.rawValue)),
            payload: GoAway(reason, message).encoded(), to: &writer)
        connection.send(writer.bytes)
        connection.close()
    }
}

extension GoAway {
    fileprivate init(_ reason: Reason, _ message: String) {
        self.init()
        self.reason = reason.rawValue
        self.message = message
    }
}
