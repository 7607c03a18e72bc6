internal import ByteCoding
internal import WorkProtocol

/// What a log record says besides its changes: a `ChangeRecord` read and written without its rows
/// being copied on the way.
struct RecordHead {
    var time: Int64 = 0
    var principal: UInt64 = 0
    var method: UInt32 = 0
    /// Nil: nobody will ask again.
    var request: RequestID?
    var requestHash: UInt64 = 0
    var answer: [UInt8] = []
    /// The counter from which the next row gets its number, after this record.
    var nextRow: UInt32 = 0

    /// Appends the record: the bytes that a `ChangeRecord` with these fields and changes has.
    func encode(with changes: borrowing Journal, into writer: inout ByteWriter) {
        if time != 0 { writer.append(tag: 1 << 3, int64: time) }
        if principal != 0 { writer.append(tag: 2 << 3 | 1, fixed: principal) }
        if method != 0 { writer.append(tag: 3 << 3, varint: UInt64(method)) }
        if let request {
            writer.append(tag: 4 << 3 | 2)
            writer.append(16 as UInt8)
            writer.append(fixed: request.high.byteSwapped)
            writer.append(fixed: request.low.byteSwapped)
            if request.sequence != 0 { writer.append(tag: 5 << 3, varint: request.sequence) }
            if request.acknowledged != 0 {
                writer.append(tag: 6 << 3, varint: request.acknowledged)
            }
            if requestHash != 0 { writer.append(tag: 7 << 3 | 1, fixed: requestHash) }
        }
        changes.encodeChanges(into: &writer)
        if !answer.isEmpty { writer.append(tag: 9 << 3 | 2, blob: answer) }
        if nextRow != 0 { writer.append(tag: 10 << 3 | 5, fixed: nextRow) }
    }
}

/// A row as a record says it is to be, its bytes still in the record.
struct RecordedChange {
    var row: UInt32 = 0
    var kind = EntityKind.none
    /// Where in the record its bytes are; nil: the row is removed.
    var start: Int?
    var end = 0
}

extension RecordHead {
    /// Reads a record; its changes are appended to `changes`. Nothing is applied yet, so a record
    /// that is damaged leaves no half of itself behind.
    init(decoding body: RawSpan, changes: inout [RecordedChange]) throws(Corruption) {
        var reader = ByteReader(body)
        var session: (high: UInt64, low: UInt64)?
        var sequence: UInt64 = 0
        var acknowledged: UInt64 = 0
        while !reader.isAtEnd {
            switch try reader.tag() {
            case 1 << 3: time = Int64(bitPattern: try reader.varint())
            case 2 << 3 | 1: principal = try reader.fixed()
            case 3 << 3: method = UInt32(truncatingIfNeeded: try reader.varint())
            case 4 << 3 | 2: session = try Self.session(&reader)
            case 5 << 3: sequence = try reader.varint()
            case 6 << 3: acknowledged = try reader.varint()
            case 7 << 3 | 1: requestHash = try reader.fixed()
            case 8 << 3 | 2: changes.append(try Self.change(&reader))
            case 9 << 3 | 2: answer = try reader.blob()
            case 10 << 3 | 5: nextRow = try reader.fixed()
            case let tag: try reader.skipField(tag)
            }
        }
        request = session.map {
            RequestID(
                high: $0.high, low: $0.low, sequence: sequence, acknowledged: acknowledged)
        }
    }

    /// A session is 16 bytes, big-endian; of any other length it is none.
    private static func session(
        _ reader: inout ByteReader
    ) throws(Corruption) -> (high: UInt64, low: UInt64)? {
        let length = try reader.length()
        guard length == 16 else {
            try reader.skip(length)
            return nil
        }
        let high = try reader.fixed(UInt64.self).byteSwapped
        let low = try reader.fixed(UInt64.self).byteSwapped
        return (high, low)
    }

    private static func change(_ reader: inout ByteReader) throws(Corruption) -> RecordedChange {
        var change = RecordedChange()
        let outer = try reader.enter()
        while !reader.isAtEnd {
            switch try reader.tag() {
            case 1 << 3 | 5: change.row = try reader.fixed()
            case 2 << 3: change.kind = try reader.enumeration("Change.kind")
            case 3 << 3 | 2:
                let length = try reader.length()
                change.start = reader.offset
                change.end = reader.offset + length
                try reader.skip(length)
            case let tag: try reader.skipField(tag)
            }
        }
        reader.leave(outer)
        return change
    }
}
