package import ByteCoding
package import ReplicatedLog

/// Records that were applied but not handed to the log yet: they become one batch, one flush here
/// and one on the follower.
///
/// Invariant: its records come right after the replica's appended point, in order. So whoever gives
/// the replica any other event closes the group first.
package struct GroupCommit {
    private var payload = ByteWriter(capacity: 64 << 10)
    package private(set) var count: UInt32 = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// Whether a record of this size still fits into the batch.
    package func hasRoom(for bytes: Int) -> Bool {
        payload.count + bytes + Record.headerBytes <= LogLimits.batchBytes
            && count < UInt32(LogLimits.recordsInBatch)
    }

    /// Adds a record; how many there are now tells its place.
    package mutating func add(workspace: UInt32, position: UInt64, body: [UInt8]) {
        Record.encode(
            type: .change, workspace: UInt64(workspace), position: position, body: body,
            into: &payload)
        count += 1
    }

    /// The batch's payload, leaving the group empty.
    package mutating func close() -> (payload: [UInt8], count: UInt32) {
        let closed = (payload: payload.bytes, count: count)
        payload.removeAll(keepingCapacity: true)
        count = 0
        return closed
    }
}
