internal import ByteCoding

/// A row as its cells' bytes, valid until the next is read.
struct CSVRecord {
    /// A cell's text: in the file's bytes, or in `spare` where the file spells it in another way.
    struct Cell {
        var start: Int
        var end: Int
        var isSpare: Bool
    }

    fileprivate(set) var cells: [Cell] = []
    fileprivate var spare: [UInt8] = []
    /// Where the row begins in the file's bytes at hand, and where in the text.
    fileprivate var start = 0
    fileprivate var place = TextPlace.start
    /// The row as it was read byte by byte, if it was.
    fileprivate(set) var row: CSVRow?

    var count: Int { cells.count }

    /// How many bytes a cell has.
    func byteCount(_ cell: Int) -> Int { cells[cell].end &- cells[cell].start }

    /// How many bytes all cells have.
    var byteCount: Int { cells.reduce(0) { $0 &+ ($1.end &- $1.start) } }

    fileprivate mutating func clear() {
        cells.removeAll(keepingCapacity: true)
        spare.removeAll(keepingCapacity: true)
        row = nil
    }

    fileprivate mutating func take(_ row: CSVRow) {
        clear()
        for cell in row.cells {
            let start = spare.count
            spare.append(contentsOf: cell.text.utf8)
            cells.append(Cell(start: start, end: spare.count, isSpare: true))
        }
        self.row = row
    }

    /// Adds a cell in quotes of which more than its ends means something else: `""` is one quote,
    /// CRLF a line feed. O(bytes).
    mutating func append(spelled cell: Range<Int>, of chunk: RawSpan) {
        let begin = spare.count
        var place = cell.lowerBound
        while place < cell.upperBound {
            let byte = chunk.byte(place)
            place &+= 1
            // The scan has seen to it that a quote is followed by another, and a CR by LF.
            if byte == 0x0D { continue }
            spare.append(byte)
            if byte == 0x22 { place &+= 1 }
        }
        cells.append(Cell(start: begin, end: spare.count, isSpare: true))
    }

    mutating func append(_ cell: Range<Int>) {
        cells.append(Cell(start: cell.lowerBound, end: cell.upperBound, isSpare: false))
    }
}

extension CSVReader {
    /// Longer rows, and those that begin in more bytes than these, are read byte by byte.
    private static let recordBytesMax = 1 << 20

    /// Reads the next row as a record; false at the end. Throws as `next` does. O(bytes).
    mutating func nextRecord() throws(TextProblem) -> Bool {
        while true {
            switch scanRow() {
            case .row: return true
            case .unusual: return try takeRow()
            case .unfinished:
                guard chunk.count - offset < Self.recordBytesMax, try readOn() else {
                    return try takeRow()
                }
            }
        }
    }

    private mutating func takeRow() throws(TextProblem) -> Bool {
        guard let row = try next() else { return false }
        record.take(row)
        return true
    }

    /// The record with the places of its cells and what is wrong with it. O(bytes).
    func located() throws(TextProblem) -> CSVRow {
        if let row = record.row { return row }
        var reader = CSVReader(chunk[record.start..<offset], at: record.place)
        guard let row = try reader.next() else {
            throw TextProblem(record.place, "the row is not there any more")
        }
        return row
    }

    /// A cell's text.
    /// - Precondition: the record has so many cells.
    @_lifetime(borrow self)
    func cell(_ number: Int) -> RawSpan {
        let cell = record.cells[number]
        let bytes = cell.isSpare ? unsafe record.spare.span.bytes : unsafe chunk.span.bytes
        let text = bytes.extracting(cell.start..<cell.end)
        return unsafe _overrideLifetime(text, borrowing: self)
    }

    /// A cell's text, copied.
    func text(_ number: Int) -> String { cell(number).text }

    // MARK: - Scanning

    /// How far a scan came.
    private enum Scanned {
        case row
        /// More of the file is needed.
        case unfinished
        /// There is something that has to be looked at byte by byte.
        case unusual
    }

    private mutating func scanRow() -> Scanned {
        passBlankLines()
        var record = CSVRecord()
        swap(&record, &self.record)
        record.clear()
        record.start = offset
        record.place = place
        var scan = unsafe CSVScan(chunk.span.bytes, from: offset)
        let scanned = Self.scan(&scan, into: &record)
        let (end, lines) = (scan.place, scan.lines)
        swap(&record, &self.record)
        guard scanned == .row else { return scanned }
        guard end - offset <= rowBytesMax else { return .unusual }
        pass(to: end, lines: lines)
        return .row
    }

    /// Lines without any character are passed over.
    private mutating func passBlankLines() {
        while offset < chunk.count {
            if chunk[offset] == 0x0A {
                pass(to: offset + 1, lines: 1)
            } else if chunk[offset] == 0x0D, offset + 1 < chunk.count, chunk[offset + 1] == 0x0A {
                pass(to: offset + 2, lines: 1)
            } else {
                return
            }
        }
    }

    private static func scan(_ scan: inout CSVScan, into record: inout CSVRecord) -> Scanned {
        while true {
            guard let first = scan.next else { return .unfinished }
            let stop = first == 0x22 ? scan.quoted(into: &record) : scan.plain(into: &record)
            switch stop {
            case .stopped: break
            case .unfinished: return .unfinished
            case .unusual: return .unusual
            }
            switch scan.endCell() {
            case .comma: continue
            case .row: return .row
            case .unfinished: return .unfinished
            case .unusual: return .unusual
            }
        }
    }
}
