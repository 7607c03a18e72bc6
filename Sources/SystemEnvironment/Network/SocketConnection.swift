internal import Environment
internal import Glibc
internal import NIOSSL

/// A connection that is a socket on an event loop, with TLS or without.
///
/// It goes from *opening* (the TLS handshake) to *open* to *ending* (nothing more is delivered,
/// what was queued is still sent) to *gone*, skipping what does not apply, and reports `closed`
/// exactly once if it has been open.
///
/// Unchecked Sendable because everything in it is touched on its loop's thread only, which is the
/// queue that the port gives it to.
final class SocketConnection: Connection, EventSource, BurstSender, ParcelOwner,
    @unchecked Sendable
{
    private enum Phase { case opening, open, ending, gone }

    typealias Opened = (Result<any Connection, NetworkError>) -> Void

    /// A handshake may take this long.
    private static let handshake = Interval.seconds(5)
    /// What is queued at `close` may take this long to be sent.
    private static let sending = Interval.seconds(5)
    /// The other end may take this long to close too, after which its unread bytes are dropped.
    private static let reading = Interval.seconds(1)
    /// `writable` is reported when `unsentBytes` falls to `low` after having reached `high`.
    private static let high = 256 << 10
    private static let low = 64 << 10
    /// How much is encrypted at once, and how much of that may wait for the socket.
    private static let part = 128 << 10

    private(set) var peer: Endpoint
    private(set) var peerNames: [String] = []
    var receiver: (any ConnectionReceiver)?
    var unsentBytes: Int { output.count + (tls?.waiting ?? 0) }

    private let loop: EventLoop
    private let socket: Int32
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var tls: TLSPipe?
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var firstBytes: FirstBytes?
    private var opened: Opened?
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var phase = Phase.opening
    /// What the loop calls it by, while it watches it, and what for.
    private var watched: (number: Poll.Number, interest: Interest)?
    /// For the socket as they are.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var output = SocketOutput()
    private var waitsForBurst = false
    private var isReading = true
    private var hasBeenHigh = false
    private var isHungUp = false
    private var isInputClosed = false
    private var isOutputClosed = false
    private var reason: NetworkError?
    private var timer: LoopTimer?

    /// - Parameters:
    ///   - socket: Connected, and never blocks; it is closed by this.
    ///   - listens: Whether it was accepted.
    ///   - tls: What encrypts; nil for plaintext.
    ///   - opened: Told once that the connection is open, or why it never was.
    init(
        _ socket: Int32, on loop: EventLoop, peer: Endpoint, listens: Bool,
        tls: NIOSSLHandler?, opened: @escaping Opened
    ) {
        self.socket = socket
        self.loop = loop
        self.peer = peer
        self.opened = opened
        if listens || tls != nil {
            firstBytes = FirstBytes(peer, listens: listens, speaksTLS: tls != nil)
        }
        begin(tls)
    }

    deinit {
        // The loop ended before what was away came back.
        if output.isAway { closeSocket() }
    }

    private func begin(_ tls: NIOSSLHandler?) {
        StreamSocket.setOptions(socket, peer)
        do {
            watched = (try loop.add(self, socket, .readable), .readable)
            guard let tls else { return open() }
            let pipe = try TLSPipe(tls, peer: peer, owner: self)
            self.tls = pipe
            startTimer(Self.handshake) { [self] in
                let reason = "the TLS handshake was not done in time"
                fail(NetworkError(.timedOut, peer, reason: reason))
            }
            pipe.start()
            flush()
        } catch {
            fail(NetworkError(error, peer, doing: "opening"))
        }
    }

    // MARK: Connection

    func send(_ bytes: RawSpan) {
        guard phase == .open, !bytes.isEmpty else { return }
        if let tls { tls.add(bytes) } else { output.append(bytes) }
        if unsentBytes >= Self.high { hasBeenHigh = true }
        guard !waitsForBurst, !output.isFull else { return }
        waitsForBurst = true
        loop.sendSoon(self)
    }

    func setReading(_ on: Bool) {
        guard phase == .open else { return }
        isReading = on
        updateInterest()
    }

    func close() {
        end()
    }

    func sendCollected() {
        waitsForBurst = false
        if unsentBytes > 0 { flush() }
    }

    // MARK: Sending

    func parcelCollected() -> Parcel? {
        waitsForBurst = false
        guard phase == .open, !output.isAway else { return nil }
        encrypt()
        guard phase == .open, let bytes = output.handOver() else { return nil }
        return Parcel(owner: self, socket: socket, bytes: bytes)
    }

    func back(_ parcel: Parcel) {
        let failure = output.takeBack(parcel.bytes, parcel.refusal)
        if phase == .gone {
            closeSocket()
        } else if let failure {
            broken(failure)
        } else {
            flush()
        }
    }

    /// Gives the socket what waits, as far as it takes it.
    private func flush() {
        guard phase != .gone, !isOutputClosed, !output.isAway else { return }
        repeat {
            encrypt()
            guard phase != .gone, write() else { break }
        } while unsentBytes > 0
        guard phase != .gone else { return }
        updateInterest()
        taken()
    }

    /// Encrypts what was meant, unless a lot of it waits for the socket already.
    private func encrypt() {
        guard let tls else { return }
        while tls.waiting > 0, output.count < Self.part { tls.encrypt(Self.part) }
    }

    /// - Returns: whether the socket has taken all.
    private func write() -> Bool {
        if let number = output.write(to: socket) { broken(number) }
        return phase != .gone && output.isEmpty
    }

    /// Some of what was queued has been taken.
    private func taken() {
        if phase == .open, hasBeenHigh, unsentBytes <= Self.low {
            hasBeenHigh = false
            receiver?.writable(self)
        } else if phase == .ending, unsentBytes == 0 {
            finish()
        }
    }

    // MARK: The loop's reports

    func ready(_ interest: Interest) {
        if interest.contains(.writable) { flush() }
        guard phase != .gone, !interest.isDisjoint(with: [.readable, .hungUp]) else { return }
        if isInputClosed {
            // All of it is gone, and with it who would read what waits.
            if interest.contains(.hungUp) { vanish() }
        } else if isReading {
            read()
        } else if interest.contains(.hungUp) {
            // What has arrived may still be wanted. Until then there is nothing to be told, and the
            // kernel would not stop telling.
            isHungUp = true
            flush()
        }
    }

    func abandon() {
        fail(NetworkError(.closed, peer, reason: "this end stops"))
        vanish()
    }

    private func updateInterest() {
        guard phase != .gone else { return }
        var wanted: Interest = []
        if isReading && !isInputClosed { wanted.insert(.readable) }
        if output.isFull { wanted.insert(.writable) }
        // Of one that is gone the kernel tells whatever is asked for, until it is not watched.
        let isToBeRemoved = wanted.isEmpty && isHungUp && watched != nil
        guard wanted != watched?.interest || isToBeRemoved else { return }
        do throws(SystemError) {
            if let watched {
                if isToBeRemoved {
                    loop.remove(watched.number, socket)
                    self.watched = nil
                } else {
                    try loop.change(watched.number, socket, wanted)
                    self.watched = (watched.number, wanted)
                }
            } else if !wanted.isEmpty {
                watched = (try loop.add(self, socket, wanted), wanted)
            }
        } catch {
            broken(error.number)
        }
    }

    // MARK: Reading

    private func read() {
        // Once a turn, so that one connection does not keep the others waiting.
        switch unsafe StreamSocket.read(socket, into: loop.readBuffer) {
        case .bytes(let count):
            loop.noteRead(count)
            unsafe arrived(UnsafeRawBufferPointer(rebasing: loop.readBuffer[..<count]))
            readAll()
        case .wouldBlock:
            readAll()
        case .ended:
            readAll()
            inputEnded()
        case .failed(let number):
            broken(number)
        }
    }

    private func readAll() {
        if phase == .open { receiver?.receivedAll(on: self) }
        // What TLS says by itself is in no burst.
        if unsentBytes > 0 && !output.isFull && !waitsForBurst { flush() }
    }

    private func arrived(_ bytes: UnsafeRawBufferPointer) {
        guard phase == .opening || phase == .open else { return }
        guard var first = firstBytes else { return unsafe decode(bytes) }
        // Not twice in memory while it grows.
        firstBytes = nil
        switch unsafe first.add(bytes) {
        case .undecided:
            firstBytes = first
        case .right:
            unsafe first.held.withUnsafeBytes { unsafe decode($0) }
        case .wrong(let error, let answer):
            refuse(NetworkError(error, peer, doing: "opening"), answer)
        }
    }

    private func decode(_ bytes: UnsafeRawBufferPointer) {
        guard let tls else { return unsafe receiver?.received(bytes, on: self) ?? () }
        unsafe tls.receive(bytes)
    }

    // MARK: Opening

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
        discardTLS()
        let opened = opened
        self.opened = nil
        opened?(.failure(error))
        if output.isEmpty { vanish() } else { flush() }
    }

    /// The other end does not speak what is spoken here.
    private func refuse(_ error: NetworkError, _ answer: String) {
        if phase == .open {
            phase = .ending
            reason = error
        } else {
            discardTLS()
            output.removeAll()
        }
        output.append(unsafe Array(answer.utf8).span.bytes)
        if phase == .opening { fail(error) } else { flush() }
    }

    // MARK: Ending

    /// The other end sends no more. There is no half of a connection here: what is queued is sent,
    /// then it is closed.
    private func inputEnded() {
        guard !isInputClosed else { return }
        isInputClosed = true
        switch phase {
        case .opening:
            fail(NetworkError(.closed, peer, reason: "closed by the other end while opening"))
        case .open:
            end()
        case .ending:
            if isOutputClosed { vanish() }
        case .gone:
            return
        }
        updateInterest()
    }

    private func end() {
        guard phase == .open else { return }
        phase = .ending
        startTimer(Self.sending) { [self] in vanish() }
        flush()
    }

    /// Everything is sent. Our half is closed first and the rest when the other end has followed:
    /// closing a socket with unread bytes resets it, and would take the last answer with it.
    private func finish() {
        guard !isOutputClosed else { return }
        if let tls {
            tls.end()
            // A goodbye that the socket does not take at once is not waited for.
            _ = write()
            guard phase != .gone else { return }
        }
        isOutputClosed = true
        output.isFull = false
        guard !isInputClosed else { return vanish() }
        StreamSocket.endWriting(socket)
        isReading = true
        updateInterest()
        startTimer(Self.reading) { [self] in vanish() }
    }

    /// The system says that the connection is gone.
    private func broken(_ number: Int32) {
        let failure = NetworkError(
            errno: number, peer, doing: phase == .opening ? "opening" : "connection")
        switch phase {
        case .opening:
            output.removeAll()
            fail(failure)
        case .open:
            reason = failure
            vanish()
        case .ending:
            vanish()
        case .gone:
            return
        }
    }

    /// Closes the socket, and reports that once.
    private func vanish() {
        guard phase != .gone else { return }
        phase = .gone
        timer?.cancel()
        timer = nil
        if let watched { loop.remove(watched.number, socket) }
        watched = nil
        if !output.isAway { closeSocket() }
        output.removeAll()
        discardTLS()
        let receiver = receiver
        self.receiver = nil
        receiver?.closed(self, reason)
    }

    private func closeSocket() {
        // Its error is nobody's business any more.
        _ = Glibc.close(socket)
    }

    private func discardTLS() {
        guard let tls else { return }
        self.tls = nil
        tls.discard()
    }

    private func startTimer(_ time: Interval, _ work: @escaping @Sendable () -> Void) {
        timer?.cancel()
        timer = loop.schedule(at: MonotonicClock.now.advanced(by: time), work)
    }
}

extension SocketConnection: TLSPipe.Owner {
    func agreed(_ applicationProtocol: String?, _ certificate: NIOSSLCertificate?) {
        guard phase == .opening else { return }
        guard applicationProtocol == TLSContexts.applicationProtocol else {
            return fail(
                NetworkError(
                    .failed, peer,
                    reason: "the other end speaks TLS, but not \(TLSContexts.applicationProtocol)"))
        }
        do {
            if let certificate {
                peerNames = try CertificateSummary(der: certificate.toDERBytes()).names
            }
        } catch {
            return fail(NetworkError(.untrusted, peer, reason: "unreadable certificate: \(error)"))
        }
        open()
    }

    func encrypted(_ bytes: UnsafeRawBufferPointer) {
        guard phase != .gone else { return }
        unsafe output.append(bytes.bytes)
    }

    func decrypted(_ bytes: UnsafeRawBufferPointer) {
        guard phase == .open else { return }
        unsafe receiver?.received(bytes, on: self)
    }

    func failed(_ error: any Error) {
        let failure = NetworkError(error, peer, doing: phase == .opening ? "opening" : "connection")
        switch phase {
        case .opening:
            fail(failure)
        case .open:
            reason = failure
            _ = write()
            vanish()
        case .ending, .gone:
            return
        }
    }

    func saidGoodbye() {
        inputEnded()
    }
}
