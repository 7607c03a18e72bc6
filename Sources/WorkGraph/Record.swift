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
    /// The counter from which the next row gets its number, after this record.
    var nextRow: UInt32 = 0

    /// Appends the record: the bytes that a `ChangeRecord` with these fields and changes has.
    ///
    /// - Parameter answer: none of it is kept where nobody will ask again.
    func encode(
        _ changes: borrowing Journal, answer: [UInt8], into writer: inout ByteWriter
    ) {
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
        if request != nil, !answer.isEmpty { writer.append(tag: 9 << 3 | 2, blob: answer) }
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

/// A record read, but for its changes.
struct RecordReading {
    private(set) var head = RecordHead()
    /// Where in the record the answer is.
    private(set) var answer = 0..<0
    private var session: (high: UInt64, low: UInt64)?
    private var sequence: UInt64 = 0
    private var acknowledged: UInt64 = 0

    /// Reads a record; its changes are appended to `changes`. Nothing is applied yet, so a record
    /// that is damaged leaves no half of itself behind.
    init(_ body: RawSpan, changes: inout [RecordedChange]) throws(Corruption) {
        var scan = RowScan(body)
        self.scan(&scan, &changes)
        // What is otherwise than in most records, and the last bytes.
        var reader = ByteReader(body, at: scan.offset)
        while !reader.isAtEnd {
            switch try reader.tag() {
            case 1 << 3: head.time = Int64(bitPattern: try reader.varint())
            case 2 << 3 | 1: head.principal = try reader.fixed()
            case 3 << 3: head.method = UInt32(truncatingIfNeeded: try reader.varint())
            case 4 << 3 | 2: session = try Self.session(&reader)
            case 5 << 3: sequence = try reader.varint()
            case 6 << 3: acknowledged = try reader.varint()
            case 7 << 3 | 1: head.requestHash = try reader.fixed()
            case 8 << 3 | 2: changes.append(try Self.change(&reader))
            case 9 << 3 | 2:
                let length = try reader.length()
                answer = reader.offset..<(reader.offset + length)
                try reader.skip(length)
            case 10 << 3 | 5: head.nextRow = try reader.fixed()
            case let tag: try reader.skipField(tag)
            }
        }
        head.request = session.map {
            RequestID(
                high: $0.high, low: $0.low, sequence: sequence, acknowledged: acknowledged)
        }
    }

    /// Reads the fields as far as they are in order.
    @inline(__always)
    @_lifetime(scan: copy scan)
    private mutating func scan(_ scan: inout RowScan, _ changes: inout [RecordedChange]) {
        if let number = scan.varint(1) { head.time = Int64(bitPattern: number) }
        if let number = scan.fixed64(2) { head.principal = number }
        if let number = scan.varint(3) { head.method = UInt32(truncatingIfNeeded: number) }
        var start = scan.offset
        if let content = scan.content(4) {
            guard content.count == 16 else { return scan.goBack(to: start) }
            session = (
                scan.element64(content.lowerBound).byteSwapped,
                scan.element64(content.lowerBound &+ 8).byteSwapped
            )
        }
        if let number = scan.varint(5) { sequence = number }
        if let number = scan.varint(6) { acknowledged = number }
        if let number = scan.fixed64(7) { head.requestHash = number }
        start = scan.offset
        while let content = scan.content(8) {
            guard let change = scan.change(content) else { return scan.goBack(to: start) }
            changes.append(change)
            start = scan.offset
        }
        if let content = scan.content(9) { answer = content }
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

extension RowScan {
    /// A change of a row to other bytes, whose fields are in order; nil if it is otherwise.
    @inline(__always)
    fileprivate func change(_ content: Range<Int>) -> RecordedChange? {
        guard let (row, kind, bytes) = numberedContent(content),
            let kind = EntityKind(rawValue: kind)
        else { return nil }
        return RecordedChange(row: row, kind: kind, start: bytes.lowerBound, end: bytes.upperBound)
    }
}
