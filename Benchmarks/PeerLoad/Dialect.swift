/// What a dialect made of bytes that have come.
enum Event {
    /// The rest has to come first.
    case incomplete
    /// Something that ends no request by itself.
    case passed
    /// The connection may be used.
    case ready
    /// A request is done. Whether the answer was the right one: `problem` says what was wrong.
    case answered(ticket: UInt32, isCorrect: Bool)
    /// The connection is of no use any more: `problem` says why.
    case broken
}

/// The requests under way on a connection, by ticket.
struct Asks {
    private let slots: UnsafeMutablePointer<Ask>
    private let mask: UInt32

    /// - Parameter capacity: a power of two.
    init(capacity: Int) {
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Ask(operation: .get, key: -1), count: capacity)
        mask = UInt32(capacity - 1)
    }

    subscript(_ ticket: UInt32) -> Ask {
        get { slots[Int(ticket & mask)] }
        nonmutating set { slots[Int(ticket & mask)] = newValue }
    }

    /// Nobody waits under this ticket.
    func isFree(_ ticket: UInt32) -> Bool { slots[Int(ticket & mask)].key < 0 }

    /// Gives the ticket back. - Returns: what was asked; nil if nothing was.
    func take(_ ticket: UInt32) -> Ask? {
        let ask = slots[Int(ticket & mask)]
        guard ask.key >= 0 else { return nil }
        slots[Int(ticket & mask)].key = -1
        return ask
    }
}

/// How one store is spoken to on one connection: writes requests, reads and checks answers.
protocol Dialect {
    /// - Parameters:
    ///   - token: what signs in; empty where nothing does.
    ///   - capacity: how many tickets there are, a power of two.
    init(_ workload: Workload, token: String, capacity: Int)

    /// What was wrong first; empty while nothing was.
    var problem: String { get }

    /// What loads the store before tasks can be: in this order, each when the one before is done.
    static func preparation(_ keys: KeyFile) -> [Ask]

    /// Writes what a connection begins with.
    mutating func greet(_ output: ByteQueue)

    mutating func write(_ ask: Ask, _ ticket: UInt32, _ output: ByteQueue)

    /// What was written is about to be sent, in one go.
    mutating func finishBatch(_ output: ByteQueue)

    /// Takes the next answer, or a part of one, from what has come.
    mutating func next(_ input: ByteQueue, _ asks: Asks, _ output: ByteQueue) -> Event
}

extension Dialect {
    static func preparation(_ keys: KeyFile) -> [Ask] { [] }
}
