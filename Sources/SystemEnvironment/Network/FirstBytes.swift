internal import Environment

/// Looks at the first bytes of a connection, before TLS does, so that whoever knocked at the wrong
/// door is told so in plain text and not with a reset.
struct FirstBytes {
    enum Verdict {
        /// Go on with all that has arrived.
        case right
        /// Too few bytes to tell.
        case undecided
        /// A listener's answer is to be sent before the end.
        case wrong(any Error, answer: String)
    }

    private let endpoint: Endpoint
    private let listens: Bool
    private let speaksTLS: Bool
    /// What has arrived and was not decided on yet.
    private(set) var held: [UInt8] = []

    /// - Parameter listens: Whether it was accepted; else it was connected.
    init(_ endpoint: Endpoint, listens: Bool, speaksTLS: Bool) {
        self.endpoint = endpoint
        self.listens = listens
        self.speaksTLS = speaksTLS
    }

    /// Takes what arrived.
    mutating func add(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        unsafe held.append(contentsOf: bytes)
        guard listens else { return ofServer() }
        switch WrongProtocol.verdict(on: held, speaksTLS: speaksTLS) {
        case .right: return .right
        case .undecided: return .undecided
        case .wrong(let wrong): return .wrong(wrong, answer: wrong.answer(speaksTLS: speaksTLS))
        }
    }

    /// What the server answers our TLS hello with: a handshake record or an alert, or it does not
    /// speak TLS.
    private func ofServer() -> Verdict {
        guard speaksTLS, let first = held.first, first != 0x16 && first != 0x15 else {
            return .right
        }
        let text = held.prefix(80).prefix { (0x20..<0x7f).contains($0) }
        let reason =
            "no TLS is spoken there; it answered: \(String(decoding: text, as: UTF8.self))"
        return .wrong(NetworkError(.notTLS, endpoint, reason: reason), answer: "")
    }
}
