internal import Environment
internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// TLS as a transformation of bytes: what the socket brought goes in, what was meant comes out, and
/// the other way round.
///
/// NIOSSL is made for NIO's own loops. Here it runs in a channel that has no socket and no loop
/// (`TLSChannel`), on the thread that calls this, so that it can be used on ours. Its handler is
/// called directly: a way through the pipeline for each read and write is what it costs NIO.
///
/// Unchecked Sendable because it is touched on its connection's loop only.
final class TLSPipe: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    /// What comes out of it; told during the calls of this.
    protocol Owner: AnyObject {
        /// The handshake is done.
        func agreed(_ applicationProtocol: String?, _ certificate: NIOSSLCertificate?)
        /// Bytes for the socket.
        func encrypted(_ bytes: UnsafeRawBufferPointer)
        func decrypted(_ bytes: UnsafeRawBufferPointer)
        func failed(_ error: any Error)
        /// The other end has said goodbye, or nothing comes after an error.
        func saidGoodbye()
    }

    /// How much memory is kept for bytes that pass through.
    private static let kept = 32 << 10

    private let tls: NIOSSLHandler
    private let channel: TLSChannel
    private let context: ChannelHandlerContext
    /// Who holds this too, until `discard`.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var owner: (any Owner)?
    /// What NIOSSL is given, one part after the other.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var passing = ByteBuffer()
    /// What waits to be encrypted.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var plain = OutputBytes()
    /// Calls of this that are under way: what they tell its owner may lead to others.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var depth = 0
    private var isEnding = false
    private var isDiscarded = false
    private var isEndTold = false
    /// What ends the connection. Others that follow it say less.
    private var failure: (any Error)?

    /// Bytes that wait to be encrypted.
    var waiting: Int { plain.count }

    /// - Parameters:
    ///   - tls: For the client's or the server's end, new.
    ///   - peer: What the certificate of a server must name, if it was not asked for by name.
    init(_ tls: NIOSSLHandler, peer: Endpoint, owner: any Owner) throws {
        self.tls = tls
        self.owner = owner
        channel = TLSChannel(Self.address(of: peer)) { part in
            unsafe part.withUnsafeReadableBytes { bytes in unsafe owner.encrypted(bytes) }
        }
        try channel.pipeline.syncOperations.addHandler(tls)
        context = try channel.pipeline.syncOperations.context(handler: tls)
        try channel.pipeline.syncOperations.addHandler(self)
    }

    private static func address(of peer: Endpoint) -> SocketAddress? {
        guard case .tcp(let host, let port) = peer else { return nil }
        return try? SocketAddress(ipAddress: host, port: Int(port))
    }

    /// Begins the handshake: a client has something to send now.
    func start() {
        enter()
        channel.activate()
        leave()
    }

    /// Takes what the socket brought.
    func receive(_ bytes: UnsafeRawBufferPointer) {
        guard !isEnding, channel.isActive else { return }
        enter()
        tls.channelRead(context: context, data: unsafe passing(bytes.bytes))
        tls.channelReadComplete(context: context)
        leave()
    }

    /// Takes bytes to be encrypted.
    func add(_ bytes: RawSpan) {
        plain.append(bytes)
    }

    /// Encrypts what waits, `limit` bytes at most.
    func encrypt(_ limit: Int) {
        guard !isEnding, channel.isActive else { return plain.removeAll() }
        enter()
        let part = plain.withFront(limit) { passing($0) }
        plain.drop(min(limit, plain.count))
        tls.write(context: context, data: part, promise: nil)
        tls.flush(context: context)
        leave()
    }

    /// Says goodbye.
    func end() {
        guard !isEnding else { return }
        isEnding = true
        enter()
        tls.close(context: context, mode: .output, promise: nil)
        leave()
    }

    /// Lets go of everything, after the calls that are under way. To be called once in the end: it
    /// and its owner hold each other.
    func discard() {
        isEnding = true
        isDiscarded = true
        channel.written = { _ in }
        if depth == 0 { dismantle() }
    }

    /// The same bytes in the memory that is kept for it, unless it is in use.
    private func passing(_ bytes: RawSpan) -> NIOAny {
        passing.clear()
        unsafe bytes.withUnsafeBytes { _ = unsafe passing.writeBytes($0) }
        return NIOAny(passing)
    }

    private func enter() {
        depth += 1
    }

    private func leave() {
        channel.work.run()
        depth -= 1
        guard depth == 0 else { return }
        if passing.capacity > Self.kept { passing = ByteBuffer() }
        if isDiscarded {
            dismantle()
        } else if !isEnding, !isEndTold, failure != nil || !channel.isActive {
            isEndTold = true
            if let failure { owner?.failed(failure) } else { owner?.saidGoodbye() }
        }
    }

    private func dismantle() {
        owner = nil
        plain.removeAll()
        channel.dismantle()
    }

    // MARK: ChannelInboundHandler

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unsafe unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            unsafe owner?.decrypted(bytes)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard !isDiscarded else { return }
        switch event {
        case TLSUserEvent.handshakeCompleted(let negotiated):
            owner?.agreed(negotiated, tls.peerCertificate)
        case ChannelEvent.inputClosed:
            owner?.saidGoodbye()
        default:
            break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Told when TLS has said it to the other end, too.
        if failure == nil { failure = error }
    }
}
