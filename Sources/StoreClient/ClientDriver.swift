package import Environment
package import WorkProtocol

/// Carries out what a `ClientSession` decides, in the real world or in the simulated one.
///
/// Everything in it is touched on its queue only, hence unchecked Sendable. What may be called from
/// anywhere says so; the rest is for work that runs on the queue.
package final class ClientDriver: @unchecked Sendable {
    package typealias Completion = @Sendable (Result<Reply, StoreError>) -> Void

    package let queue: any SerialQueue
    private let network: any Network
    private let scheduler: any Scheduler
    private var session: ClientSession
    private var connections: [Int: any Connection] = [:]
    private var completions: [CallID: Completion] = [:]
    private var sinks: [CallID: @Sendable ([UInt8]) -> Void] = [:]
    private var timer: (any ScheduledWork)?
    private var timerTime: Instant?
    private var isCarryingOut = false
    private var lastSeries: UInt64 = 0
    /// What the last answer said besides its content.
    package private(set) var lastReply: ReplyDetails?

    package init(
        _ configuration: ClientSession.Configuration, network: any Network,
        scheduler: any Scheduler, randomness: any Randomness, queue: any SerialQueue
    ) {
        self.network = network
        self.scheduler = scheduler
        self.queue = queue
        session = ClientSession(configuration, randomness)
    }

    /// The highest epoch a primary answered from.
    package var highestEpoch: WireEpoch { session.highestEpoch }

    /// What the present server said of itself; nil while there is none.
    package var server: HelloOk? { session.server }

    /// Begins a call from anywhere; `completed` is told its result on the queue, and before that
    /// `received` the parts of a stream's answer.
    package func call(
        _ request: ClientRequest, received: (@Sendable ([UInt8]) -> Void)? = nil,
        completed: @escaping Completion
    ) -> ClientTicket {
        let ticket = ClientTicket(self)
        queue.run { ticket.id = self.begin(request, received: received, completed: completed) }
        return ticket
    }

    /// Begins a call, on the queue.
    @discardableResult
    package func begin(
        _ request: ClientRequest, received: (@Sendable ([UInt8]) -> Void)? = nil,
        completed: @escaping Completion
    ) -> CallID {
        let id = session.begin(request, at: scheduler.now)
        completions[id] = completed
        if let received { sinks[id] = received }
        carryOut()
        return id
    }

    /// A number for a series that no other of this driver has, on the queue.
    func newSeries() -> UInt64 {
        lastSeries += 1
        return lastSeries
    }

    /// Gives a call up, on the queue.
    package func cancel(_ id: CallID) {
        session.cancel(id, at: scheduler.now)
        carryOut()
    }

    /// The application has taken `count` bytes of a stream; on the queue.
    package func consumed(_ id: CallID, _ count: Int) {
        session.consumed(id, count)
        carryOut()
    }

    /// Gives all calls up and closes the connection; on the queue.
    package func end() {
        session.end(at: scheduler.now)
        carryOut()
        timer?.cancel()
        timer = nil
    }

    // MARK: Effects

    private func carryOut() {
        guard !isCarryingOut else { return }
        isCarryingOut = true
        while true {
            let effects = session.takeEffects()
            if effects.isEmpty { break }
            for effect in effects { carryOut(effect) }
        }
        isCarryingOut = false
        setTimer()
    }

    private func carryOut(_ effect: ClientSession.Effect) {
        switch effect {
        case .connect(let number, let endpoint): connect(number, endpoint)
        case .send(let number, let bytes): connections[number]?.send(bytes)
        case .close(let number): connections.removeValue(forKey: number)?.close()
        case .data(let id, let bytes): sinks[id]?(bytes)
        case .complete(let id, let result):
            if case .success(let reply) = result { lastReply = reply.details }
            sinks[id] = nil
            completions.removeValue(forKey: id)?(result)
        }
    }

    private func connect(_ number: Int, _ endpoint: Endpoint) {
        network.connect(endpoint, endpoint.clientSecurity, on: queue) { [self] result in
            switch result {
            case .success(let connection):
                connection.receiver = ClientLink(number, self)
                connections[number] = connection
                session.connected(number, at: scheduler.now)
            case .failure(let error):
                session.connectFailed(number, error, at: scheduler.now)
            }
            carryOut()
        }
    }

    private func setTimer() {
        guard let time = session.wakeTime else { return }
        if let timerTime, timerTime <= time { return }
        timer?.cancel()
        timerTime = time
        timer = queue.schedule(after: time.since(scheduler.now)) { [self] in
            timer = nil
            timerTime = nil
            session.tick(at: scheduler.now)
            carryOut()
        }
    }

    // MARK: What connections tell

    fileprivate func received(_ number: Int, _ bytes: UnsafeRawBufferPointer) {
        unsafe session.received(number, bytes.bytes, at: scheduler.now)
    }

    fileprivate func receivedAll() { carryOut() }

    fileprivate func closed(_ number: Int, _ error: NetworkError?) {
        connections[number] = nil
        session.closed(number, error, at: scheduler.now)
        carryOut()
    }
}

/// A call begun from anywhere, to cancel it or to say what was taken of its stream.
package final class ClientTicket: @unchecked Sendable {
    private let driver: ClientDriver
    /// Touched on the driver's queue only.
    fileprivate var id: CallID?

    fileprivate init(_ driver: ClientDriver) { self.driver = driver }

    /// Gives the call up, from anywhere.
    package func cancel() {
        driver.queue.run { [self] in if let id { driver.cancel(id) } }
    }

    /// Says that `count` bytes of the stream have been taken, from anywhere.
    package func consumed(_ count: Int) {
        driver.queue.run { [self] in if let id { driver.consumed(id, count) } }
    }
}

/// Tells the driver what happens on one of its connections.
private final class ClientLink: ConnectionReceiver {
    private let number: Int
    private let driver: ClientDriver

    init(_ number: Int, _ driver: ClientDriver) {
        self.number = number
        self.driver = driver
    }

    func received(_ bytes: UnsafeRawBufferPointer, on connection: any Connection) {
        unsafe driver.received(number, bytes)
    }
    func receivedAll(on connection: any Connection) { driver.receivedAll() }
    func writable(_ connection: any Connection) {}
    func closed(_ connection: any Connection, _ reason: NetworkError?) {
        driver.closed(number, reason)
    }
}
