internal import ByteCoding

/// Finds the ends of cells by words of eight bytes, and sees to it that what is passed is UTF-8
/// without control characters. What is not is left to who reads byte by byte.
struct CSVScan: ~Escapable {
    private let bytes: RawSpan
    /// How far it has come.
    private(set) var place: Int
    /// How many lines have ended.
    private(set) var lines = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, from place: Int) {
        self.bytes = bytes
        self.place = place
    }

    /// Why a scan within a cell stopped.
    enum Stop {
        /// At the end of the cell.
        case stopped
        case unfinished
        case unusual
    }

    /// What ended a cell.
    enum End {
        case comma, row, unfinished, unusual
    }

    /// The next byte.
    var next: UInt8? { place < bytes.byteCount ? bytes.byte(place) : nil }

    /// A cell without quotes around it, up to what ends it.
    @_lifetime(self: copy self)
    mutating func plain(into record: inout CSVRecord) -> Stop {
        let start = place
        while true {
            pass(upTo: 0x2C)
            guard let byte = next else { return .unfinished }
            if byte == 0x2C || byte == 0x0A || byte == 0x0D { break }
            let stop = passCharacter(byte)
            guard stop == .stopped else { return stop }
        }
        record.append(start..<place)
        return .stopped
    }

    /// A cell in quotes, with both of them.
    @_lifetime(self: copy self)
    mutating func quoted(into record: inout CSVRecord) -> Stop {
        let start = place &+ 1
        place = start
        var isSpelled = false
        while true {
            pass(upTo: 0x22)
            guard let byte = next else { return .unfinished }
            let follower = place &+ 1 < bytes.byteCount ? bytes.byte(place &+ 1) : nil
            switch byte {
            case 0x22:
                guard let follower else { return .unfinished }
                if follower != 0x22 {
                    if isSpelled {
                        record.append(spelled: start..<place, of: bytes)
                    } else {
                        record.append(start..<place)
                    }
                    place &+= 1
                    return .stopped
                }
                isSpelled = true
                place &+= 2
            case 0x0D:
                guard let follower else { return .unfinished }
                guard follower == 0x0A else { return .unusual }
                isSpelled = true
                lines &+= 1
                place &+= 2
            case 0x0A:
                lines &+= 1
                place &+= 1
            default:
                let stop = passCharacter(byte)
                guard stop == .stopped else { return stop }
            }
        }
    }

    /// What stands behind a cell.
    @_lifetime(self: copy self)
    mutating func endCell() -> End {
        guard let byte = next else { return .unfinished }
        switch byte {
        case 0x2C:
            place &+= 1
            return .comma
        case 0x0A:
            place &+= 1
        case 0x0D:
            guard place &+ 1 < bytes.byteCount else { return .unfinished }
            guard bytes.byte(place &+ 1) == 0x0A else { return .unusual }
            place &+= 2
        default:
            return .unusual
        }
        lines &+= 1
        return .row
    }

    /// Passes printable ASCII that is not `mark`, as far as words go.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func pass(upTo mark: UInt8) {
        while place &+ 8 <= bytes.byteCount {
            let word = bytes.word(place)
            let found = ByteWords.unprintable(word) | ByteWords.equal(word, mark)
            guard found == 0 else {
                place &+= ByteWords.first(found)
                return
            }
            place &+= 8
        }
    }

    /// Passes a character that begins with `byte` and ends no cell.
    @_lifetime(self: copy self)
    private mutating func passCharacter(_ byte: UInt8) -> Stop {
        if byte < 0x80 {
            guard byte == 0x09 || (byte >= 0x20 && byte != 0x7F) else { return .unusual }
            place &+= 1
            return .stopped
        }
        guard place &+ 4 <= bytes.byteCount else { return .unfinished }
        var check = EncodingCheck()
        var end = place
        repeat {
            guard check.take(bytes.byte(end)) == nil else { return .unusual }
            end &+= 1
        } while check.isInside && end < place &+ 4
        // U+0080 to U+009F are control characters, too.
        guard !check.isInside, byte != 0xC2 || bytes.byte(place &+ 1) >= 0xA0 else {
            return .unusual
        }
        place = end
        return .stopped
    }
}
