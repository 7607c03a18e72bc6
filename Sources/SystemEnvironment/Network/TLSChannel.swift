internal import Dispatch
internal import NIOCore

/// The least that NIOSSL asks of a channel: a place for its handlers, and where what they write
/// comes out, at once and in the same call. It has no socket and waits for nothing.
///
/// Unchecked Sendable because it is touched on its connection's loop only.
final class TLSChannel: Channel, ChannelCore, @unchecked Sendable {
    /// What handlers have given to be done after what they are at.
    let work = TLSWork()
    let allocator = ByteBufferAllocator()
    let remoteAddress: SocketAddress?
    private(set) lazy var pipeline = ChannelPipeline(channel: self)
    private(set) lazy var closeFuture = work.makePromise(of: Void.self).futureResult
    /// Takes what handlers write.
    var written: (ByteBuffer) -> Void
    /// From `activate` until handlers close it.
    private(set) var isActive = false

    var eventLoop: any NIOCore.EventLoop { work }
    var localAddress: SocketAddress? { nil }
    var parent: (any Channel)? { nil }
    var isWritable: Bool { isActive }
    var _channelCore: any ChannelCore { self }
    var syncOptions: (any NIOSynchronousChannelOptions)? { TLSChannelOptions() }

    /// - Parameters:
    ///   - remoteAddress: The other end's, which its certificate may have to name.
    ///   - written: Takes what handlers write.
    init(_ remoteAddress: SocketAddress?, written: @escaping (ByteBuffer) -> Void) {
        self.remoteAddress = remoteAddress
        self.written = written
    }

    /// Tells the handlers that there is a connection now.
    func activate() {
        isActive = true
        pipeline.fireChannelActive()
    }

    /// Lets go of the handlers, which hold it. It is of no use afterwards.
    func dismantle() {
        isActive = false
        removeHandlers(pipeline: pipeline)
        work.removeAll()
    }

    // MARK: Options

    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value)
        -> EventLoopFuture<Void>
    {
        work.makeFailedFuture(ChannelError.operationUnsupported)
    }

    func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
        work.makeCompletedFuture { try TLSChannelOptions().getOption(option) }
    }

    // MARK: ChannelCore

    func localAddress0() throws -> SocketAddress { throw ChannelError.unknownLocalAddress }

    func remoteAddress0() throws -> SocketAddress {
        guard let remoteAddress else { throw ChannelError.operationUnsupported }
        return remoteAddress
    }

    func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
        written(unwrapData(data, as: ByteBuffer.self))
        promise?.succeed(())
    }

    func flush0() {}

    func read0() {}

    func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // Half a channel stays open: nothing is written there any more.
        if mode == .all { isActive = false }
        promise?.succeed(())
    }

    func register0(promise: EventLoopPromise<Void>?) { refuse(promise) }
    func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) { refuse(promise) }
    func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) { refuse(promise) }
    func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
        refuse(promise)
    }

    func channelRead0(_ data: NIOAny) {}

    func errorCaught0(error: any Error) {}

    private func refuse(_ promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }
}

/// The other end's goodbye ends its half only, and what has arrived is read.
private struct TLSChannelOptions: NIOSynchronousChannelOptions {
    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) throws {
        throw ChannelError.operationUnsupported
    }

    func getOption<Option: ChannelOption>(_ option: Option) throws -> Option.Value {
        let isOn =
            option is ChannelOptions.Types.AllowRemoteHalfClosureOption
            || option is ChannelOptions.Types.AutoReadOption
        guard isOn, let value = true as? Option.Value else {
            throw ChannelError.operationUnsupported
        }
        return value
    }
}

/// What NIO takes for the loop of a `TLSChannel`: whoever calls is on it, and what is to be done
/// later is kept until `run`. Nothing is ever done at a time: the connection has limits of its own.
///
/// Unchecked Sendable because it is touched on its connection's loop only.
final class TLSWork: NIOCore.EventLoop, @unchecked Sendable {
    private var work: [@Sendable () -> Void] = []

    var inEventLoop: Bool { true }

    func execute(_ task: @escaping @Sendable () -> Void) {
        work.append(task)
    }

    /// Does what was given, and what that gives.
    func run() {
        while !work.isEmpty {
            var given: [@Sendable () -> Void] = []
            swap(&given, &work)
            for piece in given { piece() }
        }
    }

    func removeAll() {
        work = []
    }

    func scheduleTask<Value>(
        deadline: NIODeadline, _ task: @escaping @Sendable () throws -> Value
    ) -> Scheduled<Value> {
        Scheduled(promise: makePromise(of: Value.self), cancellationTask: {})
    }

    func scheduleTask<Value>(
        in time: TimeAmount, _ task: @escaping @Sendable () throws -> Value
    ) -> Scheduled<Value> {
        scheduleTask(deadline: .distantFuture, task)
    }

    func shutdownGracefully(
        queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void
    ) {
        queue.async { callback(nil) }
    }
}
