internal import Environment
internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// Certificates and keys for TLS, as PEM text.
///
/// There are two authorities, so that no user's certificate or server's opens the replication port:
/// the *client* authority signs what servers show to clients, the *node* authority what nodes show
/// to each other. Whoever only connects as a client needs `clientAuthority` alone.
package struct TLSMaterial: Sendable {
    /// A certificate (with those between it and the authority after it) and its private key.
    package struct Identity: Sendable, CustomStringConvertible, CustomReflectable {
        package var certificates: [UInt8]
        package var key: [UInt8]

        package init(certificates: [UInt8], key: [UInt8]) {
            self.certificates = certificates
            self.key = key
        }

        /// Never the key.
        package var description: String { "Identity(***)" }
        package var customMirror: Mirror { Mirror(self, children: [:]) }
    }

    /// The authority that a client demands of servers.
    package var clientAuthority: [UInt8]?
    /// What a server shows to clients.
    package var server: Identity?
    /// The authority that a node demands of nodes.
    package var nodeAuthority: [UInt8]?
    /// What a node shows to nodes.
    package var node: Identity?

    package init(
        clientAuthority: [UInt8]? = nil, server: Identity? = nil,
        nodeAuthority: [UInt8]? = nil, node: Identity? = nil
    ) {
        self.clientAuthority = clientAuthority
        self.server = server
        self.nodeAuthority = nodeAuthority
        self.node = node
    }
}

/// TLS contexts made of material, each on first use.
final class TLSContexts: Sendable {
    /// What a context is for.
    enum Purpose: Hashable {
        case listenToClients, connectAsClient, listenToNodes, connectAsNode
    }

    /// ALPN: a client of another protocol learns in the handshake that it is wrong here.
    static let applicationProtocol = "hfp/1"

    private struct State {
        var material: TLSMaterial
        var contexts: [Purpose: NIOSSLContext] = [:]
    }
    private let state: Mutex<State>

    init(_ material: TLSMaterial) {
        state = Mutex(State(material: material))
    }

    /// Connections made or accepted from now on use `material`.
    func replace(_ material: TLSMaterial) {
        state.withLock { $0 = State(material: material) }
    }

    /// - Throws: `.untrusted` when the material for `purpose` is missing or unreadable.
    func context(_ purpose: Purpose, _ endpoint: Endpoint) throws(NetworkError) -> NIOSSLContext {
        try state.withLock { state throws(NetworkError) in
            if let context = state.contexts[purpose] { return context }
            do {
                let context = try NIOSSLContext(
                    configuration: Self.configuration(purpose, state.material, endpoint))
                state.contexts[purpose] = context
                return context
            } catch let error as NetworkError {
                throw error
            } catch {
                throw NetworkError(
                    .untrusted, endpoint,
                    reason: "the certificates or keys for it cannot be used: \(error)")
            }
        }
    }

    private static func configuration(
        _ purpose: Purpose, _ material: TLSMaterial, _ endpoint: Endpoint
    ) throws -> TLSConfiguration {
        func need<Value>(_ value: Value?, _ what: String) throws(NetworkError) -> Value {
            guard let value else {
                throw NetworkError(.untrusted, endpoint, reason: "no \(what) has been given")
            }
            return value
        }
        var configuration: TLSConfiguration
        switch purpose {
        case .listenToClients:
            configuration = try server(need(material.server, "server certificate"))
        case .connectAsClient:
            configuration = .makeClientConfiguration()
            configuration.trustRoots = try roots(
                need(material.clientAuthority, "authority to check the server's certificate"))
        case .listenToNodes:
            configuration = try server(need(material.node, "node certificate"))
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = try roots(need(material.nodeAuthority, "node authority"))
        case .connectAsNode:
            configuration = .makeClientConfiguration()
            let identity = try need(material.node, "node certificate")
            configuration.certificateChain = try chain(identity)
            configuration.privateKey = .privateKey(
                try NIOSSLPrivateKey(bytes: identity.key, format: .pem))
            // A node is known by the uuid in its certificate, wherever it runs.
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = try roots(need(material.nodeAuthority, "node authority"))
        }
        configuration.minimumTLSVersion = .tlsv13
        configuration.applicationProtocols = [applicationProtocol]
        configuration.shutdownTimeout = .seconds(1)
        return configuration
    }

    private static func server(_ identity: TLSMaterial.Identity) throws -> TLSConfiguration {
        .makeServerConfiguration(
            certificateChain: try chain(identity),
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: identity.key, format: .pem)))
    }

    private static func chain(_ identity: TLSMaterial.Identity) throws -> [NIOSSLCertificateSource]
    {
        try NIOSSLCertificate.fromPEMBytes(identity.certificates).map { .certificate($0) }
    }

    private static func roots(_ authority: [UInt8]) throws -> NIOSSLTrustRoots {
        .certificates(try NIOSSLCertificate.fromPEMBytes(authority))
    }
}
