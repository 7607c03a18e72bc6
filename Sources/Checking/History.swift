/// One operation of a client, as the client saw it.
package struct Operation: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// A command under this request ID.
        case write(session: [UInt8], sequence: UInt64)
        /// A task was asked for.
        case read(task: UInt64)
    }

    /// What the client learnt.
    package enum Ending: Hashable, Sendable {
        /// It was answered, at this LSN, with these bytes.
        case answered(lsn: UInt64, answer: [UInt8])
        /// It certainly was not done.
        case refused
        /// Nobody told: it may have been done, or be done yet.
        case unknown
    }

    package var kind: Kind
    /// When the client asked and when it had the answer, on the client's own monotonic clock.
    package var called: UInt64
    package var returned: UInt64
    package var ending: Ending
    /// The workspace it was about.
    package var workspace: UInt64

    package init(
        _ kind: Kind, workspace: UInt64, called: UInt64, returned: UInt64, ending: Ending
    ) {
        self.kind = kind
        self.workspace = workspace
        self.called = called
        self.returned = returned
        self.ending = ending
    }

    var isWrite: Bool {
        if case .write = kind { true } else { false }
    }
}

/// A record of the log, as it was dumped: a place, a workspace, and the encoded `ChangeRecord`.
package struct LoggedRecord: Hashable, Sendable {
    package var lsn: UInt64
    package var workspace: UInt64
    package var body: [UInt8]

    package init(lsn: UInt64, workspace: UInt64, body: [UInt8]) {
        self.lsn = lsn
        self.workspace = workspace
        self.body = body
    }
}

/// What a check found.
package struct Verdict: Hashable, Sendable {
    package var acknowledged = 0
    package var refused = 0
    package var unknown = 0
    package var reads = 0
    /// Acknowledged writes that the log does not hold where it was said.
    package var lost = 0
    /// Requests that the log holds more than once.
    package var doubled = 0
    /// Reads that did not show the state at their position, or an older one than was known to be
    /// there when they were asked.
    package var stale = 0
    /// What is wrong, in words: the first of each.
    package var problems: [String] = []

    package init() {}

    package var isGood: Bool { lost == 0 && doubled == 0 && stale == 0 && problems.isEmpty }

    mutating func note(_ problem: String) {
        if problems.count < 20 { problems.append(problem) }
    }
}
