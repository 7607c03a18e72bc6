internal import Environment
internal import NIOCore
internal import NIOEmbedded
internal import NIOSSL
internal import NIOTLS

/// TLS as a transformation of bytes: what the socket brought goes in, what was meant comes out, and
/// the other way round.
///
/// NIOSSL is made for NIO's own loops. Here it runs in a channel that has no socket and no loop of
/// its own (`EmbeddedChannel`), on the thread that calls this, so that it can be used on ours.
///
/// Unchecked Sendable because it is touched on its connection's loop only.
final class TLSPipe: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    /// What comes out of it; told during the calls of this.
    protocol Owner: AnyObject {
        func agreed(_ applicationProtocol: String?, _ certificate: NIOSSLCertificate?)
        func decrypted(_ bytes: UnsafeRawBufferPointer)
        func failed(_ error: any Error)
        /// The other end has said goodbye.
        func saidGoodbye()
    }

    private let tls: NIOSSLHandler
    private let channel: EmbeddedChannel
    private weak var owner: (any Owner)?
    private var isEnding = false

    /// - Parameter tls: For the client's or the server's end, new.
    init(_ tls: NIOSSLHandler, owner: any Owner) throws {
        self.tls = tls
        self.owner = owner
        channel = EmbeddedChannel()
        channel.allowRemoteHalfClosure = true
        try channel.pipeline.syncOperations.addHandlers([tls, self])
    }

    /// Begins the handshake: a client has something to send now.
    func start() throws {
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 0), promise: nil)
        channel.embeddedEventLoop.run()
    }

    /// Takes what the socket brought.
    func receive(_ bytes: UnsafeRawBufferPointer) {
        guard !isEnding else { return }
        channel.pipeline.fireChannelRead(unsafe ByteBuffer(bytes: bytes))
        channel.pipeline.fireChannelReadComplete()
        channel.embeddedEventLoop.run()
    }

    /// Encrypts `bytes`.
    func send(_ bytes: RawSpan) {
        var buffer = ByteBuffer()
        unsafe bytes.withUnsafeBytes { _ = unsafe buffer.writeBytes($0) }
        channel.writeAndFlush(buffer, promise: nil)
    }

    /// Says goodbye.
    func end() {
        guard !isEnding else { return }
        isEnding = true
        channel.close(mode: .output, promise: nil)
        channel.embeddedEventLoop.run()
    }

    /// Moves what is to be written to the socket to `output`.
    func drain(into output: inout OutputBytes) {
        while let part = try? channel.readOutbound(as: ByteBuffer.self) {
            unsafe part.withUnsafeReadableBytes { unsafe output.append($0.bytes) }
        }
    }

    /// Lets go of everything. To be called once in the end: the channel and its handlers hold each
    /// other.
    func discard() {
        isEnding = true
        owner = nil
        // Without TLS in it nothing waits for the other end's goodbye, which will not come.
        channel.pipeline.fireChannelInactive()
        channel.pipeline.syncOperations.removeHandler(tls, promise: nil)
        // What is left over in it is nobody's any more, and neither are its errors.
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    // MARK: ChannelInboundHandler

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unsafe unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            unsafe owner?.decrypted(bytes)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted(let negotiated):
            owner?.agreed(negotiated, tls.peerCertificate)
        case ChannelEvent.inputClosed:
            owner?.saidGoodbye()
        default:
            break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isEnding { owner?.saidGoodbye() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isEnding { owner?.failed(error) }
    }
}
