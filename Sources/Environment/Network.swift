/// Connections that carry bytes. TLS is inside: what comes out has been authenticated.
///
/// Everything a listener or a connection reports, it reports on the queue it was given.
package protocol Network: AnyObject, Sendable {
    /// Listens at `endpoint` and hands every connection to `accepted`, which must set its
    /// `receiver` before it returns. A port in use throws `.inUse`.
    func listen(
        _ endpoint: Endpoint, _ security: Security, on queue: any SerialQueue,
        accepted: @escaping @Sendable (any Connection) -> Void
    ) throws(NetworkError) -> any Listener

    /// Connects to `endpoint`; `completed` is called once, with a connection whose `receiver` must
    /// be set before it returns, or with the reason why there is none.
    func connect(
        _ endpoint: Endpoint, _ security: Security, on queue: any SerialQueue,
        completed: @escaping @Sendable (Result<any Connection, NetworkError>) -> Void)
}

package enum Endpoint: Hashable, Sendable, CustomStringConvertible {
    case tcp(host: String, port: UInt16)
    /// A UNIX stream socket, at an absolute path.
    case unix(path: String)

    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// How a connection is protected.
package enum Security: Hashable, Sendable {
    /// Plaintext: UNIX sockets (made with mode 0600), and nothing else.
    case none
    /// TLS 1.3, the server shows its certificate, the client none.
    case client
    /// TLS 1.3, both ends show certificates of this cluster's replication authority.
    case node
}

package protocol Listener: AnyObject, Sendable {
    /// Where it listens (with the port that was given for port 0).
    var endpoint: Endpoint { get }
    /// Stops accepting; connections already accepted stay.
    func close()
}

package protocol Connection: AnyObject, Sendable {
    /// Where the other end is.
    var peer: Endpoint { get }
    /// The names in the other end's certificate, if it showed one: for a node, its uuid.
    var peerNames: [String] { get }
    /// Who is told what arrives. Set once, on the queue, before anything is delivered.
    var receiver: (any ConnectionReceiver)? { get set }
    /// Bytes given to `send` that the other end's socket has not taken yet.
    var unsentBytes: Int { get }
    /// Queues bytes for sending. Those given in one turn of the queue leave together.
    func send(_ bytes: RawSpan)
    /// Stops, or goes on with, reading; the other end is slowed by its own full socket.
    func setReading(_ on: Bool)
    /// Sends what is queued, then closes. `closed` is reported once.
    func close()
}

extension Connection {
    package func send(_ bytes: [UInt8]) { send(unsafe bytes.span.bytes) }
}

/// Told what happens on a connection, on its queue.
package protocol ConnectionReceiver: AnyObject, Sendable {
    /// Some bytes arrived. They are valid only during the call.
    func received(_ bytes: UnsafeRawBufferPointer, on connection: any Connection)
    /// Everything that had arrived has been delivered: the moment to send what was collected.
    func receivedAll(on connection: any Connection)
    /// What was queued has been taken after `unsentBytes` had been high.
    func writable(_ connection: any Connection)
    /// It is gone, with the reason where there is one. Nothing is reported after this.
    func closed(_ connection: any Connection, _ reason: NetworkError?)
}

package struct NetworkError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        case inUse, refused, timedOut, unreachable, untrusted, notTLS, closed, failed
    }
    package var kind: Kind
    package var endpoint: Endpoint
    package var reason: String

    package init(_ kind: Kind, _ endpoint: Endpoint, reason: String) {
        self.kind = kind
        self.endpoint = endpoint
        self.reason = reason
    }

    package var description: String { "\(endpoint): \(reason)" }
}
