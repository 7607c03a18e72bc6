/// Writes JSON, compact or with two spaces of indentation a level, as Asana's `opt_pretty` does.
///
/// Text is written in the clear (UTF-8); only what JSON demands is escaped. The writer keeps the
/// commas; the caller keeps the order: a `key` before each value in an object.
package struct JSONWriter {
    /// What has been written and not taken yet.
    package private(set) var bytes: [UInt8] = []
    private let isPretty: Bool
    /// For each open array or object: whether it has something in it.
    private var filled: [Bool] = []
    private var isAfterKey = false
    /// A line feed, and the blanks a line begins with now: at hand, since there is one before
    /// nearly every value.
    private var lineStart: [UInt8] = [0x0A]

    package init(pretty: Bool = false) { isPretty = pretty }

    /// Hands over what has been written since the last time.
    package mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    package mutating func beginObject() { open(0x7B) }
    package mutating func endObject() { close(0x7D) }
    package mutating func beginArray() { open(0x5B) }
    package mutating func endArray() { close(0x5D) }

    package mutating func key(_ name: String) {
        separate()
        quoted(name)
        bytes.append(0x3A)
        if isPretty { bytes.append(0x20) }
        isAfterKey = true
    }

    package mutating func string(_ text: String) {
        separate()
        quoted(text)
    }

    /// A number as it is to be written. Precondition: JSON allows it.
    package mutating func number(_ text: String) { raw(text) }
    package mutating func number(_ value: Int64) { raw(String(value)) }
    package mutating func bool(_ flag: Bool) { raw(flag ? "true" : "false") }
    package mutating func null() { raw("null") }

    package mutating func string(_ name: String, _ text: String) {
        key(name)
        string(text)
    }

    package mutating func bool(_ name: String, _ flag: Bool) {
        key(name)
        bool(flag)
    }

    package mutating func number(_ name: String, _ value: Int64) {
        key(name)
        number(value)
    }

    /// A member that is text, or null.
    package mutating func string(_ name: String, orNull text: String?) {
        key(name)
        if let text { string(text) } else { null() }
    }

    /// A whole value as it was read.
    package mutating func node(_ node: JSONNode) {
        switch node.value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .number(let text): number(text)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.node(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                key(member.name)
                self.node(member.value)
            }
            endObject()
        }
    }

    /// Ends the text with a line feed.
    package mutating func endDocument() {
        precondition(filled.isEmpty, "everything that was opened is closed")
        bytes.append(0x0A)
    }

    // MARK: - Punctuation

    private mutating func raw(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        filled.append(false)
        if isPretty { lineStart += [0x20, 0x20] }
    }

    private mutating func close(_ bracket: UInt8) {
        let wasFilled = filled.removeLast()
        if isPretty { lineStart.removeLast(2) }
        if wasFilled { newLine() }
        bytes.append(bracket)
    }

    /// What stands before a value or a key: nothing after a key, else comma and new line.
    private mutating func separate() {
        if isAfterKey {
            isAfterKey = false
            return
        }
        guard let isFilled = filled.last else { return }
        if isFilled { bytes.append(0x2C) }
        filled[filled.count - 1] = true
        newLine()
    }

    private mutating func newLine() {
        if isPretty { bytes.append(contentsOf: lineStart) }
    }

    private static func needsEscape(_ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            let byte = text[index]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { return true }
        }
        return false
    }

    private mutating func quoted(_ text: String) {
        bytes.append(0x22)
        guard Self.needsEscape(text.utf8.span) else {
            bytes.append(contentsOf: text.utf8)
            bytes.append(0x22)
            return
        }
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C:
                bytes.append(0x5C)
                bytes.append(byte)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case 0x00..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                if byte < 0x10 { bytes.append(0x30) }
                bytes.append(contentsOf: String(byte, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }
}
