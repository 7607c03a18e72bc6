internal import ByteCoding
internal import WorkProtocol

/// What was answered in one session of a client: the outcomes that it may ask for again.
struct RequestSession {
    /// Whose session it is, and its 16 bytes.
    struct Key: Equatable, BitwiseCopyable {
        var principal: UInt64 = 0
        var high: UInt64 = 0
        var low: UInt64 = 0

        var created: Int64 { Int64(high >> 16) }

        /// Differs with anything in it.
        @inline(__always)
        var digest: UInt64 { RequestHistory.mixed(RequestHistory.mixed(principal, high), low) }
    }

    /// An outcome with its digest, which is asked for again when it is dropped.
    private struct Kept {
        var outcome: RequestHistory.Outcome
        let digest: UInt64

        init(_ outcome: RequestHistory.Outcome) {
            self.outcome = outcome
            digest = outcome.digest
        }
    }

    let key: Key
    private var acknowledged: UInt64 = 0
    /// The highest sequence whose outcome was dropped without being acknowledged.
    private var dropped: UInt64 = 0
    private var lastUsed: Int64 = 0
    /// By ascending sequence; those before `start` are gone.
    private var kept: [Kept] = []
    private var start = 0
    /// Of the answers that are kept.
    private(set) var bytes = 0
    /// The sum of those of the outcomes.
    private var outcomesDigest: UInt64 = 0
    /// Differs with anything that is known of the session.
    private(set) var digest: UInt64 = 0

    init(_ key: Key = Key()) {
        self.key = key
        digest = currentDigest
    }

    private var currentDigest: UInt64 {
        let known = RequestHistory.mixed(RequestHistory.mixed(key.digest, acknowledged), dropped)
        return RequestHistory.mixed(
            RequestHistory.mixed(known, UInt64(bitPattern: lastUsed)), outcomesDigest)
    }

    /// What `digest` should be. O(answers).
    var expectedDigest: UInt64 {
        var copy = self
        copy.outcomesDigest = kept[start...].reduce(0) { $0 &+ $1.outcome.digest }
        return copy.currentDigest
    }

    /// What is known of a request of the session. O(log outcomes).
    func recall(_ sequence: UInt64, _ hash: UInt64) -> RequestHistory.Recall {
        let place = place(of: sequence)
        guard place < kept.count, kept[place].outcome.sequence == sequence else {
            return sequence < acknowledged || sequence <= dropped ? .expired : .new
        }
        let outcome = kept[place].outcome
        return outcome.requestHash == hash ? .known(outcome) : .reused
    }

    /// Keeps an outcome, and drops what the client has acknowledged and what is too much; answers
    /// how many bytes more the session has, and what that adds to its digest.
    mutating func remember(
        _ outcome: RequestHistory.Outcome, _ acknowledged: UInt64, at time: Int64
    ) -> (bytes: Int, digest: UInt64) {
        let before = (bytes: bytes, digest: digest)
        lastUsed = time
        self.acknowledged = max(self.acknowledged, acknowledged)
        while start < kept.count, kept[start].outcome.sequence < self.acknowledged { drop() }
        insert(Kept(outcome))
        while kept.count - start > 1,
            kept.count - start > RequestHistory.outcomesPerSession
                || bytes > RequestHistory.bytesPerSession
        {
            dropped = max(dropped, kept[start].outcome.sequence)
            drop()
        }
        // So that moving what is left costs little for each that is gone.
        if start > 8, start * 2 > kept.count {
            kept.removeSubrange(..<start)
            start = 0
        }
        digest = currentDigest
        return (bytes - before.bytes, digest &- before.digest)
    }

    private mutating func insert(_ new: Kept) {
        bytes += new.outcome.answer.count
        outcomesDigest &+= new.digest
        let place = place(of: new.outcome.sequence)
        if place == kept.count { kept.append(new) } else { kept.insert(new, at: place) }
    }

    /// Forgets the first outcome.
    private mutating func drop() {
        bytes -= kept[start].outcome.answer.count
        outcomesDigest &-= kept[start].digest
        kept[start].outcome.answer = []
        start += 1
    }

    private func place(of sequence: UInt64) -> Int {
        var low = start
        var high = kept.count
        // A request is mostly newer than all that is known.
        if low == high || kept[high - 1].outcome.sequence < sequence { return high }
        while low < high {
            let middle = (low + high) / 2
            if kept[middle].outcome.sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension RequestSession.Key {
    init(_ id: RequestID, _ principal: Gid) {
        self.init(principal: principal.rawValue, high: id.high, low: id.low)
    }
}

// MARK: - Snapshot

extension RequestSession {
    init(_ key: Key, _ stored: StoredSession) {
        self.key = key
        acknowledged = stored.acknowledged
        dropped = stored.dropped
        lastUsed = stored.lastUsed
        kept = stored.outcomes.map {
            Kept(
                RequestHistory.Outcome(
                    sequence: $0.sequence, requestHash: $0.requestHash, answer: $0.answer,
                    method: $0.method, position: $0.position))
        }
        bytes = kept.reduce(0) { $0 + $1.outcome.answer.count }
        outcomesDigest = kept.reduce(0) { $0 &+ $1.digest }
        digest = currentDigest
    }

    /// The session as it is kept in a snapshot.
    var stored: StoredSession {
        var stored = StoredSession()
        stored.session = RequestHistory.bytes(
            RequestID(high: key.high, low: key.low, sequence: 0))
        stored.principal = key.principal
        stored.acknowledged = acknowledged
        stored.dropped = dropped
        stored.lastUsed = lastUsed
        stored.outcomes = kept[start...].map { kept in
            var copy = StoredOutcome()
            copy.sequence = kept.outcome.sequence
            copy.requestHash = kept.outcome.requestHash
            copy.answer = kept.outcome.answer
            copy.method = kept.outcome.method
            copy.position = kept.outcome.position
            return copy
        }
        return stored
    }
}
