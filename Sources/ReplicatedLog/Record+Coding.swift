package import ByteCoding

/// How records lie in a batch's payload, one after the other, without padding:
///
/// | offset | bytes | field                                                        |
/// | -----: | ----: | ------------------------------------------------------------ |
/// |      0 |     4 | length of the body, at most `LogLimits.recordBytes`           |
/// |      4 |     2 | type (`RecordType`)                                          |
/// |      6 |     2 | flags, 0                                                     |
/// |      8 |     8 | workspace, 0 for none                                        |
/// |     16 |     8 | the workspace's own position after this record, 0 for none   |
/// |     24 |     n | body                                                         |
///
/// All integers are little-endian.
extension Record {
    /// What a record takes beside its body, in bytes.
    package static let headerBytes = 24

    /// Appends the record. Complexity: O(body).
    package func encode(into writer: inout ByteWriter) {
        Record.encode(
            type: type, workspace: workspace, position: position, into: &writer
        ) { $0.append(body) }
    }

    /// Appends a record whose body is what `body` appends: the way without a copy.
    /// - Precondition: the body is no longer than `LogLimits.recordBytes`.
    package static func encode(
        type: RecordType, workspace: UInt64, position: UInt64, into writer: inout ByteWriter,
        body: (inout ByteWriter) -> Void
    ) {
        let start = writer.count
        writer.append(fixed: UInt32(0))
        writer.append(fixed: type.rawValue)
        writer.append(fixed: UInt16(0))
        writer.append(fixed: workspace)
        writer.append(fixed: position)
        body(&writer)
        let length = writer.count - start - headerBytes
        precondition(length <= LogLimits.recordBytes, "record of \(length) bytes")
        writer.overwrite(at: start, fixed: UInt32(length))
    }
}

/// A record as it lies in its batch: nothing copied. It cannot outlive the batch.
package struct RecordView: ~Escapable {
    /// The record's place in the log.
    package let lsn: LSN
    package let type: RecordType
    package let workspace: UInt64
    package let position: UInt64
    package let body: RawSpan

    @_lifetime(copy body)
    init(lsn: LSN, type: RecordType, workspace: UInt64, position: UInt64, body: RawSpan) {
        self.lsn = lsn
        self.type = type
        self.workspace = workspace
        self.position = position
        self.body = body
    }

    /// The record with a body of its own. Complexity: O(body).
    package func copy() -> Record {
        Record(
            type: type, workspace: workspace, position: position,
            body: unsafe body.withUnsafeBytes { unsafe [UInt8]($0) })
    }
}

extension Batch {
    /// Calls `visit` for each record, in order, without copying it.
    ///
    /// - Throws: `Corruption` if the payload is not exactly `count` records (its offset counts from
    ///   the payload's beginning; the records before it have been visited), or what `visit` throws.
    /// - Complexity: O(payload).
    package func forEachRecord(
        _ visit: (borrowing RecordView) throws(Corruption) -> Void
    ) throws(Corruption) {
        var reader = ByteReader(payload.raw)
        var lsn = first
        for _ in 0..<count {
            let view = try Batch.readRecord(at: lsn, from: &reader)
            try visit(view)
            lsn = lsn.next
        }
        guard reader.isAtEnd else {
            throw reader.corruption(
                expected: "the end after \(count) records", found: "\(reader.remaining) bytes")
        }
    }

    /// The batch with its records up to `lsn` only: what a restore to a place within it ends with.
    /// (It has another chain: it is no part of this history any more.)
    /// - Precondition: `lsn` is one of its records.
    package func prefix(through lsn: LSN) throws(Corruption) -> Batch {
        precondition(first <= lsn && lsn <= last, "\(lsn) is not in \(first) to \(last)")
        var bytes = 0
        try forEachRecord { view throws(Corruption) in
            if view.lsn <= lsn { bytes += Record.headerBytes + view.body.byteCount }
        }
        var part = self
        part.count = UInt32(truncatingIfNeeded: lsn.rawValue - first.rawValue + 1)
        part.payload = [UInt8](payload[..<bytes])
        return part
    }

    /// The records, copied. Complexity: O(payload).
    package func records() throws(Corruption) -> [Record] {
        var records: [Record] = []
        try forEachRecord { (view) throws(Corruption) in records.append(view.copy()) }
        return records
    }

    @_lifetime(copy reader)
    @_lifetime(reader: copy reader)
    private static func readRecord(
        at lsn: LSN, from reader: inout ByteReader
    ) throws(Corruption) -> RecordView {
        let length = try reader.fixed(UInt32.self)
        guard length <= UInt32(LogLimits.recordBytes) else {
            throw reader.corruption(
                expected: "a record of at most \(LogLimits.recordBytes) bytes", found: "\(length)")
        }
        let code = try reader.fixed(UInt16.self)
        guard let type = RecordType(rawValue: code) else {
            throw reader.corruption(expected: "a known record type", found: "\(code)")
        }
        let flags = try reader.fixed(UInt16.self)
        guard flags == 0 else {
            throw reader.corruption(expected: "record flags 0", found: "\(flags)")
        }
        let workspace = try reader.fixed(UInt64.self)
        let position = try reader.fixed(UInt64.self)
        let body = try reader.span(Int(length))
        return RecordView(
            lsn: lsn, type: type, workspace: workspace, position: position, body: body)
    }
}
