internal import Crypto
package import Environment
internal import SwiftASN1
internal import X509

/// What people and metrics want to know of a certificate.
package struct CertificateSummary: Equatable, Sendable {
    /// The DNS names and URIs it is for, in its order; of a node, its uuid.
    package let names: [String]
    /// The last moment it is valid.
    package let expiry: WallTime
    /// SHA-256 over its DER form, as pairs of hexadecimal digits between colons.
    package let fingerprint: String

    /// Reads the first certificate of a PEM text.
    package init(pem: [UInt8]) throws(CertificateError) {
        self = try CertificateError.wrap("read a certificate") {
            // What follows the first may be its chain.
            let documents = try PEMDocument.parseMultiple(
                pemString: String(decoding: pem, as: UTF8.self))
            guard let first = documents.first else {
                throw CertificateError("there is no certificate in this text")
            }
            return try CertificateSummary(der: first.derBytes)
        }
    }

    /// A certificate's PEM text, from its DER form.
    static func pem(der: [UInt8]) throws -> [UInt8] {
        Array((try Certificate(derEncoded: der).serializeAsPEM().pemString + "\n").utf8)
    }

    /// Reads a certificate in its DER form.
    init(der: [UInt8]) throws {
        let certificate = try Certificate(derEncoded: der)
        let alternatives =
            try certificate.extensions.subjectAlternativeNames.map { Array($0) } ?? []
        names = alternatives.compactMap { name in
            switch name {
            case .dnsName(let name): name
            case .uniformResourceIdentifier(let uri): String(uri.trimmingPrefix("urn:uuid:"))
            default: nil
            }
        }
        expiry = ValidityTime.wallTime(certificate.notValidAfter)
        fingerprint = SHA256.hash(data: der).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.count == 1 ? "0" + digits : digits
        }.joined(separator: ":")
    }
}
