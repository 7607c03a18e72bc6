internal import ByteCoding
internal import ReplicatedLog

/// Records that were applied but not handed to the log yet: they become one batch, one flush here
/// and one on the follower.
///
/// Invariant: its records come right after the replica's appended point, in order. So whoever gives
/// the replica any other event closes the group first.
struct GroupCommit: ~Copyable {
    private var payload = ByteWriter(capacity: 64 << 10)
    private(set) var count: UInt32 = 0

    var isEmpty: Bool { count == 0 }

    /// Whether a record of this size still fits into the batch.
    func hasRoom(for bytes: Int) -> Bool {
        payload.count + bytes + Record.headerBytes <= LogLimits.batchBytes
            && count < UInt32(LogLimits.recordsInBatch)
    }

    /// Adds a record; how many there are now tells its place.
    mutating func add(workspace: UInt32, position: UInt64, body: [UInt8]) {
        Record.encode(
            type: .change, workspace: UInt64(workspace), position: position, into: &payload
        ) { $0.append(body) }
        count += 1
    }

    /// The batch's payload, leaving the group empty.
    mutating func close() -> (payload: [UInt8], count: UInt32) {
        let closed = (payload: payload.bytes, count: count)
        payload.removeAll()
        count = 0
        return closed
    }
}
