internal import ByteCoding

/// One entry of the log. What is in `body` is the business of whoever appended it.
package struct Record: Equatable, Sendable {
    package var type: RecordType
    /// The workspace the record belongs to (its ordinal), 0 for the directory or none.
    package var workspace: UInt64
    /// The workspace's own position after this record: 1, 2, 3 … without gaps; 0 for records that
    /// belong to no workspace.
    package var position: UInt64
    package var body: [UInt8]

    package init(type: RecordType, workspace: UInt64, position: UInt64, body: [UInt8]) {
        self.type = type
        self.workspace = workspace
        self.position = position
        self.body = body
    }
}

package enum RecordType: UInt16, Sendable {
    /// What a command did to a workspace; the body is the work graph's.
    case change = 1
    /// A reign began or the mode changed: the body is the encoded `Register` (`replication.md`).
    case register = 2
}

/// Records that are flushed, and sent, together: one group commit.
///
/// `payload` holds the encoded records one after the other (`Record.encode(into:)`). The chain is a
/// hash over all payloads since the beginning of the history; with (`last`, `epoch`) it is the
/// identity of a log's head (rule R1).
package struct Batch: Equatable, Sendable {
    package var epoch: Epoch
    package var first: LSN
    package var count: UInt32
    /// Wall time of the primary when it closed the batch, milliseconds, never going back.
    package var time: Int64
    /// The chain before this batch.
    package var previousChain: UInt64
    package var payload: [UInt8]

    package init(
        epoch: Epoch, first: LSN, count: UInt32, time: Int64, previousChain: UInt64,
        payload: [UInt8]
    ) {
        self.epoch = epoch
        self.first = first
        self.count = count
        self.time = time
        self.previousChain = previousChain
        self.payload = payload
    }

    /// The place of its last record. A batch has at least one.
    package var last: LSN { LSN(first.rawValue &+ UInt64(count) &- 1) }

    /// The chain after this batch.
    package var chain: UInt64 {
        Batch.chain(after: previousChain, epoch: epoch, first: first, payload: payload)
    }

    /// XXH3 of the payload, seeded with the chain before, the epoch and the place.
    package static func chain(
        after previous: UInt64, epoch: Epoch, first: LSN, payload: [UInt8]
    ) -> UInt64 {
        var seed = ByteWriter(capacity: 32)
        seed.append(fixed: previous)
        seed.append(fixed: epoch.version)
        seed.append(fixed: epoch.boot)
        seed.append(fixed: first.rawValue)
        return XXH3.hash(payload, seed: XXH3.hash(seed.bytes))
    }
}

/// Where a log ends: enough to tell whether two logs are the same up to there.
package struct LogHead: Equatable, Sendable {
    package var last: LSN
    package var epoch: Epoch
    package var chain: UInt64

    package init(last: LSN, epoch: Epoch, chain: UInt64) {
        self.last = last
        self.epoch = epoch
        self.chain = chain
    }

    /// The head of an empty log.
    package static let empty = LogHead(last: .zero, epoch: .zero, chain: 0)
}

/// The limits of the log, and their relations.
package enum LogLimits {
    /// A record's body, at most: any command fits (a request message is at most 1 MiB, too).
    package static let recordBytes = 2 << 20
    /// A batch's payload, at most.
    package static let batchBytes = 4 << 20
    package static let recordsInBatch = 65_536
}
