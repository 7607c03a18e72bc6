package import Environment

/// The network of the simulated world: every process has a `SimulatedNetwork` onto one of these.
///
/// Bytes of one connection keep their order and arrive after a delay, in pieces cut anywhere; two
/// connections are delayed apart, so that they overtake each other. A cut between two hosts, one
/// way or both, holds back what is sent; a connection may break, losing what is under way.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
package final class SimulatedWire: @unchecked Sendable {
    let scheduler: SimulatedScheduler
    var seed: Seed
    /// How long a piece is under way, at least and at most.
    package var delay = (least: Interval.microseconds(20), most: Interval.microseconds(200))
    /// How many of a thousand pieces break their connection.
    package var breaksPerThousand = 0
    /// Directions in which nothing arrives: from host to host.
    private var cuts: Set<Direction> = []
    fileprivate var listeners: [Endpoint: SimulatedListener] = [:]
    fileprivate var connections: [SimulatedConnection] = []
    private var nextPort: UInt16 = 40_000

    struct Direction: Hashable {
        var from: String
        var to: String
    }

    package init(_ scheduler: SimulatedScheduler, seed: Seed) {
        self.scheduler = scheduler
        self.seed = seed
    }

    /// A process's view of the network. It ends with the process.
    package func network(host: String, identity: String) -> SimulatedNetwork {
        SimulatedNetwork(self, host: host, identity: identity)
    }

    /// From now on nothing that `from` sends reaches `to`. Nothing is lost: it arrives after
    /// `heal`.
    package func cut(from: String, to: String) { cuts.insert(Direction(from: from, to: to)) }

    package func cutBothWays(_ one: String, _ other: String) {
        cut(from: one, to: other)
        cut(from: other, to: one)
    }

    /// Ends all cuts; what was held back is under way again.
    package func heal() {
        cuts.removeAll()
        for connection in connections { connection.carryOn() }
    }

    /// Breaks every connection between two hosts.
    package func breakConnections(_ one: String, _ other: String) {
        for connection in connections where connection.joins(one, other) { connection.break() }
    }

    /// Ends all connections and listeners for good: they hold on to each other and to the nodes.
    func removeAll() {
        for connection in connections { connection.break() }
        connections.removeAll()
        listeners.removeAll()
    }

    func isCut(_ from: String, _ to: String) -> Bool {
        cuts.contains(Direction(from: from, to: to))
    }

    func someDelay() -> Interval {
        let span = delay.most.nanoseconds - delay.least.nanoseconds
        let extra = span == 0 ? 0 : seed.next() % (span + 1)
        return Interval(nanoseconds: delay.least.nanoseconds + extra)
    }

    fileprivate func newPort() -> UInt16 {
        nextPort &+= 1
        return nextPort
    }

    fileprivate func forget(_ connection: SimulatedConnection) {
        connections.removeAll { $0 === connection }
    }
}

/// One process's `Network`.
package final class SimulatedNetwork: Network, @unchecked Sendable {
    private let wire: SimulatedWire
    package let host: String
    /// The name in this process's certificate.
    let identity: String
    private var isEnded = false
    private var own: [SimulatedConnection] = []
    private var ownListeners: [SimulatedListener] = []

    fileprivate init(_ wire: SimulatedWire, host: String, identity: String) {
        self.wire = wire
        self.host = host
        self.identity = identity
    }

    /// The process is gone: its listeners with it, and its connections break.
    package func end() {
        isEnded = true
        for listener in ownListeners { listener.close() }
        for connection in own { connection.break() }
        own.removeAll()
    }

    package func listen(
        _ endpoint: Endpoint, _ security: Security, on queue: any SerialQueue,
        accepted: @escaping @Sendable (any Connection) -> Void
    ) throws(NetworkError) -> any Listener {
        guard !isEnded else {
            throw NetworkError(.closed, endpoint, reason: "the process is gone")
        }
        guard wire.listeners[endpoint] == nil else {
            throw NetworkError(.inUse, endpoint, reason: "the address is in use")
        }
        let listener = SimulatedListener(endpoint, wire, self, queue, security, accepted)
        wire.listeners[endpoint] = listener
        ownListeners.append(listener)
        return listener
    }

    package func connect(
        _ endpoint: Endpoint, _ security: Security, on queue: any SerialQueue,
        completed: @escaping @Sendable (Result<any Connection, NetworkError>) -> Void
    ) {
        wire.scheduler.makeSimulatedQueue("connect").schedule(after: wire.someDelay()) { [self] in
            guard !isEnded else { return }
            guard let listener = wire.listeners[endpoint], listener.security == security,
                !wire.isCut(host, listener.network.host), !wire.isCut(listener.network.host, host)
            else {
                let error = NetworkError(.refused, endpoint, reason: "nobody answers")
                return queue.run { completed(.failure(error)) }
            }
            join(listener, endpoint, queue, completed)
        }
    }

    private func join(
        _ listener: SimulatedListener, _ endpoint: Endpoint, _ queue: any SerialQueue,
        _ completed: @escaping @Sendable (Result<any Connection, NetworkError>) -> Void
    ) {
        let back = Endpoint.tcp(host: host, port: wire.newPort())
        let near = SimulatedConnection(wire, host, endpoint, queue)
        let far = SimulatedConnection(wire, listener.network.host, back, listener.queue)
        near.other = far
        far.other = near
        if listener.security == .node {
            near.peerNames = [listener.network.identity]
            far.peerNames = [identity]
        }
        wire.connections += [near, far]
        own.append(near)
        listener.network.own.append(far)
        listener.queue.run { listener.accepted(far) }
        queue.run { completed(.success(near)) }
    }
}

private final class SimulatedListener: Listener, @unchecked Sendable {
    let endpoint: Endpoint
    let wire: SimulatedWire
    let network: SimulatedNetwork
    let queue: any SerialQueue
    let security: Security
    let accepted: @Sendable (any Connection) -> Void

    init(
        _ endpoint: Endpoint, _ wire: SimulatedWire, _ network: SimulatedNetwork,
        _ queue: any SerialQueue, _ security: Security,
        _ accepted: @escaping @Sendable (any Connection) -> Void
    ) {
        self.endpoint = endpoint
        self.wire = wire
        self.network = network
        self.queue = queue
        self.security = security
        self.accepted = accepted
    }

    func close() {
        if wire.listeners[endpoint] === self { wire.listeners.removeValue(forKey: endpoint) }
    }
}

/// One end of a simulated connection.
package final class SimulatedConnection: Connection, @unchecked Sendable {
    private let wire: SimulatedWire
    private let host: String
    package let peer: Endpoint
    package fileprivate(set) var peerNames: [String] = []
    package var receiver: (any ConnectionReceiver)?
    private let queue: any SerialQueue
    fileprivate var other: SimulatedConnection?
    private var isOpen = true
    /// Sent and not yet arrived, in order; pieces of it leave one after the other.
    private var underWay: [UInt8] = []
    private var isCarrying = false
    private var isReading = true
    private var unread: [UInt8] = []
    /// It closes when everything sent has arrived.
    private var isClosing = false

    fileprivate init(
        _ wire: SimulatedWire, _ host: String, _ peer: Endpoint, _ queue: any SerialQueue
    ) {
        self.wire = wire
        self.host = host
        self.peer = peer
        self.queue = queue
    }

    func joins(_ one: String, _ two: String) -> Bool {
        (host == one && other?.host == two) || (host == two && other?.host == one)
    }

    package var unsentBytes: Int { underWay.count }

    package func send(_ bytes: RawSpan) {
        guard isOpen, !isClosing else { return }
        unsafe bytes.withUnsafeBytes { unsafe underWay.append(contentsOf: $0) }
        carryOn()
    }

    /// Lets the next piece of what was sent arrive after a while, unless the way is cut.
    fileprivate func carryOn() {
        guard isOpen, !isCarrying, let other, !wire.isCut(host, other.host) else { return }
        guard !underWay.isEmpty else {
            if isClosing { finish() }
            return
        }
        isCarrying = true
        wire.scheduler.makeSimulatedQueue("wire").schedule(after: wire.someDelay()) { [self] in
            isCarrying = false
            guard isOpen, !wire.isCut(host, other.host) else { return }
            if wire.seed.chance(wire.breaksPerThousand, in: 1000) { return self.break() }
            let whole = underWay.count
            let count = wire.seed.chance(1, in: 8) ? 1 + wire.seed.number(below: whole) : whole
            let piece = Array(underWay.prefix(count))
            underWay.removeFirst(count)
            other.arrived(piece)
            if whole > 64 << 10 { queue.run { [self] in receiver?.writable(self) } }
            carryOn()
        }
    }

    private func arrived(_ piece: [UInt8]) {
        guard isOpen else { return }
        guard isReading else {
            unread += piece
            return
        }
        queue.run { [self] in
            guard isOpen, let receiver else { return }
            unsafe piece.withUnsafeBytes { unsafe receiver.received($0, on: self) }
            receiver.receivedAll(on: self)
        }
    }

    package func setReading(_ on: Bool) {
        isReading = on
        guard on, !unread.isEmpty else { return }
        let held = unread
        unread = []
        arrived(held)
    }

    package func close() {
        guard isOpen, !isClosing else { return }
        isClosing = true
        receiver = nil
        if underWay.isEmpty { finish() } else { carryOn() }
    }

    private func finish() {
        guard isOpen else { return }
        let far = other
        gone(nil)
        wire.scheduler.makeSimulatedQueue("close").schedule(after: wire.someDelay()) {
            far?.gone(nil)
        }
    }

    /// Both ends lose it at once, with everything under way.
    fileprivate func `break`() {
        let far = other
        let error = NetworkError(.closed, peer, reason: "the connection broke")
        gone(error)
        far?.gone(error)
    }

    private func gone(_ error: NetworkError?) {
        guard isOpen else { return }
        isOpen = false
        underWay = []
        wire.forget(self)
        other = nil
        let last = receiver
        receiver = nil
        queue.run { [self] in last?.closed(self, error) }
    }
}
