/// What a connection that does not speak what it should speaks instead, as far as its first bytes
/// tell, and the plain text it is answered.
enum WrongProtocol: Error, Equatable {
    /// A web browser, curl, a load balancer's health check.
    case http
    /// HFP without TLS where TLS is spoken.
    case plainHFP
    /// TLS where plaintext is spoken.
    case tls
    /// Something else where TLS is spoken.
    case unknown

    /// A verdict on first bytes.
    enum Verdict: Equatable {
        case right
        case wrong(WrongProtocol)
        /// Too few bytes to tell.
        case undecided
    }

    private static let preface: [UInt8] = [0x48, 0x46, 0x50, 0x01, 0x0D, 0x0A, 0x1A, 0x0A]
    private static let methods = [
        "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "TRACE ",
        "PRI ",
    ].map { Array($0.utf8) }

    /// What a client's first bytes mean to a server that speaks TLS, or that does not.
    static func verdict(on bytes: some Collection<UInt8>, speaksTLS: Bool) -> Verdict {
        guard let first = bytes.first else { return .undecided }
        // A TLS record: handshake, then the major version.
        if first == 0x16 {
            if speaksTLS { return .right }
            guard let second = bytes.dropFirst().first else { return .undecided }
            return second == 0x03 ? .wrong(.tls) : .right
        }
        for method in methods {
            if bytes.starts(with: method) { return .wrong(.http) }
            if method.starts(with: bytes) { return .undecided }
        }
        guard speaksTLS else { return .right }
        if bytes.starts(with: preface) { return .wrong(.plainHFP) }
        return preface.starts(with: bytes) ? .undecided : .wrong(.unknown)
    }

    /// What was wrong, for our own diagnostics.
    var reason: String {
        switch self {
        case .http: "spoke HTTP"
        case .plainHFP: "spoke HFP without TLS"
        case .tls: "spoke TLS"
        case .unknown: "spoke neither TLS nor anything known"
        }
    }

    /// What the other end is told, in a form that it shows to a person.
    func answer(speaksTLS: Bool) -> String {
        let speaks =
            speaksTLS ? "This port speaks HFP over TLS 1.3" : "This socket speaks plain HFP"
        switch self {
        case .http:
            let text = "\(speaks), not HTTP. Use the holdfast command or a client library.\n"
            return """
                HTTP/1.1 400 Bad Request\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Length: \(text.utf8.count)\r
                Connection: close\r
                \r
                \(text)
                """
        case .plainHFP:
            return "\(speaks), and got HFP without TLS.\n"
        case .tls:
            return "\(speaks), without TLS, and got a TLS hello.\n"
        case .unknown:
            return "\(speaks), and got something else.\n"
        }
    }
}
