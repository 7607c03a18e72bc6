package import Environment

extension Endpoint {
    /// The endpoint that `text` names: `host:port`, `[v6 address]:port`, `unix:/path` or `/path`.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") || text.hasPrefix("/") {
            let path = text.hasPrefix("/") ? text : String(text.dropFirst(5))
            guard path.hasPrefix("/"), path.utf8.count > 1 else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self = .tcp(host: String(host), port: port)
    }

    /// How a client talks to it: TLS over TCP, nothing over a UNIX socket.
    var clientSecurity: Security {
        switch self {
        case .tcp: .client
        case .unix: .none
        }
    }
}
