internal import Environment

/// The servers a client may ask, and whose turn it is.
///
/// Those that were given come first; those that servers named are learnt. A hint (where the primary
/// is said to be) goes before all.
struct ServerList {
    private(set) var all: [Endpoint]
    private let givenCount: Int
    private var turn = 0
    private var hint: Endpoint?

    /// How many may be learnt: more than any pair has.
    private static let learnt = 8

    init(_ given: [Endpoint]) {
        precondition(!given.isEmpty, "a client needs an address")
        all = given
        givenCount = given.count
    }

    var count: Int { all.count }

    /// The server to try now.
    var current: Endpoint { hint ?? all[turn] }

    /// The present one did not do: the next one's turn.
    mutating func advance() {
        if hint != nil {
            hint = nil
        } else {
            turn = (turn + 1) % all.count
        }
    }

    /// The primary is said to be at `endpoint`.
    mutating func follow(_ endpoint: Endpoint) {
        learn(endpoint)
        if let index = all.firstIndex(of: endpoint) {
            turn = index
            hint = nil
        } else {
            hint = endpoint
        }
    }

    /// A server said that there is one at `endpoint`.
    mutating func learn(_ endpoint: Endpoint) {
        guard !all.contains(endpoint), all.count - givenCount < ServerList.learnt else { return }
        all.append(endpoint)
    }
}
