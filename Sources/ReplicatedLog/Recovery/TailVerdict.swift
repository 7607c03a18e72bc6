internal import ByteCoding

/// What the end of a log is found to be: the rows of the table in `Formats-Log.md`.
package enum TailVerdict: Equatable, Sendable {
    /// Nothing but zeroes after the last batch.
    case cleanEnd
    /// The last segment is empty, as a crash while one was being made leaves it. It is deleted.
    case crashInRotation(file: String)
    /// An incomplete last write, known not to have been acknowledged. It is cut.
    case tornTail(TornTail)
    /// An incomplete last write, and nothing says whether it was acknowledged.
    case undecided(TornTail)
    /// A bad batch that was, or may have been, acknowledged. Nothing is changed.
    case damage(LogDamage)
    /// Another's file, or a format of another program version. Nothing is changed.
    case foreign(ForeignFile)
}

extension TailVerdict {
    /// Where something is wrong that keeps a log from being read; nil for what a start settles.
    var problem: Corruption? {
        switch self {
        case .cleanEnd, .crashInRotation, .tornTail, .undecided: nil
        case .damage(let damage): damage.corruption
        case .foreign(let foreign):
            Corruption(
                file: foreign.file, offset: 0, expected: "a segment of this log",
                found: "\(foreign)")
        }
    }
}

/// What is known about the log from elsewhere than its segments.
package struct LogEvidence: Equatable, Sendable {
    /// The records after this one are needed (the minimum of the oldest snapshot that is kept).
    package var needed: LSN
    /// Whether this node has never had a log: only then may there be none.
    package var isFresh: Bool
    /// What the peer says this node has acknowledged to it, if it has been asked.
    package var acknowledged: LSN?
    /// Whether a log that does not fit the snapshot may be thrown away: the node is being made anew
    /// from a snapshot, and a crash between publishing that and beginning the log after it is no
    /// damage.
    package var isReplaceable: Bool

    package init(
        needed: LSN = .zero, isFresh: Bool, acknowledged: LSN? = nil, isReplaceable: Bool = false
    ) {
        self.needed = needed
        self.isFresh = isFresh
        self.acknowledged = acknowledged
        self.isReplaceable = isReplaceable
    }
}
