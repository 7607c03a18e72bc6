internal import Environment
internal import NIOCore

/// Pauses accepting when the process has no descriptors or memory left for a connection.
///
/// The kernel keeps those who wait, and says "readable" without end: without a pause the loop would
/// do nothing but fail to accept them, and what would free a descriptor would not run.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(500)

    private let endpoint: Endpoint
    private let refused: @Sendable (NetworkError) -> Void
    private var isPaused = false

    init(_ endpoint: Endpoint, refused: @escaping @Sendable (NetworkError) -> Void) {
        self.endpoint = endpoint
        self.refused = refused
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Only calls to the system fail so; what fails in setting up one connection is its own.
        guard error is IOError, !isPaused else { return }
        isPaused = true
        refused(NetworkError(error, endpoint, doing: "accepting is paused"))
        setReading(false, context)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { [self] in
            isPaused = false
            setReading(true, context)
        }
    }

    private func setReading(_ on: Bool, _ context: ChannelHandlerContext) {
        // Fails only for a listener that has been closed.
        try? context.channel.syncOptions?.setOption(.autoRead, value: on)
    }
}
