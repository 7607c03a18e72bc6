internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkProtocol

/// Answers, and what else leaves.
extension Session {
    /// Queues an answer, a failure, or whatever was held, for the end of the turn.
    func deliver(_ reply: HeldReply) {
        if case .stream(let stream) = reply.content { return stream.begin() }
        guard finishRequest(reply.stream) else { return }
        switch reply.content {
        case .stream: break
        case .failure(let failure): write(failure, on: reply.stream)
        case .answer(let payload):
            guard payload.count <= Limits.responseBytes else {
                return write(tooLarge(reply, payload.count), on: reply.stream)
            }
            var header = FrameHeader(.response, flags: .end, stream: reply.stream)
            if isOperator { header.route = reply.lsn.rawValue }
            encoder.append(
                header, extensions: extensions(reply), payload: payload, to: &output)
            dirty()
        }
    }

    /// A client would have to take an answer of this size for a broken connection.
    private func tooLarge(_ reply: HeldReply, _ count: Int) -> Failure {
        var failure = Failure(
            .tooLarge,
            "The answer has \(count) bytes, at most \(Limits.responseBytes); ask for less at a "
                + "time, or for a stream.")
        if reply.isCommand { failure.outcome = .executed }
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

    /// Sends what has collected. Who leaves more unread than the limit is not waited for.
    func flush() {
        isDirty = false
        guard !isClosed, output.count > 0 else { return }
        connection.send(output.bytes)
        output.removeAll()
        if connection.unsentBytes > Limits.unsentBytes {
            node.world.tell(.note("\(connection.peer): reads too slowly, closed"))
            return close()
        }
        regulateReading()
    }
}
