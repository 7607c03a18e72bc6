import Environment
import SystemEnvironment
import Testing

@Suite struct CertificateTests {
    let now: WallTime = 1_800_000_000_000
    let uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"

    @Test func `an authority is the same after it was written and read`() throws {
        let authority = try CertificateAuthority(new: .client, cluster: "c", now: now)
        let read = try CertificateAuthority(
            .client, certificate: authority.certificatePEM(), key: authority.keyPEM())
        #expect(try read.certificatePEM() == authority.certificatePEM())
        #expect(try read.fingerprint() == authority.fingerprint())
        #expect(try authority.fingerprint().count == 95)
        let text = String(decoding: try authority.certificatePEM(), as: UTF8.self)
        #expect(text.hasPrefix("-----BEGIN CERTIFICATE-----\n"))
        let key = String(decoding: try authority.keyPEM(), as: UTF8.self)
        #expect(key.hasPrefix("-----BEGIN"))
    }

    @Test func `an authority with another's key is refused`() throws {
        let one = try CertificateAuthority(new: .client, cluster: "c", now: now)
        let other = try CertificateAuthority(new: .client, cluster: "c", now: now)
        #expect(throws: CertificateError.self) {
            try CertificateAuthority(
                .client, certificate: one.certificatePEM(), key: other.keyPEM())
        }
        #expect(throws: CertificateError.self) {
            try CertificateAuthority(.client, certificate: [1, 2], key: [])
        }
    }

    @Test func `a server's certificate has the names asked for, for two years`() throws {
        let authority = try CertificateAuthority(new: .client, cluster: "c", now: now)
        let identity = try authority.issueServer(
            names: ["a.example", "*.b.example", "127.0.0.1", "::1"], now: now)
        let summary = try CertificateSummary(pem: identity.certificates)
        #expect(summary.names == ["a.example", "*.b.example"])
        #expect(summary.expiry == now + 730 * 86_400_000)
        #expect("\(identity)" == "Identity(***)")
        var dumped = ""
        dump(identity, to: &dumped)
        #expect(!dumped.contains("\(identity.key[0])"))
    }

    @Test(arguments: ["", "a b", "a/b", "ä.example", "a\0"])
    func `what is no name is refused`(_ name: String) throws {
        let authority = try CertificateAuthority(new: .client, cluster: "c", now: now)
        #expect(throws: CertificateError.self) {
            try authority.issueServer(names: [name], now: now)
        }
        #expect(throws: CertificateError.self) { try authority.issueServer(names: [], now: now) }
    }

    @Test func `a node's certificate names its uuid`() throws {
        let authority = try CertificateAuthority(new: .replication, cluster: "c", now: now)
        let identity = try authority.issueNode(uuid: uuid, now: now)
        #expect(try CertificateSummary(pem: identity.certificates).names == [uuid])
        #expect(throws: CertificateError.self) { try authority.issueNode(uuid: "x", now: now) }
    }
}
