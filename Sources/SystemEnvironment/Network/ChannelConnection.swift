internal import Environment
internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// A connection that is the last handler of a NIO channel.
///
/// It owns what is collected for sending and the count of bytes not taken yet. It goes from
/// *opening* (the TLS handshake) to *open* to *ending* (nothing more is delivered, what was queued
/// is still sent) to *gone*, skipping what does not apply, and reports `closed` exactly once if it
/// has been open.
///
/// Unchecked Sendable because everything in it is touched on its event loop only, which is the
/// queue that the port gives it to.
final class ChannelConnection: ChannelInboundHandler, Connection, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase { case opening, open, ending, gone }

    /// A handshake may take this long.
    private static let handshake = TimeAmount.seconds(5)
    /// What is queued at `close` may take this long to be sent.
    private static let sending = TimeAmount.seconds(5)
    /// The other end may take this long to close too, after which its unread bytes are dropped.
    private static let reading = TimeAmount.seconds(1)
    /// `writable` is reported when `unsentBytes` falls to `low` after having reached `high`.
    private static let high = 256 << 10
    private static let low = 64 << 10
    /// Written in parts of this size, each flushed, so that `unsentBytes` falls while a lot is
    /// being sent: TLS makes one piece of what is flushed at once, and says when all of it is gone.
    private static let part = 128 << 10
    /// How much memory an idle connection keeps for what it will send.
    private static let kept = 64 << 10

    private(set) var peer: Endpoint
    private(set) var peerNames: [String] = []
    var receiver: (any ConnectionReceiver)?
    private(set) var unsentBytes = 0

    private let usesTLS: Bool
    private let turn: TurnFlush
    private var opened: ((Result<any Connection, NetworkError>) -> Void)?
    private var phase = Phase.opening
    private var context: ChannelHandlerContext?
    private var collected = ByteBuffer()
    /// Empty; its memory is for what is collected next.
    private var spare = ByteBuffer()
    private var hasBeenHigh = false
    private var isInputClosed = false
    private var isOutputClosed = false
    private var reason: NetworkError?
    private var timer: Scheduled<Void>?

    /// - Parameter opened: Told once that the connection is open, or why it never was.
    init(
        peer: Endpoint, usesTLS: Bool, turn: TurnFlush,
        opened: @escaping (Result<any Connection, NetworkError>) -> Void
    ) {
        self.peer = peer
        self.usesTLS = usesTLS
        self.turn = turn
        self.opened = opened
    }

    // MARK: Connection

    func send(_ bytes: RawSpan) {
        guard phase == .open, !bytes.isEmpty else { return }
        unsentBytes += bytes.byteCount
        if unsentBytes >= Self.high { hasBeenHigh = true }
        if collected.readableBytes == 0 { turn.add(self) }
        unsafe bytes.withUnsafeBytes { _ = unsafe collected.writeBytes($0) }
    }

    func setReading(_ on: Bool) {
        guard phase == .open, let channel = context?.channel else { return }
        // Fails only for a channel that is gone, which has nothing to read.
        try? channel.syncOptions?.setOption(.autoRead, value: on)
    }

    func close() {
        end()
    }

    /// Sends what has been collected, in one write to the socket if it is not a lot.
    func flushCollected() {
        guard let context, collected.readableBytes > 0 else { return }
        var rest = collected
        collected = spare
        spare = ByteBuffer()
        while let part = rest.readSlice(length: min(rest.readableBytes, Self.part)),
            part.readableBytes > 0
        {
            let count = part.readableBytes
            context.writeAndFlush(wrapOutboundOut(part)).assumeIsolated().whenComplete {
                [self] _ in taken(count)
            }
        }
        // What the socket has taken at once is nobody else's any more: to be written again without
        // being allocated.
        guard rest.capacity <= Self.kept else { return }
        spare = rest
        spare.clear()
    }

    private func taken(_ count: Int) {
        unsentBytes -= count
        if phase == .open, hasBeenHigh, unsentBytes <= Self.low {
            hasBeenHigh = false
            receiver?.writable(self)
        } else if phase == .ending, unsentBytes == 0 {
            finish()
        }
    }

    // MARK: Opening

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        if let address = context.remoteAddress { peer = Endpoint(address) ?? peer }
        guard usesTLS else { return open() }
        startTimer(Self.handshake) { [self] in
            if phase == .opening {
                fail(
                    NetworkError(.timedOut, peer, reason: "the TLS handshake was not done in time"))
            }
        }
    }

    private func handshakeCompleted(
        _ applicationProtocol: String?, _ context: ChannelHandlerContext
    ) {
        guard phase == .opening else { return }
        guard applicationProtocol == TLSContexts.applicationProtocol else {
            return fail(
                NetworkError(
                    .failed, peer,
                    reason: "the other end speaks TLS, but not \(TLSContexts.applicationProtocol)"))
        }
        do {
            let tls = try context.pipeline.syncOperations.handler(type: NIOSSLHandler.self)
            if let certificate = tls.peerCertificate {
                peerNames = try CertificateSummary(der: certificate.toDERBytes()).names
            }
        } catch {
            return fail(NetworkError(.untrusted, peer, reason: "unreadable certificate: \(error)"))
        }
        open()
    }

    private func open() {
        guard phase == .opening else { return }
        timer?.cancel()
        phase = .open
        let opened = opened
        self.opened = nil
        opened?(.success(self))
        if receiver == nil { end() }
    }

    private func fail(_ error: NetworkError) {
        guard phase == .opening else { return }
        phase = .ending
        timer?.cancel()
        let opened = opened
        self.opened = nil
        opened?(.failure(error))
        context?.close(promise: nil)
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase == .open, let receiver else { return }
        let buffer = unwrapInboundIn(data)
        unsafe buffer.withUnsafeReadableBytes { bytes in
            unsafe receiver.received(bytes, on: self)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard phase == .open else { return }
        receiver?.receivedAll(on: self)
        // Not at the turn's end: a lone request's answer leaves at once.
        flushCollected()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted(let negotiated):
            handshakeCompleted(negotiated, context)
        case ChannelEvent.inputClosed:
            isInputClosed = true
            inputClosed()
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Ending

    /// The other end sends no more. There is no half of a connection here: what is queued is sent,
    /// then it is closed.
    private func inputClosed() {
        switch phase {
        case .opening:
            fail(NetworkError(.closed, peer, reason: "closed by the other end while opening"))
        case .open:
            end()
        case .ending:
            if isOutputClosed { context?.close(promise: nil) }
        case .gone:
            return
        }
    }

    private func end() {
        guard phase == .open else { return }
        flushCollected()
        phase = .ending
        if unsentBytes == 0 {
            finish()
        } else {
            startTimer(Self.sending) { [self] in context?.close(promise: nil) }
        }
    }

    /// Everything is sent. Our half is closed first and the rest when the other end has followed:
    /// closing a socket with unread bytes resets it, and would take the last answer with it.
    private func finish() {
        guard !isOutputClosed, let context else { return }
        isOutputClosed = true
        if isInputClosed {
            context.close(promise: nil)
            return
        }
        try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        context.close(mode: .output, promise: nil)
        startTimer(Self.reading) { [self] in self.context?.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let failure = NetworkError(error, peer, doing: phase == .opening ? "opening" : "connection")
        if error is WrongProtocol {
            // The handler that found out answers, and closes.
            refuse(failure)
            return
        }
        switch phase {
        case .opening:
            fail(failure)
        case .open:
            // The other end went without TLS's goodbye. Frames carry their own lengths, so that
            // nothing can be taken for whole that was cut.
            if error as? NIOSSLError != .uncleanShutdown { reason = failure }
            context.close(promise: nil)
        case .ending:
            context.close(promise: nil)
        case .gone:
            return
        }
    }

    private func refuse(_ failure: NetworkError) {
        switch phase {
        case .opening:
            phase = .ending
            isOutputClosed = true
            timer?.cancel()
            let opened = opened
            self.opened = nil
            opened?(.failure(failure))
        case .open:
            phase = .ending
            isOutputClosed = true
            reason = failure
        case .ending, .gone:
            return
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(NetworkError(.closed, peer, reason: "closed by the other end while opening"))
        report()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(NetworkError(.closed, peer, reason: "the connection was not opened"))
        report()
        self.context = nil
    }

    private func report() {
        guard phase != .gone else { return }
        phase = .gone
        timer?.cancel()
        timer = nil
        collected = ByteBuffer()
        spare = ByteBuffer()
        unsentBytes = 0
        let receiver = receiver
        self.receiver = nil
        receiver?.closed(self, reason)
    }

    private func startTimer(_ time: TimeAmount, _ work: @escaping () -> Void) {
        timer?.cancel()
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: time, work)
    }
}

/// The connections of one event loop that have something to send at the end of its turn.
///
/// One task of the loop for all of them, however many a commit answers. Touched on the loop only,
/// hence unchecked.
final class TurnFlush: @unchecked Sendable {
    private let eventLoop: any EventLoop
    private var waiting: [ChannelConnection] = []

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func add(_ connection: ChannelConnection) {
        eventLoop.assertInEventLoop()
        waiting.append(connection)
        guard waiting.count == 1 else { return }
        eventLoop.execute { [self] in
            let connections = waiting
            waiting = []
            for connection in connections { connection.flushCollected() }
        }
    }
}

extension Endpoint {
    init?(_ address: SocketAddress) {
        if let host = address.ipAddress, let port = address.port, let port = UInt16(exactly: port) {
            self = .tcp(host: host, port: port)
        } else if let path = address.pathname, !path.isEmpty {
            self = .unix(path: path)
        } else {
            return nil
        }
    }
}
