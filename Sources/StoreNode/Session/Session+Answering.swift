internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkProtocol

/// Answers, and what else leaves.
extension Session {
    /// Queues an answer, a failure, or whatever was held, for the end of the turn.
    func deliver(_ reply: HeldReply) {
        if case .stream(let stream) = reply.content { return stream.begin() }
        switch reply.content {
        case .stream: break
        case .failure(let failure):
            if finishRequest(reply.stream) { write(failure, on: reply.stream) }
        case .answer(let payload):
            answer(
                reply.stream, at: reply.lsn, reply.workspacePosition,
                payload: unsafe payload.span.bytes, isCommand: reply.isCommand)
        }
    }

    /// Answers a request with what is there already.
    func answer(
        _ stream: UInt32, at lsn: LSN, _ workspacePosition: UInt64, payload: RawSpan,
        isCommand: Bool = false
    ) {
        guard finishRequest(stream) else { return }
        guard payload.byteCount <= Limits.responseBytes else {
            return write(tooLarge(payload.byteCount, isCommand: isCommand), on: stream)
        }
        encoder.append(
            header(stream, lsn), encodedExtensions: extensions(workspacePosition),
            payload: payload, to: &output)
        dirty()
    }

    /// Answers a request at once, with what `body` writes; nothing leaves if it throws. For what
    /// may be shown already: no answer is made apart and copied.
    func answer(
        _ stream: UInt32, at lsn: LSN, _ workspacePosition: UInt64,
        _ body: (inout ByteWriter) throws(Rejection) -> Void
    ) throws(Rejection) {
        let start = output.count
        let count = try encoder.append(
            header(stream, lsn), encodedExtensions: extensions(workspacePosition), to: &output,
            payload: body)
        guard finishRequest(stream) else { return output.truncate(to: start) }
        guard count <= Limits.responseBytes else {
            output.truncate(to: start)
            return write(tooLarge(count, isCommand: false), on: stream)
        }
        dirty()
    }

    private func header(_ stream: UInt32, _ lsn: LSN) -> FrameHeader {
        var header = FrameHeader(.response, flags: .end, stream: stream)
        if isOperator { header.route = lsn.rawValue }
        return header
    }

    /// Where an answer stands, which saw a workspace at a position.
    private func extensions(_ workspacePosition: UInt64) -> [UInt8] {
        let standing = node.answerStanding
        guard isOperator else { return standing.bytes }
        if operatorStanding?.isSame(as: standing) != true { operatorStanding = standing }
        operatorStanding?.tell(workspacePosition)
        return operatorStanding?.bytes ?? []
    }

    /// A client would have to take an answer of this size for a broken connection.
    private func tooLarge(_ count: Int, isCommand: Bool) -> Failure {
        var failure = Failure(
            .tooLarge,
            "The answer has \(count) bytes, at most \(Limits.responseBytes); ask for less at a "
                + "time, or for a stream.")
        if isCommand { failure.outcome = .executed }
        return failure
    }

    /// Answers a request with a failure.
    func fail(_ stream: UInt32, _ failure: Failure) {
        let isAwaited = finishRequest(stream)
        exports.removeValue(forKey: stream)?.cancel()
        if isAwaited { write(failure, on: stream) }
    }

    func write(_ failure: Failure, on stream: UInt32) {
        let header = FrameHeader(
            .response, flags: .end, code: failure.status, stream: stream, aux: failure.retryAfter)
        encoder.append(header, payload: failure.encoded(), to: &output)
        dirty()
    }

    func write(_ header: FrameHeader, payload: [UInt8] = []) {
        encoder.append(header, payload: payload, to: &output)
        dirty()
    }

    private func dirty() {
        guard !isDirty else { return }
        isDirty = true
        guard !isReceiving else { return }
        node.dirtySessions.append(self)
        node.scheduleTurn()
    }

    /// One large answer shall not take its memory for as long as the connection is there.
    private static let keptOutputBytes = 256 << 10

    /// Sends what has collected. Who leaves more unread than the limit is not waited for.
    func flush() {
        isDirty = false
        guard !isClosed, output.count > 0 else { return }
        connection.send(output.span)
        if output.capacity > Self.keptOutputBytes {
            output = ByteWriter(capacity: 4096)
        } else {
            output.removeAll()
        }
        if connection.unsentBytes > Limits.unsentBytes {
            node.world.tell(.note("\(connection.peer): reads too slowly, closed"))
            return close()
        }
        regulateReading()
    }
}
