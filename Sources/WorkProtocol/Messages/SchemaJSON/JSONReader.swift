/// Reads one JSON text (RFC 8259), strictly: no trailing commas, no comments, no lone surrogates,
/// no name twice in an object, and no nesting deeper than a limit.
struct JSONReader {
    /// Why the text is not JSON, and where.
    struct Problem: Error, Hashable {
        /// Bytes from the beginning.
        var offset: Int
        var line: Int
        /// Bytes from the beginning of the line, from 1.
        var column: Int
        var problem: String
    }

    /// The deepest nesting of arrays and objects.
    static let depthLimit = 32

    private let bytes: [UInt8]
    private var offset = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The value of `text`, which must hold nothing else. Complexity: O(n) for objects of bounded
    /// size.
    static func value(of text: String) throws(Problem) -> JSONValue {
        var reader = JSONReader(Array(text.utf8))
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.offset == reader.bytes.count else { throw reader.problem("the end expected") }
        return value
    }

    private func problem(_ text: String) -> Problem {
        let before = bytes[..<offset]
        let line = before.count { $0 == 0x0A } + 1
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return Problem(offset: offset, line: line, column: offset - start + 1, problem: text)
    }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            offset += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        offset += 1
        return true
    }

    private mutating func value(depth: Int) throws(Problem) -> JSONValue {
        guard depth <= Self.depthLimit else {
            throw problem("nested deeper than \(Self.depthLimit)")
        }
        skipSpace()
        guard let next else { throw problem("a value expected") }
        switch next {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw problem("a value expected")
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(Problem) -> JSONValue {
        guard bytes[offset...].starts(with: word.utf8) else { throw problem("a value expected") }
        offset += word.utf8.count
        return value
    }

    private mutating func array(_ depth: Int) throws(Problem) -> JSONValue {
        offset += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array([]) }
        var values: [JSONValue] = []
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(values) }
            guard take(UInt8(ascii: ",")) else { throw problem("',' or ']' expected") }
        }
    }

    private mutating func object(_ depth: Int) throws(Problem) -> JSONValue {
        offset += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object([]) }
        var members: [JSONMember] = []
        var names: Set<String> = []
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw problem("a name in quotes expected") }
            let name = try string()
            guard names.insert(name).inserted else { throw problem("\"\(name)\" is there twice") }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw problem("':' expected") }
            members.append(JSONMember(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw problem("',' or '}' expected") }
        }
    }

    private mutating func number() throws(Problem) -> JSONValue {
        let start = offset
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        return .number(String(decoding: bytes[start..<offset], as: UTF8.self))
    }

    private mutating func digits() throws(Problem) {
        let start = offset
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            offset += 1
        }
        if offset == start { throw problem("a digit expected") }
    }

    private mutating func string() throws(Problem) -> String {
        offset += 1
        var text: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                offset += 1
                text += try escaped().utf8
            case 0..<0x20:
                throw problem("a control character in a string; write it as \\u")
            default:
                offset += 1
                text.append(byte)
            }
        }
        throw problem("the string does not end")
    }

    private mutating func escaped() throws(Problem) -> String {
        guard let byte = next else { throw problem("the string does not end") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return String(UnicodeScalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try escapedScalar()
        default: throw problem("an escape of JSON expected after '\\'")
        }
    }

    private mutating func escapedScalar() throws(Problem) -> String {
        let first = try fourHexDigits()
        if let scalar = UnicodeScalar(first) { return String(scalar) }
        guard (0xD800..<0xDC00).contains(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u"))
        else { throw problem("half of a surrogate pair") }
        let second = try fourHexDigits()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = UnicodeScalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw problem("half of a surrogate pair") }
        return String(scalar)
    }

    private mutating func fourHexDigits() throws(Problem) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw problem("four hexadecimal digits expected after '\\u'")
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }
}
