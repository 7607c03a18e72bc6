internal import ByteCoding

/// Messages of which some fragments have come, by stream.
struct Reassembly: Sendable {
    /// The message of one stream so far: the first fragment's header and extensions, and payload.
    private struct Partial {
        var header: FrameHeader
        var bytes: [UInt8]
        /// The connection's frame that brought the last of it.
        var lastFrame: Int
    }

    /// Looked up by stream. Invariant: at most `Limits.unfinishedMessages`, since even an empty one
    /// takes memory.
    private var partials: [UInt32: Partial] = [:]
    /// Invariant: the sum of all partials' bytes, at most `Limits.unfinishedBytes`.
    private(set) var byteCount = 0

    var isEmpty: Bool { partials.isEmpty }

    /// Whether some message got nothing since the frame of that number.
    func isStalled(since frame: Int) -> Bool {
        partials.values.contains { $0.lastFrame <= frame }
    }

    func has(_ stream: UInt32) -> Bool { !partials.isEmpty && partials[stream] != nil }

    mutating func drop(_ stream: UInt32) {
        guard !partials.isEmpty, let partial = partials.removeValue(forKey: stream) else { return }
        byteCount -= partial.bytes.count
    }

    /// Adds a fragment, which is the connection's frame number `frame`; answers the whole message
    /// with its last: the first fragment's header with the last one's END.
    mutating func add(
        _ header: FrameHeader, _ body: RawSpan, limit: Int, frame: Int
    ) throws(FrameError) -> (header: FrameHeader, body: [UInt8])? {
        var partial: Partial
        if let begun = partials.removeValue(forKey: header.stream) {
            try checkContinuation(header, of: begun.header)
            partial = begun
            partial.lastFrame = frame
        } else {
            guard partials.count < Limits.unfinishedMessages else {
                throw FrameError(
                    .tooLarge, offset: 5,
                    expected: "at most \(Limits.unfinishedMessages) unfinished messages",
                    found: "another fragment with MORE")
            }
            partial = Partial(header: header, bytes: [], lastFrame: frame)
        }
        let size =
            partial.bytes.count + body.byteCount - Int(partial.header.extensionBytes)
        guard size <= limit, byteCount + body.byteCount <= Limits.unfinishedBytes else {
            let most = min(limit, Limits.unfinishedBytes)
            throw FrameError(
                .tooLarge, offset: 0, expected: "a message of at most \(most) bytes",
                found: "\(size) bytes so far")
        }
        unsafe body.withUnsafeBytes { unsafe partial.bytes.append(contentsOf: $0) }
        if header.flags.contains(.more) {
            byteCount += body.byteCount
            partials[header.stream] = partial
            return nil
        }
        byteCount -= partial.bytes.count - body.byteCount
        var whole = partial.header
        whole.flags.subtract(.ofFragment)
        whole.flags.formUnion(header.flags.intersection(.end))
        return (whole, partial.bytes)
    }

    private func checkContinuation(
        _ header: FrameHeader, of first: FrameHeader
    ) throws(FrameError) {
        func problem(_ offset: Int, _ expected: String, _ found: String) -> FrameError {
            FrameError(.malformed, offset: offset, expected: expected, found: found)
        }
        guard header.type == first.type else {
            throw problem(
                4, "the rest of a \(first.type) on stream \(header.stream)", "\(header.type)")
        }
        guard header.flags.subtracting(.ofFragment) == first.flags.subtracting(.ofFragment) else {
            throw problem(5, "the flags of the first fragment", "\(header.flags.rawValue)")
        }
        guard header.code == first.code, header.aux == first.aux, header.route == first.route,
            header.encoding == first.encoding
        else {
            throw problem(6, "code, aux, route and encoding of the first fragment", "others")
        }
        guard header.extensionBytes == 0 else {
            throw problem(24, "extensions in the first fragment only", "\(header.extensionBytes)")
        }
    }
}
