internal import WorkProtocol

/// Gives out the request IDs of one session and knows which answers are still missing.
///
/// The session is named by its creation time, by the server's clock, and 80 random bits. The server
/// keeps the outcome of a sequence until the lowest unacknowledged one passes it, and no more than
/// `Limits.outcomesPerSession`; so no more than `window` are open at a time. A call given up with
/// an unknown outcome holds its place as long as there is room, so that it can be asked about
/// again.
struct RequestIDSource {
    private enum State { case open, finished, abandoned }

    static let window = Limits.outcomesPerSession / 2

    let high: UInt64
    let low: UInt64
    /// When the session was made, milliseconds by the server's clock.
    let created: Int64
    /// The states of the sequences from `lowest` on.
    private var states: [State] = []
    /// How many at the front of `states` are passed and not yet removed.
    private var passed = 0
    private var firstStored: UInt64 = 1
    /// How many have no answer and have not been given up.
    private(set) var openCount = 0

    init(serverTime: Int64, random: (UInt16, UInt64)) {
        let first = RequestID(time: serverTime, random: random, sequence: 1)
        high = first.high
        low = first.low
        created = serverTime
    }

    /// All sequences below it are done with.
    var lowest: UInt64 { firstStored + UInt64(passed) }

    /// A new request ID; nil while too many are open.
    mutating func make() -> RequestID? {
        if states.count - passed >= RequestIDSource.window {
            pass(alsoAbandoned: true)
            guard states.count - passed < RequestIDSource.window else { return nil }
        }
        let sequence = firstStored + UInt64(states.count)
        states.append(.open)
        openCount += 1
        return RequestID(high: high, low: low, sequence: sequence)
    }

    /// The answer to `sequence` is here, or will never matter.
    mutating func finish(_ sequence: UInt64) { set(sequence, .finished) }

    /// The outcome of `sequence` is unknown, and somebody may ask again.
    mutating func abandon(_ sequence: UInt64) { set(sequence, .abandoned) }

    private mutating func set(_ sequence: UInt64, _ state: State) {
        guard sequence >= lowest, sequence - firstStored < UInt64(states.count) else { return }
        let index = Int(sequence - firstStored)
        if states[index] == .open { openCount -= 1 }
        states[index] = state
        pass(alsoAbandoned: false)
    }

    private mutating func pass(alsoAbandoned: Bool) {
        while passed < states.count {
            let state = states[passed]
            guard state == .finished || (alsoAbandoned && state == .abandoned) else { break }
            passed += 1
        }
        if passed > 256 {
            states.removeFirst(passed)
            firstStored += UInt64(passed)
            passed = 0
        }
    }
}
