package import Environment
internal import Glibc
internal import NIOCore
internal import NIOSSL

/// TCP with TLS 1.3, and UNIX sockets in plaintext, over event loops of our own.
///
/// A connection lives on the event loop of the queue it was asked for, and calls its receiver
/// inline there. TCP is never plaintext, and UNIX sockets never have TLS.
package final class SystemNetwork: Network {
    private let contexts: TLSContexts
    private let refused: @Sendable (NetworkError) -> Void

    /// - Parameter refused: Told of connections to a listener that never opened (a failed
    ///   handshake, another protocol), for diagnostics, on the listener's queue.
    package init(
        _ material: TLSMaterial = TLSMaterial(),
        refused: @escaping @Sendable (NetworkError) -> Void = { _ in }
    ) {
        contexts = TLSContexts(material)
        self.refused = refused
    }

    /// Uses other certificates for the connections made or accepted from now on.
    package func replaceMaterial(_ material: TLSMaterial) {
        contexts.replace(material)
    }

    // MARK: Listening

    package func listen(
        _ endpoint: Endpoint, _ security: Security, on queue: any SerialQueue,
        accepted: @escaping @Sendable (any Connection) -> Void
    ) throws(NetworkError) -> any Listener {
        try Self.check(endpoint, security)
        let purpose = Self.listening(security)
        if let purpose { _ = try contexts.context(purpose, endpoint) }
        let loop = Self.loop(of: queue)
        let socket = try ListeningSocket.open(endpoint)
        return SystemListener(
            socket, on: loop,
            accepted: { [contexts, refused] socket, address in
                let peer = address.flatMap { Endpoint($0) } ?? endpoint
                do {
                    let tls = try purpose.map {
                        NIOSSLServerHandler(context: try contexts.context($0, endpoint))
                    }
                    _ = SocketConnection(socket, on: loop, peer: peer, listens: true, tls: tls) {
                        switch $0 {
                        case .success(let connection): accepted(connection)
                        case .failure(let error): refused(error)
                        }
                    }
                } catch {
                    _ = close(socket)
                    refused(NetworkError(error, peer, doing: "opening"))
                }
            }, refused: refused)
    }

    // MARK: Connecting

    package func connect(
        _ endpoint: Endpoint, _ security: Security, on queue: any SerialQueue,
        completed: @escaping @Sendable (Result<any Connection, NetworkError>) -> Void
    ) {
        let context: NIOSSLContext?
        do throws(NetworkError) {
            try Self.check(endpoint, security)
            context = try Self.connecting(security).map { purpose throws(NetworkError) in
                try contexts.context(purpose, endpoint)
            }
        } catch {
            queue.run { completed(.failure(error)) }
            return
        }
        let name = Self.hostName(endpoint, security)
        Self.connect(endpoint, on: Self.loop(of: queue), completed: completed) {
            try context.map { try NIOSSLClientHandler(context: $0, serverHostname: name) }
        }
    }

    /// Connects, with what `tls` makes for encryption.
    static func connect(
        _ endpoint: Endpoint, on loop: EventLoop,
        completed: @escaping @Sendable (Result<any Connection, NetworkError>) -> Void,
        tls: @escaping @Sendable () throws -> NIOSSLHandler?
    ) {
        loop.run {
            _ = Dial(endpoint, on: loop) { result, address in
                switch result {
                case .failure(let error):
                    completed(.failure(error))
                case .success(let socket):
                    do {
                        _ = SocketConnection(
                            socket, on: loop, peer: address, listens: false, tls: try tls(),
                            opened: completed)
                    } catch {
                        _ = close(socket)
                        completed(.failure(NetworkError(error, endpoint, doing: "connect")))
                    }
                }
            }
        }
    }

    // MARK: What both share

    private static func check(_ endpoint: Endpoint, _ security: Security) throws(NetworkError) {
        switch (endpoint, security) {
        case (.tcp, .client), (.tcp, .node), (.unix, .none):
            return
        case (.tcp, .none):
            throw NetworkError(.failed, endpoint, reason: "TCP without TLS is not spoken here")
        case (.unix, _):
            throw NetworkError(.failed, endpoint, reason: "TLS is not spoken over UNIX sockets")
        }
    }

    private static func listening(_ security: Security) -> TLSContexts.Purpose? {
        switch security {
        case .none: nil
        case .client: .listenToClients
        case .node: .listenToNodes
        }
    }

    private static func connecting(_ security: Security) -> TLSContexts.Purpose? {
        switch security {
        case .none: nil
        case .client: .connectAsClient
        case .node: .connectAsNode
        }
    }

    /// The name that the server's certificate must have; nil for an address, which is then looked
    /// for among the certificate's addresses.
    static func hostName(_ endpoint: Endpoint, _ security: Security) -> String? {
        guard security == .client, case .tcp(let host, let port) = endpoint else { return nil }
        let address = try? SocketAddress(ipAddress: host, port: Int(port))
        return address == nil ? host : nil
    }

    static func loop(of queue: any SerialQueue) -> EventLoop {
        guard let queue = queue as? LoopQueue else {
            preconditionFailure("a SystemNetwork needs a queue of a SystemScheduler")
        }
        return queue.loop
    }
}
