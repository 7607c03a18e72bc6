internal import Environment
internal import Glibc
internal import NIOCore
internal import NIOSSL

extension NetworkError {
    /// What `error`, thrown by NIO or by TLS while `doing` something, means.
    init(_ error: any Error, _ endpoint: Endpoint, doing: String) {
        switch error {
        case let error as NetworkError:
            self = error
        case let error as WrongProtocol:
            self.init(.notTLS, endpoint, reason: "the other end \(error.reason)")
        case let error as SystemError:
            self.init(errno: error.number, endpoint, doing: error.call)
        case is ChannelError:
            self.init(.closed, endpoint, reason: "\(doing): the connection was closed")
        case SocketAddressError.unixDomainSocketPathTooLong:
            self.init(
                .failed, endpoint,
                reason: "its path is too long for a UNIX socket, which takes 107 bytes; use a "
                    + "folder with a shorter one")
        case SocketAddressError.unknown:
            self.init(.unreachable, endpoint, reason: "no address is known for this name")
        case let error as NIOSSLExtraError:
            self.init(.untrusted, endpoint, reason: "\(error)")
        case let error as NIOSSLError:
            self.init(tls: "\(error)", endpoint, doing: doing)
        case let error as BoringSSLError:
            self.init(tls: "\(error)", endpoint, doing: doing)
        default:
            self.init(.failed, endpoint, reason: "\(doing): \(error)")
        }
    }

    /// What errno `number` means.
    init(errno number: Int32, _ endpoint: Endpoint, doing: String) {
        let kind: Kind =
            switch number {
            case EADDRINUSE: .inUse
            // A UNIX socket's path that is not there is a server that is not there.
            case ECONNREFUSED, ENOENT: .refused
            case ETIMEDOUT: .timedOut
            case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, EADDRNOTAVAIL: .unreachable
            case ECONNRESET, EPIPE, ECONNABORTED: .closed
            default: .failed
            }
        self.init(kind, endpoint, reason: SystemError(call: doing, number: number).description)
    }

    /// Reads BoringSSL's words: its error numbers are not part of NIOSSL's interface.
    private init(tls text: String, _ endpoint: Endpoint, doing: String) {
        func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        if says("CERTIFICATE_VERIFY_FAILED", "unableToValidateCertificate") {
            self.init(
                .untrusted, endpoint,
                reason:
                    "its certificate was not issued by this cluster's authority, or is out of date")
        } else if says("CERTIFICATE_REQUIRED", "PEER_DID_NOT_RETURN_A_CERTIFICATE") {
            self.init(.untrusted, endpoint, reason: "a certificate is required and none was shown")
        } else if says("ALERT_UNKNOWN_CA", "ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE") {
            self.init(.untrusted, endpoint, reason: "the other end does not trust our certificate")
        } else if says("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "INVALID_RECORD") {
            self.init(.notTLS, endpoint, reason: "no TLS is spoken there")
        } else if says("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION") {
            self.init(.failed, endpoint, reason: "no common TLS version: 1.3 is required")
        } else if says("EOF during handshake", "uncleanShutdown") {
            self.init(.closed, endpoint, reason: "\(doing): the other end closed the connection")
        } else {
            self.init(.failed, endpoint, reason: "\(doing): \(text)")
        }
    }
}
