internal import COpenSSL
import Glibc

/// TLS 1.3 by the system's OpenSSL, the server verified by the store's own authority.
final class TLSContext {
    fileprivate let context: OpaquePointer

    /// - Parameter authority: the path of the certificate that signs the server's.
    init(authority: String) throws {
        guard let context = SSL_CTX_new(TLS_client_method()) else {
            throw Complaint("no TLS: \(TLSChannel.lastError)")
        }
        self.context = context
        _ = holdfast_require_tls13(context)
        holdfast_allow_partial_writes(context)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        guard SSL_CTX_load_verify_locations(context, authority, nil) == 1 else {
            throw Complaint("\(authority): \(TLSChannel.lastError)")
        }
        var names: [UInt8] = [5] + Array("hfp/1".utf8)
        SSL_CTX_set_alpn_protos(context, &names, UInt32(names.count))
    }

    deinit { SSL_CTX_free(context) }
}

/// One connection's TLS, on a socket that is connected.
final class TLSChannel {
    private let session: OpaquePointer
    private let context: TLSContext

    /// Shakes hands; blocks until that is done.
    init(_ context: TLSContext, socket: Int32, host: String) throws {
        guard let session = SSL_new(context.context) else {
            throw Complaint("no TLS: \(Self.lastError)")
        }
        self.session = session
        self.context = context
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host)
        SSL_set_fd(session, socket)
        guard SSL_connect(session) == 1 else {
            throw Complaint("TLS with \(host): \(Self.lastError)")
        }
    }

    deinit { SSL_free(session) }

    /// As `recv`: bytes, 0 at the end, -1 with `EAGAIN` if there is nothing now.
    func read(_ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
        outcome(Int(SSL_read(session, buffer, Int32(clamping: count))))
    }

    /// As `send`.
    func write(_ buffer: UnsafeRawPointer, _ count: Int) -> Int {
        outcome(Int(SSL_write(session, buffer, Int32(clamping: count))))
    }

    private func outcome(_ result: Int) -> Int {
        guard result <= 0 else { return result }
        switch SSL_get_error(session, Int32(result)) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
            errno = EAGAIN
            return -1
        case SSL_ERROR_ZERO_RETURN: return 0
        default:
            errno = EPROTO
            return -1
        }
    }

    fileprivate static var lastError: String {
        var text = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(ERR_get_error(), &text, text.count)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
