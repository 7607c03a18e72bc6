internal import ByteCoding

/// A strict pull parser for JSON (RFC 8259) that reads a source in chunks: memory is bounded by the
/// longest string, whatever the size of the document.
///
/// Strict: no comments, no trailing commas, nothing after the document, no raw control characters
/// in strings, no leading zeros. Nesting is limited to `depthMax`. Escapes that are half of a
/// surrogate pair become U+FFFD and are reported in `notices`.
package struct JSONReader {
    /// What may come next.
    enum Expectation { case value, firstValueOrEnd, firstKeyOrEnd, key, colon, commaOrEnd, end }

    /// How deep arrays and objects may be nested.
    package static let depthMax = 128
    /// The longest string or number, in bytes of the document.
    package static let tokenBytesMax = 16 << 20

    private let source: any ByteSource
    private var chunk: [UInt8] = []
    private var offset = 0
    private var isExhausted = false
    private var encoding = EncodingCheck()

    /// One entry for each open array (false) or object (true).
    private var nesting: [Bool] = []
    private var expectation = Expectation.value

    /// Where the next byte stands.
    package private(set) var place = TextPlace.start
    /// Where the token that was read last began.
    package private(set) var tokenPlace = TextPlace.start
    /// What was mended on the way: lone surrogates.
    package private(set) var notices: [TextProblem] = []

    package init(_ source: any ByteSource) { self.source = source }

    /// How many arrays and objects are open.
    package var depth: Int { nesting.count }

    /// The next token, or nil after the end of the document.
    package mutating func next() throws(TextProblem) -> JSONToken? {
        while true {
            try skipBlanks()
            tokenPlace = place
            guard let byte = try peek() else { return try atEnd() }
            switch expectation {
            case .end:
                throw problem("text after the end of the document")
            case .colon:
                guard byte == 0x3A else { throw problem("expected ':'") }
                advance()
                expectation = .value
            case .commaOrEnd:
                if byte == 0x2C {
                    advance()
                    expectation = nesting.last == true ? .key : .value
                } else {
                    return try close(byte, "expected ',' or the end of the \(containerName)")
                }
            case .firstKeyOrEnd where byte == 0x7D, .firstValueOrEnd where byte == 0x5D:
                return try close(byte, "expected a value")
            case .firstKeyOrEnd, .key:
                guard byte == 0x22 else { throw problem("expected a member's name in quotes") }
                let name = try string()
                expectation = .colon
                return .key(name)
            case .value, .firstValueOrEnd:
                return try value(byte)
            }
        }
    }

    // MARK: - Structure

    private mutating func value(_ byte: UInt8) throws(TextProblem) -> JSONToken {
        switch byte {
        case 0x7B: return try open(isObject: true)
        case 0x5B: return try open(isObject: false)
        case 0x22:
            let text = try string()
            endValue()
            return .string(text)
        case 0x2D, 0x30...0x39:
            let text = try number()
            endValue()
            return .number(text)
        case 0x74: return try word("true", .bool(true))
        case 0x66: return try word("false", .bool(false))
        case 0x6E: return try word("null", .null)
        default: throw problem("expected a value")
        }
    }

    private mutating func open(isObject: Bool) throws(TextProblem) -> JSONToken {
        guard nesting.count < JSONReader.depthMax else {
            throw problem("nested deeper than \(JSONReader.depthMax)")
        }
        advance()
        nesting.append(isObject)
        expectation = isObject ? .firstKeyOrEnd : .firstValueOrEnd
        return isObject ? .beginObject : .beginArray
    }

    private mutating func close(_ byte: UInt8, _ message: String) throws(TextProblem) -> JSONToken {
        guard let isObject = nesting.last, byte == (isObject ? 0x7D : 0x5D) else {
            throw problem(message)
        }
        advance()
        nesting.removeLast()
        endValue()
        return isObject ? .endObject : .endArray
    }

    private mutating func endValue() { expectation = nesting.isEmpty ? .end : .commaOrEnd }

    private var containerName: String { nesting.last == true ? "object" : "array" }

    private func atEnd() throws(TextProblem) -> JSONToken? {
        if expectation == .end { return nil }
        if nesting.isEmpty { throw problem("the document is empty") }
        throw problem("the document ends inside an \(containerName): it is cut off")
    }

    // MARK: - Scalars

    private mutating func word(_ text: StaticString, _ token: JSONToken) throws(TextProblem)
        -> JSONToken
    {
        for expected in "\(text)".utf8 {
            guard try peek() == expected else { throw problem("expected a value") }
            advance()
        }
        endValue()
        return token
    }

    private mutating func number() throws(TextProblem) -> String {
        var text: [UInt8] = []
        if try peek() == 0x2D { try take(into: &text) }
        if try peek() == 0x30 {
            try take(into: &text)
        } else {
            try digits(into: &text)
        }
        if try peek() == 0x2E {
            try take(into: &text)
            try digits(into: &text)
        }
        if let byte = try peek(), byte | 0x20 == 0x65 {
            try take(into: &text)
            if let sign = try peek(), sign == 0x2B || sign == 0x2D { try take(into: &text) }
            try digits(into: &text)
        }
        if let byte = try peek(), (0x30...0x39).contains(byte) || byte == 0x2E {
            throw TextProblem(tokenPlace, "not a number as JSON writes them")
        }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func digits(into text: inout [UInt8]) throws(TextProblem) {
        guard let first = try peek(), (0x30...0x39).contains(first) else {
            throw problem("expected a digit")
        }
        while let byte = try peek(), (0x30...0x39).contains(byte) { try take(into: &text) }
    }

    private mutating func string() throws(TextProblem) -> String {
        let start = place
        advance()
        if let text = plainString() { return text }
        var text: [UInt8] = []
        while true {
            takePlain(into: &text)
            guard let byte = try peek() else {
                throw TextProblem(start, "the string that begins here is not closed")
            }
            switch byte {
            case 0x22:
                advance()
                return String(decoding: text, as: UTF8.self)
            case 0x5C:
                try escape(into: &text)
            case 0x00..<0x20:
                throw problem("a raw control character in a string")
            default:
                try take(into: &text)
            }
            if text.count > JSONReader.tokenBytesMax {
                throw TextProblem(start, "a string of more than \(JSONReader.tokenBytesMax) bytes")
            }
        }
    }

    /// The rest of a string of plain ASCII that ends in this chunk: what most are.
    private mutating func plainString() -> String? {
        let end = plainEnd()
        guard end < chunk.count, chunk[end] == 0x22, !encoding.isInside else { return nil }
        let text = String(decoding: chunk[offset..<end], as: UTF8.self)
        place.column += end + 1 - offset
        offset = end + 1
        return text
    }

    /// Where the plain ASCII characters end that the chunk goes on with, by words of eight bytes.
    private func plainEnd() -> Int {
        let bytes = unsafe chunk.span.bytes
        var end = offset
        while end &+ 8 <= bytes.byteCount {
            let word = bytes.word(end)
            let found =
                ByteWords.unprintable(word) | ByteWords.equal(word, 0x22)
                | ByteWords.equal(word, 0x5C)
            guard found == 0 else {
                end &+= ByteWords.first(found)
                // Which is printable enough for JSON.
                guard bytes.byte(end) == 0x7F else { return end }
                end &+= 1
                continue
            }
            end &+= 8
        }
        while end < bytes.byteCount {
            let byte = bytes.byte(end)
            if byte < 0x20 || byte >= 0x80 || byte == 0x22 || byte == 0x5C { break }
            end &+= 1
        }
        return end
    }

    /// Takes as many plain ASCII characters as the chunk has.
    private mutating func takePlain(into text: inout [UInt8]) {
        let start = offset
        let end = plainEnd()
        guard end > start, !encoding.isInside else { return }
        text.append(contentsOf: chunk[start..<end])
        place.column += end - start
        offset = end
    }

    private mutating func escape(into text: inout [UInt8]) throws(TextProblem) {
        let start = place
        advance()
        guard let byte = try peek() else {
            throw TextProblem(start, "the document ends inside a string: it is cut off")
        }
        switch byte {
        case 0x22, 0x5C, 0x2F: text.append(byte)
        case 0x62: text.append(0x08)
        case 0x66: text.append(0x0C)
        case 0x6E: text.append(0x0A)
        case 0x72: text.append(0x0D)
        case 0x74: text.append(0x09)
        case 0x75: return try unicodeEscape(start, into: &text)
        default: throw TextProblem(start, "an escape that JSON does not have")
        }
        advance()
    }

    private mutating func unicodeEscape(_ start: TextPlace, into text: inout [UInt8])
        throws(TextProblem)
    {
        advance()
        var unit = try hexadecimal(start)
        while true {
            guard (0xD800...0xDBFF).contains(unit) else { break }
            // A high half needs a low half right behind it.
            guard try peek() == 0x5C, try peek(1) == 0x75 else { break }
            let second = place
            advance()
            advance()
            let low = try hexadecimal(second)
            if (0xDC00...0xDFFF).contains(low) {
                unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
                break
            }
            loneSurrogate(unit, at: start, into: &text)
            unit = low
        }
        if let scalar = Unicode.Scalar(unit) {
            text.append(contentsOf: Array(String(Character(scalar)).utf8))
        } else {
            loneSurrogate(unit, at: start, into: &text)
        }
    }

    private mutating func loneSurrogate(
        _ unit: UInt32, at place: TextPlace, into text: inout [UInt8]
    ) {
        let name = String(unit, radix: 16, uppercase: true)
        notices.append(TextProblem(place, "the lone surrogate U+\(name) was replaced by U+FFFD"))
        text += [0xEF, 0xBF, 0xBD]
    }

    private mutating func hexadecimal(_ start: TextPlace) throws(TextProblem) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = try peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw TextProblem(start, "expected four hexadecimal digits after \\u") }
            value = value << 4 | UInt32(digit)
            advance()
        }
        return value
    }

    // MARK: - Bytes

    private func problem(_ message: String) -> TextProblem { TextProblem(place, message) }

    private mutating func skipBlanks() throws(TextProblem) {
        while true {
            var end = offset
            while end < chunk.count, chunk[end] == 0x20 { end &+= 1 }
            place.column += end - offset
            offset = end
            guard let byte = try peek(),
                byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
            else { return }
            advance()
        }
    }

    /// The byte `distance` ahead (0 or 1), if the document has it.
    private mutating func peek(_ distance: Int = 0) throws(TextProblem) -> UInt8? {
        while offset + distance >= chunk.count, !isExhausted {
            let isFirst = place == .start && chunk.isEmpty
            chunk.removeSubrange(..<offset)
            offset = 0
            let more = try source.read()
            if more.isEmpty { isExhausted = true }
            chunk += more
            if isFirst, chunk.first == 0xEF { try skipByteOrderMark() }
        }
        return offset + distance < chunk.count ? chunk[offset + distance] : nil
    }

    private mutating func skipByteOrderMark() throws(TextProblem) {
        while chunk.count < 3 {
            let more = try source.read()
            if more.isEmpty { break }
            chunk += more
        }
        if chunk.starts(with: CSVWriter.byteOrderMark) { offset = 3 }
    }

    /// Passes over an ASCII byte. Precondition: it was peeked.
    private mutating func advance() {
        if chunk[offset] == 0x0A {
            place = TextPlace(line: place.line + 1, column: 1)
        } else {
            place.column += 1
        }
        offset += 1
    }

    /// Takes a peeked byte that may be part of a longer character.
    private mutating func take(into text: inout [UInt8]) throws(TextProblem) {
        let byte = chunk[offset]
        if let message = encoding.take(byte) { throw problem(message) }
        text.append(byte)
        offset += 1
        // A character counts when its first byte has been seen.
        if byte & 0xC0 != 0x80 { place.column += 1 }
    }
}
