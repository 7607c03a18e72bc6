internal import SwiftASN1
internal import X509

/// Reads names out of certificates.
enum CertificateNames {
    /// The DNS names and URIs in a certificate's subject alternative names, in its order. A uuid URI
    /// is given without its `urn:uuid:`.
    static func alternativeNames(der: [UInt8]) throws -> [String] {
        let certificate = try Certificate(derEncoded: der)
        guard let names = try certificate.extensions.subjectAlternativeNames else { return [] }
        return names.compactMap { name in
            switch name {
            case .dnsName(let name): name
            case .uniformResourceIdentifier(let uri): String(uri.trimmingPrefix("urn:uuid:"))
            default: nil
            }
        }
    }
}
