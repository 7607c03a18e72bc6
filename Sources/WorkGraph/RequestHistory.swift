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

    /// What was done for a request, but for the answer.
    struct Done: Equatable, BitwiseCopyable {
        var sequence: UInt64
        var requestHash: UInt64
        var method: UInt32
        var position: UInt64

        /// Differs with anything in it, and in the answer. O(answer).
        func digest(_ answer: RawSpan) -> UInt64 {
            let seed = mixed(mixed(mixed(sequence, requestHash), UInt64(method)), position)
            return XXH3.hash(answer, seed: seed)
        }
    }

    struct Outcome: Equatable {
        var done: Done
        var answer: [UInt8]

        var position: UInt64 { done.position }
    }

    /// Two words as one that differs with each, and with their order.
    @inline(__always)
    static func mixed(_ left: UInt64, _ right: UInt64) -> UInt64 {
        var word = (left ^ (left >> 32)) &* 0x9E37_79B9_7F4A_7C15 &+ right
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        return word ^ (word >> 27)
    }

    /// The sessions, each at its place in `order`. A write while a snapshot is being taken copies a
    /// block of them, not all.
    private var sessions = BlockTable(empty: RequestSession())
    /// The sessions in the order they were last used, and when that was.
    private var order = UsageOrder<Int64>()
    /// Finds a session's place by its key.
    private var places = SessionPlaces()
    /// The session asked for last: what is recalled first is mostly remembered next.
    private var found: Int32?
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
        order.forEach { place, _ in sum &+= sessions[UInt32(place)].expectedDigest }
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
    mutating func recall(
        _ id: RequestID, _ principal: Gid, hash: UInt64, at time: Int64
    ) -> Recall {
        guard let place = place(of: RequestSession.Key(id, principal)) else {
            let tooOld = id.created <= evicted || id.created < time - Self.age
            return tooOld || id.created > time + Self.ahead ? .expired : .new
        }
        return sessions[UInt32(place)].recall(id.sequence, hash)
    }

    /// Whether the outcome of another request of the same session is kept: it was executed.
    /// O(log outcomes of the session).
    mutating func keeps(_ sequence: UInt64, sessionOf id: RequestID, _ principal: Gid) -> Bool {
        guard let place = place(of: RequestSession.Key(id, principal)) else { return false }
        return sessions[UInt32(place)].keeps(sequence)
    }

    /// Keeps an outcome and drops what need not be known any more. Same on both nodes: called by
    /// `apply` only.
    mutating func remember(
        _ id: RequestID, _ principal: Gid, _ done: Done, _ answer: RawSpan, at time: Int64
    ) {
        let key = RequestSession.Key(id, principal)
        let place: Int32
        if let known = self.place(of: key) {
            place = known
            order.touch(place, time)
        } else {
            place = keep(RequestSession(key), usedAt: time)
        }
        let change = sessions[UInt32(place)].remember(
            done, answer, id.acknowledged, at: time)
        bytes += change.bytes
        sum &+= change.digest
        while let oldest = order.oldest,
            oldest.element < time - Self.age || order.count > Self.sessionsMax
                || bytes > Self.bytesMax
        {
            forget(oldest.place)
        }
    }

    private mutating func place(of key: RequestSession.Key) -> Int32? {
        if let found, sessions[UInt32(found)].key == key { return found }
        found = places.find(key, in: sessions)
        return found
    }

    private mutating func keep(_ session: RequestSession, usedAt time: Int64) -> Int32 {
        let place = order.append(time)
        bytes += session.bytes
        sum &+= session.digest
        places.insert(place, session.key)
        sessions[UInt32(place)] = session
        return place
    }

    private mutating func forget(_ place: Int32) {
        let session = sessions[UInt32(place)]
        sessions[UInt32(place)] = RequestSession()
        found = nil
        evicted = max(evicted, session.key.created)
        bytes -= session.bytes
        sum &-= session.digest
        places.remove(place, session.key)
        order.remove(place)
    }

    // MARK: - Snapshot

    /// All sessions, that used longest ago first, as they are kept in a snapshot.
    func forEachStored<Failure: Error>(
        _ body: (StoredSession) throws(Failure) -> Void
    ) throws(Failure) {
        try order.forEach { (place, _) throws(Failure) in
            try body(sessions[UInt32(place)].stored)
        }
    }

    mutating func restore(_ stored: StoredSession) throws(Corruption) {
        guard let (high, low) = Self.words(stored.session) else {
            throw Corruption(
                offset: 0, expected: "a session of 16 bytes", found: "\(stored.session.count)")
        }
        let session = RequestSession(
            RequestSession.Key(principal: stored.principal, high: high, low: low), stored)
        guard place(of: session.key) == nil else {
            throw Corruption(offset: 0, expected: "a session once", found: "it again")
        }
        _ = keep(session, usedAt: stored.lastUsed)
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
