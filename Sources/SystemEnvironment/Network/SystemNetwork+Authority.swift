package import Environment
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

extension SystemNetwork {
    /// Asks the server at `endpoint` for the certificate of its cluster's authority, for a client
    /// that has been told its fingerprint and nothing else.
    ///
    /// The fingerprint is what makes it trusted: a certificate with that SHA-256 is the one meant,
    /// whoever sent it. Nothing else of the server is believed, and no connection remains: the
    /// client keeps the certificate and connects with it as its `clientAuthority`.
    ///
    /// - Parameter fingerprint: As `CertificateAuthority.fingerprint` gives it, in either case, the
    ///   colons being optional.
    /// - Parameter completed: Told the certificate, PEM text; `.untrusted` when the server shows
    ///   none with that fingerprint.
    package func fetchAuthority(
        from endpoint: Endpoint, fingerprint: String, on queue: any SerialQueue,
        completed: @escaping @Sendable (Result<[UInt8], NetworkError>) -> Void
    ) {
        guard case .tcp(let host, let port) = endpoint else {
            let error = NetworkError(
                .failed, endpoint, reason: "only TCP servers have certificates")
            queue.run { completed(.failure(error)) }
            return
        }
        let wanted = Self.digits(of: fingerprint)
        let outcome = AuthorityOutcome(completed)
        let bootstrap = ClientBootstrap(group: Self.eventLoop(of: queue))
            .connectTimeout(Self.connecting)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    var configuration = TLSConfiguration.makeClientConfiguration()
                    configuration.minimumTLSVersion = .tlsv13
                    configuration.applicationProtocols = [TLSContexts.applicationProtocol]
                    configuration.certificateVerification = .noHostnameVerification
                    let tls = try NIOSSLClientHandler(
                        context: NIOSSLContext(configuration: configuration),
                        serverHostname: Self.hostName(endpoint, .client)
                    ) { (certificates, verdict: EventLoopPromise<NIOSSLVerificationResult>) in
                        outcome.set(Self.find(wanted, certificates, endpoint))
                        verdict.succeed(NIOSSLVerificationResult.failed)
                    }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandlers(
                        ServerFirstBytes(endpoint), tls, AuthorityEnd(endpoint, outcome))
                }
            }
        bootstrap.connect(host: host, port: Int(port)).whenFailure { error in
            outcome.set(.failure(NetworkError(error, endpoint, doing: "connect")))
            outcome.report()
        }
    }

    private static func digits(of fingerprint: String) -> String {
        fingerprint.uppercased().filter { $0 != ":" && $0 != " " }
    }

    private static func find(
        _ wanted: String, _ certificates: [NIOSSLCertificate], _ endpoint: Endpoint
    ) -> Result<[UInt8], NetworkError> {
        do {
            for certificate in certificates {
                let der = try certificate.toDERBytes()
                if try digits(of: CertificateSummary(der: der).fingerprint) == wanted {
                    return .success(try CertificateSummary.pem(der: der))
                }
            }
        } catch {
            return .failure(
                NetworkError(.untrusted, endpoint, reason: "unreadable certificate: \(error)"))
        }
        return .failure(
            NetworkError(
                .untrusted, endpoint,
                reason: "the server shows no certificate with the fingerprint that was given"))
    }
}

/// What came of the asking. Touched on one event loop only, hence unchecked.
private final class AuthorityOutcome: @unchecked Sendable {
    private var result: Result<[UInt8], NetworkError>?
    private var completed: ((Result<[UInt8], NetworkError>) -> Void)?

    init(_ completed: @escaping (Result<[UInt8], NetworkError>) -> Void) {
        self.completed = completed
    }

    /// The first result counts.
    func set(_ result: Result<[UInt8], NetworkError>) {
        if self.result == nil { self.result = result }
    }

    func report() {
        guard let result, let completed else { return }
        self.completed = nil
        completed(result)
    }
}

/// Ends the connection, which is only there for its handshake.
private final class AuthorityEnd: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let endpoint: Endpoint
    private let outcome: AuthorityOutcome

    init(_ endpoint: Endpoint, _ outcome: AuthorityOutcome) {
        self.endpoint = endpoint
        self.outcome = outcome
    }

    func channelActive(context: ChannelHandlerContext) {
        context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(5)) { [self] in
            let reason = "the TLS handshake was not done in time"
            outcome.set(.failure(NetworkError(.timedOut, endpoint, reason: reason)))
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        outcome.set(.failure(NetworkError(error, endpoint, doing: "asking for the authority")))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let reason = "closed by the other end while asking for the authority"
        outcome.set(.failure(NetworkError(.closed, endpoint, reason: reason)))
        outcome.report()
    }
}
