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
        let done: RequestHistory.Done
        let digest: UInt64
        var answer: KeptAnswer

        init(_ done: RequestHistory.Done, _ answer: RawSpan) {
            self.done = done
            digest = done.digest(answer)
            self.answer = KeptAnswer(answer)
        }

        var sequence: UInt64 { done.sequence }
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
        copy.outcomesDigest = kept[start...].reduce(0) { sum, kept in
            sum &+ kept.done.digest(unsafe kept.answer.bytes.span.bytes)
        }
        return copy.currentDigest
    }

    /// What is known of a request of the session. O(log outcomes).
    func recall(_ sequence: UInt64, _ hash: UInt64) -> RequestHistory.Recall {
        let place = place(of: sequence)
        guard place < kept.count, kept[place].sequence == sequence else {
            return sequence < acknowledged || sequence <= dropped ? .expired : .new
        }
        let known = kept[place]
        guard known.done.requestHash == hash else { return .reused }
        return .known(RequestHistory.Outcome(done: known.done, answer: known.answer.bytes))
    }

    /// Whether the outcome of a request of the session is kept. O(log outcomes).
    func keeps(_ sequence: UInt64) -> Bool {
        let place = place(of: sequence)
        return place < kept.count && kept[place].sequence == sequence
    }

    /// Keeps an outcome, and drops what the client has acknowledged and what is too much; answers
    /// how many bytes more the session has, and what that adds to its digest.
    mutating func remember(
        _ done: RequestHistory.Done, _ answer: RawSpan, _ acknowledged: UInt64, at time: Int64
    ) -> (bytes: Int, digest: UInt64) {
        let before = (bytes: bytes, digest: digest)
        lastUsed = time
        self.acknowledged = max(self.acknowledged, acknowledged)
        while start < kept.count, kept[start].sequence < self.acknowledged { drop() }
        insert(Kept(done, answer))
        while kept.count - start > 1,
            kept.count - start > RequestHistory.outcomesPerSession
                || bytes > RequestHistory.bytesPerSession
        {
            dropped = max(dropped, kept[start].sequence)
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
        bytes += new.answer.count
        outcomesDigest &+= new.digest
        let place = place(of: new.sequence)
        if place == kept.count { kept.append(new) } else { kept.insert(new, at: place) }
    }

    /// Forgets the first outcome.
    private mutating func drop() {
        bytes -= kept[start].answer.count
        outcomesDigest &-= kept[start].digest
        kept[start].answer = KeptAnswer()
        start += 1
    }

    private func place(of sequence: UInt64) -> Int {
        var low = start
        var high = kept.count
        // A request is mostly newer than all that is known.
        if low == high || kept[high - 1].sequence < sequence { return high }
        while low < high {
            let middle = (low + high) / 2
            if kept[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension RequestSession.Key {
    init(_ id: RequestID, _ principal: Gid) {
        self.init(principal: principal.rawValue, high: id.high, low: id.low)
    }
}

/// An answer's bytes. Those of most commands are few, and lie in the value itself.
private struct KeptAnswer {
    private static let room = 16
    private var words: (UInt64, UInt64) = (0, 0)
    private var shortCount: UInt8 = 0
    /// The bytes, where there are too many.
    private var long: [UInt8]?

    init() {}

    init(_ bytes: RawSpan) {
        guard bytes.byteCount <= Self.room else {
            long = unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
            return
        }
        shortCount = UInt8(bytes.byteCount)
        unsafe bytes.withUnsafeBytes { source in
            unsafe Swift.withUnsafeMutableBytes(of: &words) { unsafe $0.copyMemory(from: source) }
        }
    }

    var count: Int { long?.count ?? Int(shortCount) }

    var bytes: [UInt8] {
        if let long { return long }
        return unsafe Swift.withUnsafeBytes(of: words) { unsafe Array($0.prefix(count)) }
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
                RequestHistory.Done(
                    sequence: $0.sequence, requestHash: $0.requestHash, method: $0.method,
                    position: $0.position), unsafe $0.answer.span.bytes)
        }
        bytes = kept.reduce(0) { $0 + $1.answer.count }
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
            copy.sequence = kept.sequence
            copy.requestHash = kept.done.requestHash
            copy.answer = kept.answer.bytes
            copy.method = kept.done.method
            copy.position = kept.done.position
            return copy
        }
        return stored
    }
}
