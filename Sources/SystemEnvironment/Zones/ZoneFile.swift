/// One time zone: a TZif file of version 2 or later (RFC 9636), of which the 64-bit part is read
/// and the rule in the footer, which is for all times after the last transition.
struct ZoneFile {
    /// Seconds since 1970 from which `types[index]` is in force, ascending.
    private let transitions: [Int64]
    private let typeOfTransition: [Int]
    /// Seconds ahead of UTC.
    private let offsets: [Int]
    private let rule: ZoneRule?

    private struct Counts {
        var isUT, isStandard, leaps, transitions, types, characters: Int

        /// The bytes that follow the header, when a time has `timeSize` bytes.
        func size(_ timeSize: Int) -> Int {
            transitions * (timeSize + 1) + types * 6 + characters + leaps * (timeSize + 4)
                + isStandard + isUT
        }
    }

    private static let headerSize = 44

    /// nil for bytes that are no such file.
    init?(_ bytes: [UInt8]) {
        guard let first = Self.header(bytes, at: 0) else { return nil }
        let second = Self.headerSize + first.size(4)
        guard let counts = Self.header(bytes, at: second) else { return nil }
        let start = second + Self.headerSize
        let end = start + counts.size(8)
        guard counts.types > 0, end <= bytes.count else { return nil }

        let typesAt = start + counts.transitions * 9
        transitions = (0..<counts.transitions).map { Self.integer64(bytes, at: start + $0 * 8) }
        typeOfTransition = (0..<counts.transitions).map {
            Int(bytes[start + counts.transitions * 8 + $0])
        }
        offsets = (0..<counts.types).map { Self.integer32(bytes, at: typesAt + $0 * 6) }
        let isAscending = zip(transitions, transitions.dropFirst()).allSatisfy { $0 < $1 }
        guard isAscending, typeOfTransition.allSatisfy({ $0 < counts.types }) else { return nil }

        // The footer is one line between two line feeds.
        let footer = bytes[end...]
        guard footer.first == 0x0a, let close = footer.dropFirst().firstIndex(of: 0x0a) else {
            return nil
        }
        let text = footer[(end + 1)..<close]
        rule = ZoneRule(Array(text))
        if !text.isEmpty && rule == nil { return nil }
    }

    /// Seconds ahead of UTC at `seconds` since 1970. O(log transitions).
    func offset(at seconds: Int64) -> Int {
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        if low == 0 {
            // Before the first transition: the first type, unless there is a rule and nothing else.
            if transitions.isEmpty, let rule { return rule.offset(at: seconds) }
            return offsets[0]
        }
        if low == transitions.count, let rule { return rule.offset(at: seconds) }
        return offsets[typeOfTransition[low - 1]]
    }

    // MARK: Reading

    private static func header(_ bytes: [UInt8], at place: Int) -> Counts? {
        guard place >= 0, place + headerSize <= bytes.count,
            bytes[place..<(place + 4)].elementsEqual("TZif".utf8), bytes[place + 4] >= 0x32
        else { return nil }
        let numbers = (0..<6).map { integer32(bytes, at: place + 20 + $0 * 4) }
        // No zone has more than some hundreds of anything.
        guard numbers.allSatisfy({ (0...100_000).contains($0) }) else { return nil }
        return Counts(
            isUT: numbers[0], isStandard: numbers[1], leaps: numbers[2],
            transitions: numbers[3], types: numbers[4], characters: numbers[5])
    }

    private static func integer32(_ bytes: [UInt8], at place: Int) -> Int {
        var value: UInt32 = 0
        for byte in bytes[place..<(place + 4)] { value = value << 8 | UInt32(byte) }
        return Int(Int32(bitPattern: value))
    }

    private static func integer64(_ bytes: [UInt8], at place: Int) -> Int64 {
        var value: UInt64 = 0
        for byte in bytes[place..<(place + 8)] { value = value << 8 | UInt64(byte) }
        return Int64(bitPattern: value)
    }
}
