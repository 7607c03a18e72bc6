import Glibc

/// One connection to a store: its socket, its bytes both ways, and what is under way on it.
final class Connection<Speech: Dialect> {
    let socket: Int32
    private let tls: TLSChannel?
    private let input = ByteQueue(capacity: 256 << 10)
    private let output = ByteQueue(capacity: 64 << 10)
    private let asks: Asks
    private var speech: Speech
    private var nextTicket: UInt32 = 0
    /// Requests without an answer.
    private(set) var inFlight = 0
    private(set) var isReady = false
    /// Bytes wait because the socket takes no more.
    private(set) var isBlocked = false
    /// Whether the loop waits for the socket to take more.
    var isWatched = false
    /// Something was written and not sent; for whoever keeps a list of such connections.
    var isTouched = false

    /// - Parameter depth: how many requests may be under way.
    init(_ store: Target, _ workload: Workload, depth: Int) throws {
        socket = try store.place.connect()
        if let context = store.tls, case .tcp(let host, _) = store.place {
            tls = try TLSChannel(context, socket: socket, host: host)
        } else {
            tls = nil
        }
        Place.unblock(socket)
        var capacity = 64
        while capacity < depth * 8 { capacity *= 2 }
        asks = Asks(capacity: capacity)
        speech = Speech(workload, token: store.token, capacity: capacity)
        speech.greet(output)
        try send()
    }

    deinit { close(socket) }

    var problem: String { speech.problem }

    /// Writes a request; it goes with the next `flush`.
    func write(_ ask: Ask) {
        while !asks.isFree(nextTicket) { nextTicket &+= 1 }
        asks[nextTicket] = ask
        speech.write(ask, nextTicket, output)
        nextTicket &+= 1
        inFlight += 1
    }

    /// Sends what was written.
    func flush() throws {
        isTouched = false
        speech.finishBatch(output)
        try send()
    }

    /// Sends as much as the socket takes.
    func send() throws {
        while output.count > 0 {
            let sent =
                tls?.write(output.front, output.count)
                ?? Glibc.send(socket, output.front, output.count, Int32(MSG_NOSIGNAL))
            guard sent > 0 else {
                guard errno == EAGAIN else { throw lost("sending") }
                isBlocked = true
                return
            }
            output.consume(sent)
        }
        isBlocked = false
    }

    /// Reads what has come; false if nothing had. With TLS to be called until then: what OpenSSL
    /// keeps, `epoll` does not tell of.
    func receive() throws -> Bool {
        input.reserve(128 << 10)
        let count = tls?.read(input.back, input.room) ?? recv(socket, input.back, input.room, 0)
        if count > 0 {
            input.commit(count)
            return tls != nil
        }
        guard count < 0, errno == EAGAIN else { throw lost("reading") }
        return false
    }

    /// The next answer in what was read, with what it answers; nil when there is none.
    func nextAnswer() throws -> (ask: Ask, isCorrect: Bool)? {
        while true {
            switch speech.next(input, asks, output) {
            case .incomplete: return nil
            case .passed: continue
            case .ready: isReady = true
            case .broken: throw Complaint("the connection was given up: \(speech.problem)")
            case .answered(let ticket, let isCorrect):
                guard let ask = asks.take(ticket) else {
                    throw Complaint("an answer came that nobody waits for (\(ticket))")
                }
                inFlight -= 1
                return (ask, isCorrect)
            }
        }
    }

    private func lost(_ doing: String) -> Complaint {
        Complaint(
            "the connection was lost \(doing): \(String(cString: strerror(errno))) "
                + speech.problem)
    }
}

/// The store that is loaded.
struct Target {
    var place: Place
    var tls: TLSContext?
    var token = ""
}
