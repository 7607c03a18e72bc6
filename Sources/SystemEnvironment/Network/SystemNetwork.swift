package import Environment
internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// TCP with TLS 1.3, and UNIX sockets in plaintext, over SwiftNIO.
///
/// A connection lives on the event loop of the queue it was asked for, and calls its receiver
/// inline there. TCP is never plaintext, and UNIX sockets never have TLS.
package final class SystemNetwork: Network {
    private let contexts: TLSContexts
    private let refused: @Sendable (NetworkError) -> Void
    private let turns = Mutex<[ObjectIdentifier: TurnFlush]>([:])

    /// TCP gives up when sent bytes were not acknowledged for so long, in milliseconds.
    private static let unacknowledged: Int = 10_000
    static let connecting = TimeAmount.seconds(5)

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
        if let purpose = Self.listening(security) { _ = try contexts.context(purpose, endpoint) }
        let loop = Self.eventLoop(of: queue)
        let socket = try ListeningSocket.open(endpoint)
        let listener = SystemListener(socket.endpoint)
        let turn = turn(of: loop)
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelInitializer { [refused] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pause = AcceptPause(endpoint, refused: refused)
                    try channel.pipeline.syncOperations.addHandler(pause)
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { [contexts, refused] channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.options(channel, endpoint)
                    let connection = ChannelConnection(
                        peer: endpoint, usesTLS: security != .none, turn: turn
                    ) { result in
                        switch result {
                        case .success(let connection): accepted(connection)
                        case .failure(let error): refused(error)
                        }
                    }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(ListenerFirstBytes(speaksTLS: security != .none))
                    if let purpose = Self.listening(security) {
                        let context = try contexts.context(purpose, endpoint)
                        try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try pipeline.addHandler(connection)
                }
            }
        bootstrap.withBoundSocket(socket.descriptor).whenComplete { [refused] result in
            switch result {
            case .success(let channel):
                listener.opened(channel)
            case .failure(let error):
                refused(NetworkError(error, endpoint, doing: "listen"))
            }
        }
        return listener
    }

    // MARK: Connecting

    package func connect(
        _ endpoint: Endpoint, _ security: Security, on queue: any SerialQueue,
        completed: @escaping @Sendable (Result<any Connection, NetworkError>) -> Void
    ) {
        let loop = Self.eventLoop(of: queue)
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
        let turn = turn(of: loop)
        let once = Once(completed)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(Self.connecting)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.options(channel, endpoint)
                    let pipeline = channel.pipeline.syncOperations
                    if let context {
                        try pipeline.addHandlers([
                            ServerFirstBytes(endpoint),
                            NIOSSLClientHandler(
                                context: context,
                                serverHostname: Self.hostName(endpoint, security)),
                        ])
                    }
                    try pipeline.addHandler(
                        ChannelConnection(peer: endpoint, usesTLS: context != nil, turn: turn) {
                            [identity = ObjectIdentifier(channel)] in
                            once.opened(identity, $0)
                        })
                }
            }
        let channel =
            switch endpoint {
            case .tcp(let host, let port): bootstrap.connect(host: host, port: Int(port))
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        channel.whenComplete { result in
            switch result {
            case .success(let channel):
                once.connected(ObjectIdentifier(channel))
            case .failure(let error):
                once.failed(NetworkError(error, endpoint, doing: "connect"))
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

    private static func options(_ channel: any Channel, _ endpoint: Endpoint) throws {
        guard let options = channel.syncOptions, case .tcp = endpoint else { return }
        try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try options.setOption(.socketOption(.so_keepalive), value: 1)
        let timeout = NIOBSDSocket.Option(rawValue: TCP_USER_TIMEOUT)
        try options.setOption(.tcpOption(timeout), value: unacknowledged)
    }

    static func eventLoop(of queue: any SerialQueue) -> any EventLoop {
        guard let queue = queue as? EventLoopQueue else {
            preconditionFailure("a SystemNetwork needs a queue of a SystemScheduler")
        }
        return queue.eventLoop
    }

    private func turn(of loop: any EventLoop) -> TurnFlush {
        turns.withLock { turns in
            let key = ObjectIdentifier(loop)
            if let turn = turns[key] { return turn }
            let turn = TurnFlush(loop)
            turns[key] = turn
            return turn
        }
    }
}

/// Reports the outcome of one `connect` once, whoever comes to know it first.
///
/// A name may have several addresses. NIO tries them side by side, takes the first that connects,
/// and closes the others, whose failures are not the outcome.
///
/// Touched on one event loop only, hence unchecked.
private final class Once: @unchecked Sendable {
    private var completed: ((Result<any Connection, NetworkError>) -> Void)?
    private var connected: ObjectIdentifier?
    private var failures: [ObjectIdentifier: NetworkError] = [:]

    init(_ completed: @escaping (Result<any Connection, NetworkError>) -> Void) {
        self.completed = completed
    }

    /// What the connection on `channel` says of its opening.
    func opened(_ channel: ObjectIdentifier, _ result: Result<any Connection, NetworkError>) {
        switch result {
        case .success:
            complete(result)
        case .failure(let error):
            if connected == channel {
                complete(result)
            } else {
                failures[channel] = error
            }
        }
    }

    /// `channel` is the one that was taken.
    func connected(_ channel: ObjectIdentifier) {
        connected = channel
        if let failure = failures[channel] { complete(.failure(failure)) }
    }

    /// None connected.
    func failed(_ error: NetworkError) {
        complete(.failure(error))
    }

    private func complete(_ result: Result<any Connection, NetworkError>) {
        let completed = completed
        self.completed = nil
        completed?(result)
    }
}
