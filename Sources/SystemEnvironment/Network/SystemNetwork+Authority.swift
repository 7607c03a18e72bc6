package import Environment
internal import NIOCore
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
        guard case .tcp = endpoint else {
            let error = NetworkError(
                .failed, endpoint, reason: "only TCP servers have certificates")
            queue.run { completed(.failure(error)) }
            return
        }
        let wanted = Self.digits(of: fingerprint)
        let outcome = AuthorityOutcome()
        let name = Self.hostName(endpoint, .client)
        Self.connect(endpoint, on: Self.loop(of: queue)) { result in
            switch result {
            case .success(let connection):
                // The verdict is always no, so that this is a server that did not ask for one.
                connection.close()
                let reason = "the server opened a connection without showing a certificate"
                completed(.failure(NetworkError(.untrusted, endpoint, reason: reason)))
            case .failure(let error):
                completed(outcome.result ?? .failure(error))
            }
        } tls: {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv13
            configuration.applicationProtocols = [TLSContexts.applicationProtocol]
            configuration.certificateVerification = .noHostnameVerification
            return try NIOSSLClientHandler(
                context: NIOSSLContext(configuration: configuration), serverHostname: name
            ) { (certificates, verdict: EventLoopPromise<NIOSSLVerificationResult>) in
                outcome.result = Self.find(wanted, certificates, endpoint)
                verdict.succeed(NIOSSLVerificationResult.failed)
            }
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

/// What came of looking at the certificates. Touched on one event loop only, hence unchecked.
private final class AuthorityOutcome: @unchecked Sendable {
    var result: Result<[UInt8], NetworkError>?
}
