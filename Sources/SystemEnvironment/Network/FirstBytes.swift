internal import Environment
internal import NIOCore

/// Looks at the first bytes of a connection to a listener, before TLS does, so that whoever knocked
/// at the wrong door is told so in plain text and not with a reset.
final class ListenerFirstBytes: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long the other end may take to read the answer. Closing at once, with bytes of it
    /// unread, would reset the connection, and the answer would be lost.
    private static let reading = TimeAmount.seconds(1)

    private let speaksTLS: Bool
    private var held: ByteBuffer?
    private var hasRefused = false

    init(speaksTLS: Bool) {
        self.speaksTLS = speaksTLS
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if hasRefused { return }
        var bytes = unwrapInboundIn(data)
        if var earlier = held {
            earlier.writeBuffer(&bytes)
            bytes = earlier
            held = nil
        }
        switch WrongProtocol.verdict(on: bytes.readableBytesView, speaksTLS: speaksTLS) {
        case .undecided:
            held = bytes
        case .right:
            context.fireChannelRead(wrapInboundOut(bytes))
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        case .wrong(let wrong):
            refuse(wrong, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if held == nil && !hasRefused { context.fireChannelReadComplete() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if hasRefused, case .some(.inputClosed) = event as? ChannelEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func refuse(_ wrong: WrongProtocol, _ context: ChannelHandlerContext) {
        hasRefused = true
        context.fireErrorCaught(wrong)
        let text = wrong.answer(speaksTLS: speaksTLS)
        let bound = context.loopBound
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: text)))
            .assumeIsolated().whenComplete { _ in
                let context = bound.value
                context.close(mode: .output, promise: nil)
                context.eventLoop.assumeIsolated().scheduleTask(in: Self.reading) {
                    context.close(promise: nil)
                }
            }
    }
}

/// Looks at the first bytes a server answers a TLS hello with.
final class ServerFirstBytes: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let endpoint: Endpoint
    private var hasRefused = false

    init(_ endpoint: Endpoint) {
        self.endpoint = endpoint
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if hasRefused { return }
        let bytes = unwrapInboundIn(data)
        // A handshake record, or an alert.
        if let first = bytes.readableBytesView.first, first != 0x16 && first != 0x15 {
            hasRefused = true
            let text = bytes.readableBytesView.prefix(80).prefix { (0x20..<0x7f).contains($0) }
            let reason =
                "no TLS is spoken there; it answered: \(String(decoding: text, as: UTF8.self))"
            context.fireErrorCaught(NetworkError(.notTLS, endpoint, reason: reason))
            return
        }
        context.fireChannelRead(data)
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
