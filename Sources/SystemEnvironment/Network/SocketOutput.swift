/// What waits to be written to a socket, by the loop's thread or, for a time, by another.
struct SocketOutput {
    private var bytes = OutputBytes()
    /// How many bytes another thread has. Until they are back nothing else is written: they are
    /// the first.
    private var away = 0
    /// The socket takes no more until it says so.
    var isFull = false

    var count: Int { bytes.count + away }
    var isEmpty: Bool { count == 0 }
    var isAway: Bool { away > 0 }

    mutating func append(_ more: RawSpan) { bytes.append(more) }

    /// Drops what is here; what is away comes back.
    mutating func removeAll() { bytes.removeAll() }

    /// Writes what `socket` takes, unless some is away.
    /// - Returns: the system's error when the connection is gone.
    mutating func write(to socket: Int32) -> Int32? {
        guard !isAway else { return nil }
        isFull = false
        guard let refusal = bytes.write(to: socket) else { return nil }
        return note(refusal)
    }

    /// What is here, to be written by another thread; nil when there is nothing, or some is away.
    mutating func handOver() -> OutputBytes? {
        guard !isAway, !bytes.isEmpty else { return nil }
        away = bytes.count
        var given = OutputBytes()
        swap(&given, &bytes)
        return given
    }

    /// The other thread is done with what it was given.
    /// - Parameters:
    ///   - rest: What the socket did not take.
    ///   - refusal: Why it did not.
    /// - Returns: the system's error when the connection is gone.
    mutating func takeBack(_ rest: OutputBytes, _ refusal: StreamSocket.Outcome?) -> Int32? {
        away = 0
        if !rest.isEmpty {
            var rest = rest
            bytes.withFront(.max) { rest.append($0) }
            bytes = rest
        }
        guard let refusal else { return nil }
        return note(refusal)
    }

    private mutating func note(_ refusal: StreamSocket.Outcome) -> Int32? {
        if case .failed(let number) = refusal { return number }
        isFull = true
        return nil
    }
}
