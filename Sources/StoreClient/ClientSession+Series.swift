internal import Environment
internal import WorkProtocol

/// The calls of a series that have no result yet, and where it broke.
struct CallSeries {
    /// In the order they were begun.
    var pending: [CallID] = []
    /// The first that failed, or whose outcome is not known: nothing behind it is sent any more.
    var broken: CallID?
}

// MARK: Series

extension ClientSession {
    /// Whether a call may be sent now, so that it comes behind what was begun before it.
    enum Turn: Equatable {
        /// The server is to make sure that this sequence was executed; 0: nothing is before it.
        case now(after: UInt64)
        /// What is before it is not on its way.
        case later
        /// What is before it has failed.
        case never
    }

    /// Whose turn it is is known from what is on the present connection: that is taken in the order
    /// sent, and whoever names the call before it is executed behind it or refused. So a call waits
    /// while the one before it is not under way here, rests, or has another session of request IDs;
    /// and at a server that cannot refuse it, until all before it have their answers.
    func turn(of call: PendingCall) -> Turn {
        guard let number = call.request.series, let own = series[number] else {
            return .now(after: 0)
        }
        if let broken = own.broken, broken < call.id { return .never }
        guard let place = own.pending.firstIndex(of: call.id), place > 0 else {
            return .now(after: 0)
        }
        guard keepsOrder, let before = calls[own.pending[place - 1]], before.stream != 0,
            let id = before.requestID
        else { return .later }
        let high = call.requestID?.high ?? ids?.high
        let low = call.requestID?.low ?? ids?.low
        return id.high == high && id.low == low ? .now(after: id.sequence) : .later
    }

    /// Takes a call into its series.
    mutating func join(_ call: PendingCall) {
        guard let number = call.request.series else { return }
        series[number, default: CallSeries()].pending.append(call.id)
    }

    /// A call has its result. A series that broke is remembered, so that nothing is added to it.
    mutating func leave(_ call: PendingCall, isDone: Bool) {
        guard let number = call.request.series, var own = series[number] else { return }
        own.pending.removeAll { $0 == call.id }
        if !isDone { own.broken = min(own.broken ?? call.id, call.id) }
        series[number] = own.pending.isEmpty && own.broken == nil ? nil : own
    }

    /// Ends a call that comes behind one that failed.
    mutating func abandon(_ call: PendingCall, _ now: Instant) {
        let error = StoreError(.cancelled, "A request before it failed.")
        finish(call, .failure(settled(error, call)), now)
    }
}
