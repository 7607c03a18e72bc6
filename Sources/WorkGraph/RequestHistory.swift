internal import ByteCoding
internal import WorkProtocol

/// What was answered to which request, so that a retry is answered the same and done once.
///
/// Part of a workspace's state: carried by records, kept in snapshots, the same on both nodes. An
/// answer is kept until the client says it has it, at most `outcomesPerSession` and
/// `bytesPerSession` a session, `sessionsMax` sessions of `bytesMax`, and `age` by log time. A
/// session evicted, or too old to know, is never executed again: `evicted` remembers the newest
/// that was.
struct RequestHistory {
    static let outcomesPerSession = 1024
    /// Bytes of answers, not counting the newest: an answer is at most as long as a record, so a
    /// session is an entry that a snapshot can hold.
    static let bytesPerSession = 4 << 20
    static let sessionsMax = 100_000
    static let bytesMax = 256 << 20
    /// Milliseconds.
    static let age: Int64 = 24 * 3600 * 1000
    /// How far ahead of log time a session may say that it was made, in milliseconds: what clocks
    /// differ by. Evicting one from a far future would make every later session too old.
    static let ahead: Int64 = 5 * 60 * 1000

    private struct Key: Hashable {
        var principal: UInt64
        var high: UInt64
        var low: UInt64

        var created: Int64 { Int64(high >> 16) }
        /// Which map it is in.
        var map: Int { Int(low % UInt64(spread)) }
    }

    /// A session, and when it was used last: what eviction asks at every request.
    private struct Used {
        var key: Key
        var time: Int64
    }

    struct Outcome: Equatable {
        var sequence: UInt64
        var requestHash: UInt64
        var answer: [UInt8]
        var method: UInt32
        var position: UInt64

        /// Differs with anything in it. O(answer).
        var digest: UInt64 {
            let seed = mixed(mixed(mixed(sequence, requestHash), UInt64(method)), position)
            return XXH3.hash(answer, seed: seed)
        }
    }

    /// An outcome with its digest, which is asked for again when it is dropped.
    private struct Kept {
        let outcome: Outcome
        let digest: UInt64

        init(_ outcome: Outcome) {
            self.outcome = outcome
            digest = outcome.digest
        }
    }

    private struct Session {
        var acknowledged: UInt64 = 0
        /// The highest sequence whose outcome was dropped without being acknowledged.
        var dropped: UInt64 = 0
        var lastUsed: Int64 = 0
        /// By ascending sequence.
        var outcomes: [Kept] = []
        /// Of the answers in `outcomes`.
        var bytes = 0
        /// The sum of those of `outcomes`.
        var outcomesDigest: UInt64 = 0
        /// Its place in `order`.
        var place: Int32

        /// Counts the outcome at `index` as gone.
        mutating func drop(_ index: Int) {
            bytes -= outcomes[index].outcome.answer.count
            outcomesDigest &-= outcomes[index].digest
        }

        /// Differs with anything that is known of the session `key`. O(1).
        func digest(_ key: Key) -> UInt64 {
            var digest = mixed(mixed(key.principal, key.high), key.low)
            digest = mixed(mixed(digest, acknowledged), dropped)
            return mixed(mixed(digest, UInt64(bitPattern: lastUsed)), outcomesDigest)
        }
    }

    /// Two words as one that differs with each, and with their order.
    private static func mixed(_ left: UInt64, _ right: UInt64) -> UInt64 {
        var word = (left ^ (left >> 32)) &* 0x9E37_79B9_7F4A_7C15 &+ right
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        return word ^ (word >> 27)
    }

    /// The sessions, spread over maps by their random bits: a write while a snapshot is being taken
    /// copies one of them, not all.
    private var sessions = [[Key: Session]](repeating: [:], count: RequestHistory.spread)
    private static let spread = 256
    /// The sessions in the order they were last used.
    private var order = UsageOrder<Used>()
    /// Creation time of the newest session that was evicted.
    private(set) var evicted: Int64 = 0
    /// Of all answers.
    private(set) var bytes = 0
    /// The sum of the sessions' digests, kept up by every change.
    private var sum: UInt64 = 0
    var count: Int { order.count }

    /// Of everything that is kept: equal on two nodes at equal positions, or one of them would
    /// answer a retry otherwise, or do it again. O(1).
    var digest: UInt64 { Self.mixed(sum, UInt64(bitPattern: evicted)) }

    /// What `digest` should be. O(all answers); for invariants.
    var expectedDigest: UInt64 {
        var sum: UInt64 = 0
        order.forEach { used in
            let key = used.key
            guard var session = sessions[key.map][key] else { return }
            session.outcomesDigest = session.outcomes.reduce(0) { $0 &+ $1.outcome.digest }
            sum &+= session.digest(key)
        }
        return Self.mixed(sum, UInt64(bitPattern: evicted))
    }

    enum Recall: Equatable {
        /// Never seen: execute.
        case new
        /// Done before: this was the answer.
        case known(Outcome)
        case reused
        case expired
    }

    /// What is known of a request. O(log outcomes of the session).
    func recall(_ id: RequestID, _ principal: Gid, hash: UInt64, at time: Int64) -> Recall {
        let key = Key(principal: principal.rawValue, high: id.high, low: id.low)
        guard let session = sessions[key.map][key] else {
            let tooOld = id.created <= evicted || id.created < time - Self.age
            return tooOld || id.created > time + Self.ahead ? .expired : .new
        }
        if let outcome = Self.find(id.sequence, in: session.outcomes) {
            return outcome.requestHash == hash ? .known(outcome) : .reused
        }
        return id.sequence < session.acknowledged || id.sequence <= session.dropped
            ? .expired : .new
    }

    private static func place(_ sequence: UInt64, in outcomes: [Kept]) -> Int {
        var low = 0
        var high = outcomes.count
        // A request is mostly newer than all that is known.
        if let last = outcomes.last, last.outcome.sequence < sequence { return high }
        while low < high {
            let middle = (low + high) / 2
            if outcomes[middle].outcome.sequence < sequence {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private static func find(_ sequence: UInt64, in outcomes: [Kept]) -> Outcome? {
        let place = place(sequence, in: outcomes)
        guard place < outcomes.count, outcomes[place].outcome.sequence == sequence else {
            return nil
        }
        return outcomes[place].outcome
    }

    /// Keeps an outcome and drops what need not be known any more. Same on both nodes: called by
    /// `apply` only.
    mutating func remember(_ id: RequestID, _ principal: Gid, _ outcome: Outcome, at time: Int64) {
        let key = Key(principal: principal.rawValue, high: id.high, low: id.low)
        let map = key.map
        let change: (bytes: Int, digest: UInt64)
        if let index = sessions[map].index(forKey: key) {
            order.touch(sessions[map].values[index].place, Used(key: key, time: time))
            change = Self.remember(
                outcome, id.acknowledged, at: time, of: key, in: &sessions[map].values[index])
        } else {
            var session = Session(place: order.append(Used(key: key, time: time)))
            sum &+= session.digest(key)
            change = Self.remember(outcome, id.acknowledged, at: time, of: key, in: &session)
            sessions[map][key] = session
        }
        bytes += change.bytes
        sum &+= change.digest
        while let oldest = order.oldest,
            oldest.time < time - Self.age || order.count > Self.sessionsMax
                || bytes > Self.bytesMax
        {
            forget(oldest.key)
        }
    }

    private mutating func forget(_ key: Key) {
        guard let session = sessions[key.map].removeValue(forKey: key) else {
            preconditionFailure("a session is in the order of use, and nowhere else")
        }
        evicted = max(evicted, key.created)
        bytes -= session.bytes
        sum &-= session.digest(key)
        order.remove(session.place)
    }

    /// Answers how many bytes more the session has, and what that adds to its digest.
    private static func remember(
        _ outcome: Outcome, _ acknowledged: UInt64, at time: Int64, of key: Key,
        in session: inout Session
    ) -> (bytes: Int, digest: UInt64) {
        let before = session.bytes
        let digestBefore = session.digest(key)
        session.lastUsed = time
        session.acknowledged = max(session.acknowledged, acknowledged)
        var end = 0
        while end < session.outcomes.count,
            session.outcomes[end].outcome.sequence < session.acknowledged
        {
            session.drop(end)
            end += 1
        }
        if end > 0 { session.outcomes.removeSubrange(..<end) }
        let kept = Kept(outcome)
        let place = place(outcome.sequence, in: session.outcomes)
        if place == session.outcomes.count {
            session.outcomes.append(kept)
        } else {
            session.outcomes.insert(kept, at: place)
        }
        session.bytes += outcome.answer.count
        session.outcomesDigest &+= kept.digest
        while session.outcomes.count > 1,
            session.outcomes.count > outcomesPerSession || session.bytes > bytesPerSession
        {
            session.drop(0)
            let oldest = session.outcomes.removeFirst()
            session.dropped = max(session.dropped, oldest.outcome.sequence)
        }
        return (session.bytes - before, session.digest(key) &- digestBefore)
    }

    // MARK: - Snapshot

    /// All sessions, that used longest ago first, as they are kept in a snapshot.
    func forEachStored<Failure: Error>(
        _ body: (StoredSession) throws(Failure) -> Void
    ) throws(Failure) {
        try order.forEach { (used) throws(Failure) in
            let key = used.key
            guard let session = sessions[key.map][key] else { return }
            var stored = StoredSession()
            stored.session = Self.bytes(RequestID(high: key.high, low: key.low, sequence: 0))
            stored.principal = key.principal
            stored.acknowledged = session.acknowledged
            stored.dropped = session.dropped
            stored.lastUsed = session.lastUsed
            stored.outcomes = session.outcomes.map { kept in
                let outcome = kept.outcome
                var copy = StoredOutcome()
                copy.sequence = outcome.sequence
                copy.requestHash = outcome.requestHash
                copy.answer = outcome.answer
                copy.method = outcome.method
                copy.position = outcome.position
                return copy
            }
            try body(stored)
        }
    }

    mutating func restore(_ stored: StoredSession) throws(Corruption) {
        guard let (high, low) = Self.words(stored.session) else {
            throw Corruption(
                offset: 0, expected: "a session of 16 bytes", found: "\(stored.session.count)")
        }
        let key = Key(principal: stored.principal, high: high, low: low)
        guard sessions[key.map][key] == nil else {
            throw Corruption(offset: 0, expected: "a session once", found: "it again")
        }
        let used = Used(key: key, time: stored.lastUsed)
        var session = Session(place: order.append(used))
        session.lastUsed = stored.lastUsed
        session.acknowledged = stored.acknowledged
        session.dropped = stored.dropped
        session.outcomes = stored.outcomes.map {
            Kept(
                Outcome(
                    sequence: $0.sequence, requestHash: $0.requestHash, answer: $0.answer,
                    method: $0.method, position: $0.position))
        }
        session.bytes = session.outcomes.reduce(0) { $0 + $1.outcome.answer.count }
        session.outcomesDigest = session.outcomes.reduce(0) { $0 &+ $1.digest }
        bytes += session.bytes
        sum &+= session.digest(key)
        sessions[key.map][key] = session
    }

    mutating func restore(evicted: Int64) { self.evicted = evicted }

    /// A session's 16 bytes, big-endian.
    static func bytes(_ request: RequestID) -> [UInt8] {
        var writer = ByteWriter(capacity: 16)
        writer.append(fixed: request.high.byteSwapped)
        writer.append(fixed: request.low.byteSwapped)
        return writer.bytes
    }

    /// The two big-endian words of a session's 16 bytes.
    static func words(_ bytes: [UInt8]) -> (UInt64, UInt64)? {
        guard bytes.count == 16 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            words.0 = words.0 << 8 | UInt64(bytes[index])
            words.1 = words.1 << 8 | UInt64(bytes[index + 8])
        }
        return words
    }
}
