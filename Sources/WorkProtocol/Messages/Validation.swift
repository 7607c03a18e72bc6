/// A value that breaks a limit of the schema: where it is and what is wrong with it.
@usableFromInline
package struct FieldViolation: Error, Hashable, Sendable, CustomStringConvertible {
    /// The field's names in the schema from the outermost message, with the places in repeated
    /// fields: `tasks[3].name`.
    package var path: String
    /// What is wrong, with both figures: `1300 bytes, at most 1024`.
    package var problem: String

    package init(path: String, problem: String) {
        self.path = path
        self.problem = problem
    }

    /// The same violation, seen from the message that has this one in `field`.
    func within(_ field: StaticString, _ index: Int? = nil) -> FieldViolation {
        let place = index.map { "[\($0)]" } ?? ""
        return FieldViolation(path: "\(field)\(place).\(path)", problem: problem)
    }

    @usableFromInline package var description: String { "\(path): \(problem)" }
}

/// The rule for the characters of a string (`text` in the schema's options).
package enum TextRule: Hashable, Sendable {
    case any, line, prose

    /// The first control character in `bytes` (valid UTF-8) that the rule forbids.
    ///
    /// Complexity: O(n), eight bytes at a time while they are printable ASCII.
    func forbiddenCharacter(in bytes: RawSpan) -> UInt32? {
        let count = bytes.byteCount
        var offset = 0
        while true {
            while offset &+ 8 <= count {
                let word = unsafe bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: offset, as: UInt64.self)
                guard Self.isPrintable(word) else { break }
                offset &+= 8
            }
            // Byte by byte over what is not plain, and over the end.
            let stop = min(offset &+ 8, count)
            while offset < stop {
                if let found = forbiddenCharacter(at: offset, in: bytes) { return found }
                offset &+= 1
            }
            if offset == count { return nil }
        }
    }

    /// Whether all eight bytes are from 0x20 to 0x7E: none has its top bit set, and neither
    /// subtracting 0x20 borrows into the top bit nor adding 1 carries into it.
    private static func isPrintable(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops = ones &* 0x80
        if word & tops != 0 { return false }
        return ((word | tops) &- ones &* 0x20) & tops == tops && (word &+ ones) & tops == 0
    }

    /// The character at `offset`, if it is a control character the rule forbids. C1 controls
    /// (U+0080 to U+009F) are C2 80 to C2 9F in UTF-8.
    private func forbiddenCharacter(at offset: Int, in bytes: RawSpan) -> UInt32? {
        let byte = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
        if byte < 0x20 {
            let isAllowed = self == .prose && (byte == 0x09 || byte == 0x0A)
            return isAllowed ? nil : UInt32(byte)
        }
        if byte == 0x7F { return UInt32(byte) }
        guard byte & 0xE0 == 0x80, offset > 0 else { return nil }
        let lead = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset - 1, as: UInt8.self)
        return lead == 0xC2 ? UInt32(byte) : nil
    }
}

/// The checks that generated `validate` methods consist of.
enum FieldLimit {
    static func check(
        _ field: StaticString, _ text: String, bytes limit: Int = .max, _ rule: TextRule = .any
    ) throws(FieldViolation) {
        if let problem = problem(of: text, limit, rule) {
            throw FieldViolation(path: "\(field)", problem: problem)
        }
    }

    static func check(
        _ field: StaticString, _ blob: [UInt8], bytes limit: Int
    ) throws(FieldViolation) {
        try check(field, size: blob.count, "bytes", limit)
    }

    static func check(
        _ field: StaticString, count: Int, atMost limit: Int
    ) throws(FieldViolation) {
        try check(field, size: count, "values", limit)
    }

    static func check(
        _ field: StaticString, each texts: [String], bytes limit: Int = .max,
        _ rule: TextRule = .any
    ) throws(FieldViolation) {
        for (index, text) in texts.enumerated() {
            guard let problem = problem(of: text, limit, rule) else { continue }
            throw FieldViolation(path: "\(field)[\(index)]", problem: problem)
        }
    }

    static func check(
        _ field: StaticString, each blobs: [[UInt8]], bytes limit: Int
    ) throws(FieldViolation) {
        for (index, blob) in blobs.enumerated() where blob.count > limit {
            throw FieldViolation(
                path: "\(field)[\(index)]", problem: "\(blob.count) bytes, at most \(limit)")
        }
    }

    static func check<Value: Message>(
        _ field: StaticString, message: Value
    ) throws(FieldViolation) {
        do { try message.validate() } catch { throw error.within(field) }
    }

    static func check<Value: Message>(
        _ field: StaticString, messages: [Value]
    ) throws(FieldViolation) {
        for (index, message) in messages.enumerated() {
            do { try message.validate() } catch { throw error.within(field, index) }
        }
    }

    private static func check(
        _ field: StaticString, size: Int, _ unit: StaticString, _ limit: Int
    ) throws(FieldViolation) {
        if size > limit {
            throw FieldViolation(path: "\(field)", problem: "\(size) \(unit), at most \(limit)")
        }
    }

    private static func problem(of text: String, _ limit: Int, _ rule: TextRule) -> String? {
        let count = text.utf8.count
        if count > limit { return "\(count) bytes, at most \(limit)" }
        guard rule != .any else { return nil }
        var text = text
        let found = text.withUTF8 { characters in
            unsafe rule.forbiddenCharacter(in: UnsafeRawBufferPointer(characters).bytes)
        }
        return found.map { "the control character U+\(hexadecimal($0))" }
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
