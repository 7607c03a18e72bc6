/// Reads CSV as RFC 4180 has it from a source, row by row, in memory bounded by the longest row.
///
/// Rows that are as nearly all are, and lie in memory as a whole, are read by words of eight bytes
/// (`nextRecord`); all others byte by byte, which also finds the places of what is wrong in them.
///
/// UTF-8, with or without a byte order mark. Rows end with LF or CRLF; a CRLF inside quotes becomes
/// LF. Control characters but tab and LF are replaced by U+FFFD and reported. Lines without any
/// character are passed over. A quote inside an unquoted cell stands for itself.
package struct CSVReader {
    private enum State { case cellStart, unquoted, quoted, quoteInQuoted }

    private let source: any ByteSource
    let rowBytesMax: Int
    var chunk: [UInt8] = []
    var offset = 0
    private var isAtEnd = false
    /// The row that `nextRecord` read.
    var record = CSVRecord()

    private var state = State.cellStart
    private(set) var place = TextPlace.start
    private var encoding = EncodingCheck()
    private var carriageReturn: TextPlace?
    private var openQuote = TextPlace.start

    private var row = CSVRow(cells: [], place: .start, end: .start, problem: nil, replaced: [])
    private var cell: [UInt8] = []
    private var cellPlace = TextPlace.start
    private var rowBytes = 0

    /// A reader at the beginning of `source`, which refuses rows longer than `rowBytesMax`.
    package init(_ source: any ByteSource, rowBytesMax: Int = 16 << 20) {
        self.source = source
        self.rowBytesMax = rowBytesMax
    }

    /// The next row, or nil at the end. Throws only what makes going on impossible: a source that
    /// cannot be read, a row that is too long. Complexity: O(bytes of the row).
    package mutating func next() throws(TextProblem) -> CSVRow? {
        while true {
            if offset == chunk.count {
                if isAtEnd { return nil }
                try refill()
                if isAtEnd { return finish() }
            }
            takePlain()
            guard offset < chunk.count else {
                try refuseLongRow()
                continue
            }
            let byte = chunk[offset]
            offset += 1
            if let row = take(byte) { return row }
            try refuseLongRow()
        }
    }

    private func refuseLongRow() throws(TextProblem) {
        guard rowBytes > rowBytesMax else { return }
        throw TextProblem(row.place, "the row has more than \(rowBytesMax) bytes")
    }

    /// Takes as many characters as the chunk has that mean nothing but themselves inside a cell.
    private mutating func takePlain() {
        guard state == .quoted || state == .unquoted, !encoding.isInside, carriageReturn == nil
        else {
            return
        }
        let start = offset
        var end = start
        while end < chunk.count {
            let byte = chunk[end]
            if byte < 0x20 || byte >= 0x7F || byte == 0x22 || byte == 0x2C { break }
            end += 1
        }
        guard end > start else { return }
        cell.append(contentsOf: chunk[start..<end])
        place.column += end - start
        rowBytes += end - start
        offset = end
    }

    /// A reader of one row that begins at a place of a file.
    init(_ row: ArraySlice<UInt8>, at place: TextPlace) {
        self.init(ByteArraySource([]), rowBytesMax: row.count)
        chunk = Array(row)
        self.place = place
        self.row.place = place
    }

    /// So much is read on at least: what has been scanned of a row is scanned again.
    private static let readOnMin = 4096

    /// Gets more of the file behind what has not been read, all of which stays; false at the end.
    mutating func readOn() throws(TextProblem) -> Bool {
        if chunk.isEmpty {
            try refill()
            return !isAtEnd
        }
        chunk.removeFirst(offset)
        offset = 0
        let before = chunk.count
        while chunk.count - before < Self.readOnMin {
            let more = try source.read()
            if more.isEmpty { break }
            chunk += more
        }
        return chunk.count > before
    }

    /// Passes over a row that was read as a whole.
    mutating func pass(to end: Int, lines: Int) {
        offset = end
        place = TextPlace(line: place.line + lines, column: 1)
        row.place = place
        row.end = place
    }

    private mutating func refill() throws(TextProblem) {
        let isFirst = place == .start && rowBytes == 0
        chunk = try source.read()
        offset = 0
        while isFirst, !chunk.isEmpty, chunk.count < 3, chunk[0] == 0xEF {
            let more = try source.read()
            if more.isEmpty { break }
            chunk += more
        }
        if isFirst, chunk.starts(with: [0xEF, 0xBB, 0xBF]) {
            offset = 3
            if offset == chunk.count { try refill() }
            return
        }
        isAtEnd = chunk.isEmpty
    }

    /// One byte of the file; a row if the byte ended one.
    private mutating func take(_ byte: UInt8) -> CSVRow? {
        let here = place
        rowBytes += 1
        if let message = encoding.take(byte) { fail(here, message) }
        if byte == 0x0A {
            place = TextPlace(line: place.line + 1, column: 1)
        } else if byte & 0xC0 != 0x80 {
            place.column += 1
        }
        if let carriageReturn {
            self.carriageReturn = nil
            if byte != 0x0A { replace(0x0D, at: carriageReturn) }
        }
        if byte == 0x0D {
            carriageReturn = here
            return nil
        }
        return step(byte, here)
    }

    private mutating func step(_ byte: UInt8, _ here: TextPlace) -> CSVRow? {
        switch (state, byte) {
        case (.cellStart, 0x22):
            beginCell(here)
            openQuote = here
            state = .quoted
        case (.quoted, 0x22):
            state = .quoteInQuoted
        case (.quoteInQuoted, 0x22):
            cell.append(byte)
            state = .quoted
        case (.quoted, _):
            append(byte, here)
        case (.cellStart, 0x2C), (.unquoted, 0x2C), (.quoteInQuoted, 0x2C):
            if state == .cellStart { beginCell(here) }
            endCell()
        case (.cellStart, 0x0A), (.unquoted, 0x0A), (.quoteInQuoted, 0x0A):
            if state == .cellStart { beginCell(here) }
            return endRow(at: here)
        case (.quoteInQuoted, _):
            fail(here, "text after the closing quote")
            state = .unquoted
            append(byte, here)
        case (.cellStart, _):
            beginCell(here)
            state = .unquoted
            append(byte, here)
        case (.unquoted, _):
            append(byte, here)
        }
        return nil
    }

    private mutating func append(_ byte: UInt8, _ here: TextPlace) {
        if (byte < 0x20 && byte != 0x09 && byte != 0x0A) || byte == 0x7F {
            replace(byte, at: here)
        } else if byte >= 0x80, byte < 0xA0, cell.last == 0xC2 {
            cell.removeLast()
            replace(byte, at: TextPlace(line: here.line, column: here.column - 1))
        } else {
            cell.append(byte)
        }
    }

    private mutating func replace(_ control: UInt8, at place: TextPlace) {
        if state == .cellStart {
            beginCell(place)
            state = .unquoted
        }
        cell += [0xEF, 0xBF, 0xBD]
        row.replaced.append(.control(UInt32(control), at: place))
    }

    private mutating func fail(_ place: TextPlace, _ message: String) {
        if row.problem == nil { row.problem = TextProblem(place, message) }
    }

    private mutating func beginCell(_ place: TextPlace) {
        cellPlace = place
        if row.cells.isEmpty { row.place = place }
    }

    private mutating func endCell() {
        // Bytes that are not UTF-8 have been reported; the row is not used.
        row.cells.append(CSVCell(text: String(decoding: cell, as: UTF8.self), place: cellPlace))
        cell.removeAll(keepingCapacity: true)
        state = .cellStart
    }

    /// The row that ends here; nil for a line without any character.
    private mutating func endRow(at here: TextPlace) -> CSVRow? {
        let isBlank = row.cells.isEmpty && cell.isEmpty && state == .cellStart
        endCell()
        row.end = here
        let ended = row
        row = CSVRow(cells: [], place: place, end: place, problem: nil, replaced: [])
        rowBytes = 0
        return isBlank ? nil : ended
    }

    private mutating func finish() -> CSVRow? {
        if let message = encoding.end() { fail(place, message) }
        if let carriageReturn {
            // A CR that ends the file ends its row.
            self.carriageReturn = nil
            if state == .quoted { replace(0x0D, at: carriageReturn) }
        }
        if state == .quoted { fail(openQuote, "the quote that opens here is not closed") }
        guard rowBytes > 0 else { return nil }
        if state == .cellStart { beginCell(place) }
        return endRow(at: place)
    }
}

extension TextProblem {
    /// The report of a control character that was replaced.
    static func control(_ character: UInt32, at place: TextPlace) -> TextProblem {
        let digits = String(character, radix: 16, uppercase: true)
        let name = String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
        return TextProblem(place, "the control character U+\(name) was replaced by U+FFFD")
    }
}
