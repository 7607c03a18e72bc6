package import ByteCoding
package import Environment

/// Why a log cannot be opened or read. Each says where, what, and what to do next.
package enum LogFailure: Error, Equatable, Sendable, CustomStringConvertible {
    case disk(DiskError)
    /// Records that were acknowledged, or may have been, are missing or changed.
    case damage(LogDamage)
    /// A file that is not this log's, or not this program's to read.
    case foreign(ForeignFile)
    /// The last batch is bad, and nothing says whether it was acknowledged: somebody must decide.
    case undecided(TornTail)
    /// Asked for a record that has been trimmed; `oldest` is the first that is there.
    case gone(oldest: LSN)

    package var description: String {
        switch self {
        case .disk(let error): error.description
        case .damage(let damage): damage.description
        case .foreign(let foreign): foreign.description
        case .undecided(let tail): tail.description
        case .gone(let oldest): "the log begins at LSN \(oldest) by now; a snapshot is needed"
        }
    }
}

/// Damage: a bad or missing batch that is *not* a torn tail, and how that is known.
package struct LogDamage: Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, with the file and the offset.
    package var corruption: Corruption
    /// The first record that cannot be had.
    package var lsn: LSN
    package var evidence: DamageEvidence

    package var description: String {
        """
        \(corruption); record \(lsn) is lost here: \(evidence). \
        Of a pair: make this node anew (`holdfastd init --role follower`) and let it join; \
        alone: `holdfast-tools restore`, or `holdfast-tools log repair --accept-loss`
        """
    }
}

/// What shows that a bad batch was not merely torn.
package enum DamageEvidence: Equatable, Sendable, CustomStringConvertible {
    /// A batch says that everything up to here had been flushed.
    case flushed(LSN)
    /// The segment is not the last.
    case notLast(next: String)
    /// The segment was closed, so there was another after it.
    case successorMissing
    /// Two neighbours do not fit together.
    case gap
    /// `acked.mark`, or the peer, says that everything up to here was acknowledged.
    case acknowledged(LSN)
    /// The snapshot goes on from another log: this one has not its head there.
    case otherSnapshot(at: LSN)
    /// The node has lived, but there is no log; or it begins too late for the snapshot.
    case beginningMissing(needed: LSN)

    package var description: String {
        switch self {
        case .flushed(let lsn): "a batch says that LSN \(lsn) had been flushed"
        case .notLast(let next): "it is not the last segment, \(next) follows"
        case .successorMissing: "it was closed, so another segment followed it"
        case .gap: "the segment before it is not the one it names"
        case .acknowledged(let lsn): "LSN \(lsn) had been acknowledged"
        case .otherSnapshot(let lsn): "the snapshot goes on after LSN \(lsn) of another log"
        case .beginningMissing(let needed): "the records from LSN \(needed) on are needed"
        }
    }
}

/// A file of another cluster, history or format, or under another file's name.
package struct ForeignFile: Equatable, Sendable, CustomStringConvertible {
    package enum Reason: Equatable, Sendable {
        case cluster(found: Identity, expected: Identity)
        case history(found: Identity, expected: Identity)
        case version(found: UInt16, known: UInt16)
        /// The file's header says it begins elsewhere: it was copied or renamed.
        case name(first: LSN)
        /// Another file has the same number: one of the two is a copy.
        case number(UInt64, other: String)
    }
    package var file: String
    package var reason: Reason

    package var description: String {
        switch reason {
        case .cluster(let found, let expected):
            "\(file): belongs to cluster \(found), not \(expected); move it away"
        case .history(let found, let expected):
            "\(file): belongs to history \(found), not \(expected); move it away"
        case .version(let found, let known):
            "\(file): has format \(found), this program knows \(known); use a newer program"
        case .name(let first):
            "\(file): its header says LSN \(first); it was renamed or copied, move it back"
        case .number(let number, let other):
            "\(file): has number \(number), as \(other) has; one of them is a copy, move it away"
        }
    }
}

/// An incomplete end of the last segment.
package struct TornTail: Equatable, Sendable, CustomStringConvertible {
    package var file: String
    /// Where the bytes that do not verify begin, and end (the last that is not zero).
    package var offset: Int
    package var end: Int
    /// The record that would have been there.
    package var lsn: LSN
    package var corruption: Corruption
    /// Batches behind it that are whole, but were built before it had been flushed.
    package var laterBatches: Int

    package var description: String {
        """
        \(corruption); the log is whole up to LSN \(lsn.rawValue &- 1), and nothing says whether \
        LSN \(lsn) was acknowledged. Ask the other node; a single node cuts it
        """
    }
}
