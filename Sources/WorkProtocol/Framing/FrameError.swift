package import ByteCoding

/// Why a connection's bytes cannot be taken: which byte of which frame, what was expected, what was
/// found. Whoever breaks the protocol loses its connection and nothing else.
package struct FrameError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// The other end speaks something else.
        case foreign(ForeignProtocol)
        /// A limit of the table (`Limits`) is broken.
        case tooLarge
        /// A field that cannot be.
        case malformed
        /// The checksum differs from the bytes.
        case checksum
    }

    package var kind: Kind
    /// Which frame of the connection, from 1; 0 is the preface.
    package var frame: Int
    /// Where in the frame; offsets in extensions count from the frame's beginning, too.
    package var corruption: Corruption

    package init(_ kind: Kind, frame: Int = 0, offset: Int, expected: String, found: String) {
        self.kind = kind
        self.frame = frame
        corruption = Corruption(offset: offset, expected: expected, found: found)
    }

    /// The same, in the frame with this number.
    func inFrame(_ number: Int) -> FrameError {
        var error = self
        error.frame = number
        return error
    }

    /// What GOAWAY gives as the reason before the connection is closed.
    package var reason: Reason { kind == .tooLarge ? .tooLarge : .badFrame }

    /// What to say instead of GOAWAY to one that would not understand it.
    package var foreignAnswer: [UInt8]? {
        guard case .foreign(let other) = kind else { return nil }
        return other.answer
    }

    package var description: String {
        switch kind {
        case .foreign(let other): "\(other): \(corruption)"
        case .tooLarge, .malformed, .checksum:
            frame == 0 ? corruption.description : "frame \(frame), \(corruption)"
        }
    }
}

/// What else may arrive on the port, by its first bytes.
package enum ForeignProtocol: Hashable, Sendable, CustomStringConvertible {
    case tls, http, unknown

    /// What `bytes`, the first of a connection, look like; nil as long as they are an HFP preface.
    static func recognise(_ bytes: [UInt8]) -> ForeignProtocol? {
        if Preface.bytes.starts(with: bytes) { return nil }
        if tlsRecords.contains(where: { agree($0, bytes) }) { return .tls }
        return httpWords.contains { agree($0, bytes) } ? .http : .unknown
    }

    /// Whether the shorter of the two begins the longer.
    private static func agree(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        zip(left, right).allSatisfy { $0 == $1 }
    }

    /// A handshake and an alert.
    private static let tlsRecords: [[UInt8]] = [[0x16, 0x03], [0x15, 0x03]]

    private static let httpWords: [[UInt8]] = [
        "GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ", "CONNECT ", "PATCH ", "TRACE ",
        "PRI * HTTP/2", "HTTP/",
    ].map { Array($0.utf8) }

    package var description: String {
        switch self {
        case .tls: "this end speaks HFP/1 in plain text, the other TLS"
        case .http: "this end speaks HFP/1, the other HTTP"
        case .unknown: "this end speaks HFP/1, the other does not"
        }
    }

    /// What the other end is told, in its own language where it has one, before it is closed.
    var answer: [UInt8] {
        switch self {
        case .tls: [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]  // alert: fatal, protocol version
        case .http:
            Array(
                """
                HTTP/1.1 400 Bad Request\r
                Content-Type: text/plain\r
                Connection: close\r
                \r
                This port speaks HFP/1, Holdfast's own protocol, and not HTTP.\r

                """.utf8)
        case .unknown: Array("This port speaks HFP/1 and understands nothing else.\r\n".utf8)
        }
    }
}

/// The 8 bytes a client sends first: "HFP", the family, and a trap for what treats them as text.
package enum Preface {
    package static let bytes: [UInt8] = [0x48, 0x46, 0x50, 0x01, 0x0D, 0x0A, 0x1A, 0x0A]
}
