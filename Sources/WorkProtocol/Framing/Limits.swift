/// The limits of the protocol: the one table of them. HelloOk tells the ones a client needs,
/// `Admin/GetLimits` prints them all.
///
/// A peer that breaks one loses its connection, or its request where the reply says so, and nothing
/// else. Bytes, unless the name says otherwise.
package enum Limits {
    /// What the length field of a frame may say.
    package static let frameBytes = 256 << 10
    /// The same, before the connection is authenticated.
    package static let greetingFrameBytes = 16 << 10
    /// A request's message, all fragments together, decompressed. One log record holds any command.
    package static let requestBytes = 1 << 20
    /// A response's message. What is larger goes by streams.
    package static let responseBytes = 4 << 20
    /// Extensions of a frame.
    package static let extensionCount = 32
    /// All extensions of a frame together.
    package static let extensionBytes = 4_096
    /// What a sender puts into one fragment of a large message, so that other frames come between.
    package static let fragmentBytes = 64 << 10
    /// Streams open at a time on a connection.
    package static let streams = 512
    /// Requests in flight on a connection; above it they are refused.
    package static let requestsInFlightBytes = 8 << 20
    /// The same; above it the server stops reading.
    package static let requestsInFlightHardBytes = 16 << 20
    /// Messages of which some fragments have come and others have not, on a connection.
    package static let unfinishedBytes = 8 << 20
    /// The number of such messages.
    package static let unfinishedMessages = 512
    /// What may be sent on a stream before the receiver says more.
    package static let initialCreditBytes = 256 << 10
    /// Bytes that wait to be sent to a client; above it the connection is closed.
    package static let unsentBytes = 8 << 20
    /// A stream that is read more slowly than this is given up, bytes a second, on the average of
    /// `slowReadingSeconds`.
    package static let slowestBytesPerSecond = 1_024
    package static let slowReadingSeconds = 600
    /// Payloads from this size on are compressed, where that is agreed.
    package static let compressibleBytes = 4_096
    /// How many times its own size a compressed block may claim to become.
    package static let expansion = 255
    /// A connection without a frame is closed after, seconds.
    package static let idleSeconds = 60
    /// A client sends a ping after so long without a frame, seconds.
    package static let pingSeconds = 15
    /// The TLS handshake, and after it preface, hello and authentication together, seconds each.
    package static let handshakeSeconds = 5
    /// A frame that has begun, and a message of which fragments have come, must go on within this,
    /// seconds.
    package static let frameSeconds = 10
    /// A request that does not say how long it may take, milliseconds.
    package static let deadlineMilliseconds = 10_000
    /// The longest a request may take, milliseconds.
    package static let longestDeadlineMilliseconds = 600_000
    package static let connections = 10_000
    package static let connectionsPerToken = 100
    /// Messages within messages.
    package static let messageDepth = 32
    package static let repeatedIDs = 1_000
    /// Answers kept for one session of request IDs.
    package static let outcomesPerSession = 1_024
    /// Sessions of request IDs kept by a shard.
    package static let sessionsPerShard = 100_000
    /// How long they are kept by log time, seconds.
    package static let sessionSeconds = 86_400

    /// All limits, with unit and what breaking them gets.
    package static let table: [Limit] = [
        limit("frame", frameBytes, "bytes", "301 too large, closed"),
        limit("frame before authentication", greetingFrameBytes, "bytes", "301 too large, closed"),
        limit("request message", requestBytes, "bytes", "301 too large, closed"),
        limit("response message", responseBytes, "bytes", "301 too large: ask for a stream"),
        limit("extensions of a frame", extensionCount, "", "303 bad frame"),
        limit("extensions of a frame, size", extensionBytes, "bytes", "301 too large, closed"),
        limit("streams of a connection", streams, "", "104 overloaded, back off"),
        limit("requests in flight", requestsInFlightBytes, "bytes", "104 overloaded, back off"),
        limit("requests in flight, hard", requestsInFlightHardBytes, "bytes", "reading stops"),
        limit("unfinished messages", unfinishedMessages, "", "301 too large, closed"),
        limit("unfinished messages, size", unfinishedBytes, "bytes", "301 too large, closed"),
        limit("credit of a stream at first", initialCreditBytes, "bytes", "kept by the sender"),
        limit("unsent", unsentBytes, "bytes", "closed"),
        limit("slowest reading", slowestBytesPerSecond, "bytes/s", "111 deadline exceeded"),
        limit("slowest reading, over", slowReadingSeconds, "s", "111 deadline exceeded"),
        limit("expansion of LZ4", expansion, "times", "301 too large, closed"),
        limit("idle", idleSeconds, "s", "closed"),
        limit("ping", pingSeconds, "s", "sent by the client"),
        limit("handshake of TLS, then HELLO", handshakeSeconds, "s", "closed"),
        limit("a started frame or message", frameSeconds, "s", "303 bad frame, closed"),
        limit("deadline, default", deadlineMilliseconds, "ms", "111 deadline exceeded"),
        limit("deadline, longest", longestDeadlineMilliseconds, "ms", "clamped"),
        limit("connections", connections, "", "104 overloaded, closed"),
        limit("connections of a token", connectionsPerToken, "", "104 overloaded, closed"),
        limit("messages within messages", messageDepth, "", "302 bad field"),
        limit("repeated ids", repeatedIDs, "", "302 bad field"),
        limit("answers kept a session", outcomesPerSession, "", "203 session expired"),
        limit("sessions a shard", sessionsPerShard, "", "203 session expired"),
        limit("session", sessionSeconds, "s", "203 session expired"),
    ]

    private static func limit(
        _ name: String, _ value: Int, _ unit: String, _ reply: String
    ) -> Limit {
        precondition(value > 0)
        var limit = Limit()
        limit.name = name
        limit.value = UInt64(value)
        limit.unit = unit
        limit.reply = reply
        return limit
    }

    /// Whether the limits fit together. Asserted by a test, and true for ever after.
    static var areConsistent: Bool {
        greetingFrameBytes <= frameBytes
            && fragmentBytes + extensionBytes + FrameHeader.countedBytes <= frameBytes
            && extensionBytes <= Int(UInt16.max)
            && extensionBytes + FrameHeader.countedBytes < greetingFrameBytes
            && requestBytes <= unfinishedBytes && responseBytes <= unfinishedBytes
            && requestsInFlightBytes <= requestsInFlightHardBytes
            && requestBytes <= requestsInFlightBytes && responseBytes < unsentBytes
            && pingSeconds * 2 < idleSeconds && handshakeSeconds <= frameSeconds
            && deadlineMilliseconds <= longestDeadlineMilliseconds
            && connectionsPerToken <= connections
    }
}
