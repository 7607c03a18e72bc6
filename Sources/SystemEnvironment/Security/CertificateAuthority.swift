internal import Crypto
package import Environment
internal import Glibc
internal import SwiftASN1
internal import X509

/// A cluster's own authority: the key that signs certificates, and the certificate that whoever
/// trusts it holds.
///
/// ECDSA on P-256 throughout. The authority's key may be moved off the machine once all servers and
/// nodes have their certificates.
package struct CertificateAuthority: Sendable {
    /// What an authority's certificates are good for. Each purpose has an authority of its own, so
    /// that no certificate that a user may come by opens the replication port.
    package enum Purpose: String, Sendable {
        /// Servers, for clients.
        case client
        /// Nodes, for nodes.
        case replication
    }

    package let purpose: Purpose
    private let certificate: Certificate
    private let key: Certificate.PrivateKey

    /// Ten years: an authority is replaced by hand.
    private static let authorityDays: Int64 = 3_653
    /// Two years, of which the last weeks are an alarm.
    private static let issuedDays: Int64 = 730
    /// Valid from so long ago, for machines whose clocks differ.
    private static let skew: Int64 = 3_600_000

    /// A new authority of a new key.
    ///
    /// - Parameter cluster: The cluster's name, for people who look at the certificate.
    package init(new purpose: Purpose, cluster: String, now: WallTime)
        throws(CertificateError)
    {
        self.purpose = purpose
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        self.key = key
        certificate = try CertificateError.wrap("make an authority") {
            let name = try DistinguishedName {
                CommonName("Holdfast \(purpose.rawValue) authority of \(cluster)")
            }
            return try Certificate(
                version: .v3, serialNumber: .init(), publicKey: key.publicKey,
                notValidBefore: ValidityTime.date(now - Self.skew),
                notValidAfter: ValidityTime.date(now + Self.authorityDays * 86_400_000),
                issuer: name, subject: name,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(hash: key.publicKey)
                },
                issuerPrivateKey: key)
        }
    }

    /// An authority from its certificate and key, PEM text both.
    package init(_ purpose: Purpose, certificate: [UInt8], key: [UInt8]) throws(CertificateError) {
        self.purpose = purpose
        (self.certificate, self.key) = try CertificateError.wrap("read the authority") {
            (
                try Certificate(pemEncoded: String(decoding: certificate, as: UTF8.self)),
                try Certificate.PrivateKey(pemEncoded: String(decoding: key, as: UTF8.self))
            )
        }
        if self.certificate.publicKey != self.key.publicKey {
            throw CertificateError("the authority's key is not the one of its certificate")
        }
    }

    // MARK: What is kept

    /// The certificate, PEM text: for everyone.
    package func certificatePEM() throws(CertificateError) -> [UInt8] {
        try Self.pem(certificate)
    }

    /// The private key, PEM text: secret.
    package func keyPEM() throws(CertificateError) -> [UInt8] {
        try Self.pem(key)
    }

    /// SHA-256 of the certificate, as people compare it: `AB:CD:…`, 32 bytes.
    package func fingerprint() throws(CertificateError) -> String {
        try CertificateSummary(pem: certificatePEM()).fingerprint
    }

    // MARK: Issuing

    /// A new key and certificate for a server that clients know by `names`: DNS names and
    /// addresses.
    package func issueServer(names: [String], now: WallTime)
        throws(CertificateError) -> TLSMaterial.Identity
    {
        precondition(purpose == .client, "a \(purpose.rawValue) authority issues no server")
        if names.isEmpty { throw CertificateError("a server's certificate needs a name") }
        var alternatives: [GeneralName] = []
        for name in names { alternatives.append(try Self.generalName(name)) }
        return try issue(names[0], alternatives, usages: [.serverAuth], now)
    }

    /// A new key and certificate for the node `uuid` (its text form, as URI and as DNS name).
    package func issueNode(uuid: String, now: WallTime)
        throws(CertificateError) -> TLSMaterial.Identity
    {
        precondition(purpose == .replication, "a \(purpose.rawValue) authority issues no node")
        let isUUID =
            uuid.utf8.count == 36
            && uuid.utf8.allSatisfy { byte in
                byte == 0x2d || (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
            }
        if !isUUID { throw CertificateError("\"\(uuid)\" is not a uuid in lower case") }
        let names = [GeneralName.uniformResourceIdentifier("urn:uuid:\(uuid)")]
        return try issue("Holdfast node \(uuid)", names, usages: [.serverAuth, .clientAuth], now)
    }

    private func issue(
        _ commonName: String, _ names: [GeneralName], usages: [ExtendedKeyUsage.Usage],
        _ now: WallTime
    ) throws(CertificateError) -> TLSMaterial.Identity {
        let own = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let issued = try CertificateError.wrap("issue a certificate") {
            try Certificate(
                version: .v3, serialNumber: .init(), publicKey: own.publicKey,
                notValidBefore: ValidityTime.date(now - Self.skew),
                notValidAfter: ValidityTime.date(now + Self.issuedDays * 86_400_000),
                issuer: certificate.subject,
                subject: DistinguishedName { CommonName(String(commonName.prefix(64))) },
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage(usages)
                    SubjectKeyIdentifier(hash: own.publicKey)
                    try AuthorityKeyIdentifier(
                        keyIdentifier: certificate.extensions.subjectKeyIdentifier?.keyIdentifier)
                    SubjectAlternativeNames(names)
                },
                issuerPrivateKey: key)
        }
        // The authority's own certificate goes along, for those who know its fingerprint only.
        return try TLSMaterial.Identity(
            certificates: Self.pem(issued) + Self.pem(certificate), key: Self.pem(own))
    }

    /// An address as an address, anything else as a DNS name.
    private static func generalName(_ name: String) throws(CertificateError) -> GeneralName {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var address = [UInt8](repeating: 0, count: count)
            if unsafe inet_pton(family, name, &address) == 1 {
                return .ipAddress(ASN1OctetString(contentBytes: address[...]))
            }
        }
        let isName =
            (1...253).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                byte == 0x2d || byte == 0x2e || byte == 0x2a || (0x30...0x39).contains(byte)
                    || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            }
        if !isName { throw CertificateError("\"\(name)\" is no DNS name and no address") }
        return .dnsName(name)
    }

    private static func pem(_ certificate: Certificate) throws(CertificateError) -> [UInt8] {
        try CertificateError.wrap("write a certificate") {
            Array((try certificate.serializeAsPEM().pemString + "\n").utf8)
        }
    }

    private static func pem(_ key: Certificate.PrivateKey) throws(CertificateError) -> [UInt8] {
        try CertificateError.wrap("write a key") {
            Array((try key.serializeAsPEM().pemString + "\n").utf8)
        }
    }
}

/// What was wrong with a certificate, or with what one was to be made of.
package struct CertificateError: Error, Equatable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }

    /// Runs `body`, and says what it was to do when it fails.
    static func wrap<Result>(_ doing: String, _ body: () throws -> Result)
        throws(CertificateError) -> Result
    {
        do {
            return try body()
        } catch let error as CertificateError {
            throw error
        } catch {
            throw CertificateError("\(doing): \(error)")
        }
    }
}
