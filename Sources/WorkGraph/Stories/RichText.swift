internal import WorkProtocol

/// Text with formatting, as clients send it: the HTML of Asana's editor, as plain text with its
/// mentions.
///
/// Understands the few elements that editor makes, and refuses others: what is stored may be shown
/// in somebody's browser.
struct RichText {
    /// The text without formatting.
    private(set) var text = ""
    /// The gids mentioned (`data-asana-gid`), in order.
    private(set) var mentions: [UInt64] = []

    /// Elements allowed; those that are true begin a line of their own.
    private static let elements: [String: Bool] = [
        "body": false, "strong": false, "b": false, "em": false, "i": false, "u": false, "s": false,
        "code": false, "a": false, "span": false, "img": false, "br": true, "hr": true, "p": true,
        "div": true, "h1": true, "h2": true, "ul": true, "ol": true, "li": true, "pre": true,
        "blockquote": true, "table": true, "tr": true, "td": false, "object": false,
    ]

    /// Reads HTML; nil, with the reason in the rejection, if it is not what is allowed. O(n).
    init(html: String, _ field: String) throws(Rejection) {
        var bytes = ArraySlice(html.utf8)
        var plain: [UInt8] = []
        var open: [String] = []
        while let byte = bytes.first {
            switch byte {
            case UInt8(ascii: "<"):
                guard let end = Self.end(ofElement: bytes) else {
                    throw .badField(
                        field, "The HTML has a \"<\" that no \">\" closes, or a quote out of place."
                    )
                }
                let element = String(decoding: bytes[(bytes.startIndex + 1)..<end], as: UTF8.self)
                bytes = bytes[(end + 1)...]
                try take(element, &open, &plain, field)
            case UInt8(ascii: "&"):
                guard let (characters, count) = Self.entity(bytes) else {
                    throw .badField(field, "The HTML has an \"&\" that begins no character.")
                }
                plain += characters
                bytes = bytes.dropFirst(count)
            default:
                plain.append(byte)
                bytes = bytes.dropFirst()
            }
        }
        guard open.isEmpty else {
            throw .badField(field, "The HTML opens <\(open[0])> and does not close it.")
        }
        while plain.last == 0x0A { plain.removeLast() }
        text = String(decoding: plain, as: UTF8.self)
    }

    /// The place of the `>` that closes an element; those within quotes do not count. Nil if there
    /// is none, and for what a browser might read otherwise: a quote that does not begin a value,
    /// another `<`. (To a browser `<a x=y"> … <a z=">` is two elements.)
    private static func end(ofElement bytes: ArraySlice<UInt8>) -> Int? {
        var quote: UInt8?
        var before = UInt8(ascii: "<")
        for index in bytes.indices.dropFirst() {
            let byte = bytes[index]
            if let open = quote {
                if byte == open { quote = nil }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                guard before == UInt8(ascii: "=") else { return nil }
                quote = byte
            case UInt8(ascii: "<"), UInt8(ascii: "`"): return nil
            case UInt8(ascii: ">"): return index
            default: break
            }
            if byte != 0x20, byte != 0x09, byte != 0x0A { before = byte }
        }
        return nil
    }

    private mutating func take(
        _ element: String, _ open: inout [String], _ plain: inout [UInt8], _ field: String
    ) throws(Rejection) {
        let isEnd = element.hasPrefix("/")
        let isWhole = element.hasSuffix("/")
        let name = element.dropFirst(isEnd ? 1 : 0).prefix { $0.isLetter || $0.isNumber }
            .lowercased()
        guard let beginsLine = Self.elements[name] else {
            throw .badField(field, "The HTML element <\(name.prefix(32))> is not allowed here.")
        }
        if beginsLine, !plain.isEmpty, plain.last != 0x0A { plain.append(0x0A) }
        if isEnd {
            guard open.popLast() == name else {
                throw .badField(field, "The HTML closes <\(name)> where it is not open.")
            }
            return
        }
        if name == "li" { plain += Array("- ".utf8) }
        try readAttributes(element.dropFirst(name.count), field)
        if !isWhole, name != "br", name != "hr", name != "img" { open.append(name) }
    }

    /// Notes whom an element mentions, and refuses attributes that could run scripts.
    private mutating func readAttributes(
        _ attributes: Substring, _ field: String
    ) throws(Rejection) {
        for attribute in HTMLAttribute.all(in: attributes) {
            guard attribute.isHarmless else {
                throw .badField(
                    field, "The HTML attribute \(attribute.name.prefix(32)) is not allowed here.")
            }
            if attribute.name == "data-asana-gid", let gid = Gid(attribute.value) {
                mentions.append(gid.rawValue)
            }
        }
    }

    /// The UTF-8 bytes of a character reference, and how many bytes it takes.
    private static func entity(_ bytes: ArraySlice<UInt8>) -> ([UInt8], Int)? {
        guard let end = bytes.prefix(12).firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let name = String(decoding: bytes[(bytes.startIndex + 1)..<end], as: UTF8.self)
        let count = end - bytes.startIndex + 1
        switch name {
        case "lt": return ([0x3C], count)
        case "gt": return ([0x3E], count)
        case "amp": return ([0x26], count)
        case "quot": return ([0x22], count)
        case "apos": return ([0x27], count)
        case "nbsp": return (Array("\u{A0}".utf8), count)
        default: break
        }
        guard name.hasPrefix("#") else { return nil }
        let isHexadecimal = name.hasPrefix("#x") || name.hasPrefix("#X")
        let number = UInt32(name.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10)
        // Control characters stay out, however they are written.
        guard let number, let scalar = Unicode.Scalar(number), number >= 0x20,
            !(0x7F...0x9F).contains(number)
        else { return number == 0x0A || number == 0x09 ? ([UInt8(number ?? 0x20)], count) : nil }
        return (Array(String(Character(scalar)).utf8), count)
    }

    /// The gids mentioned in plain text: `@` and digits, in order. O(n).
    static func mentions(in text: String) -> [UInt64] {
        var text = text
        return text.withUTF8 { hasMention(unsafe UnsafeRawBufferPointer($0).bytes) }
            ? allMentions(in: text) : []
    }

    /// Whether there is an `@` at all. Eight bytes at a time: most texts have none.
    private static func hasMention(_ bytes: RawSpan) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var offset = 0
        while offset &+ 8 <= bytes.byteCount {
            let word = unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt64.self)
            // A byte that is an `@` becomes zero, and only a zero borrows into its own top bit.
            let rest = word ^ (ones &* UInt64(UInt8(ascii: "@")))
            if (rest &- ones) & ~rest & (ones &* 0x80) != 0 { return true }
            offset &+= 8
        }
        while offset < bytes.byteCount {
            let byte = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
            if byte == UInt8(ascii: "@") {
                return true
            }
            offset &+= 1
        }
        return false
    }

    private static func allMentions(in text: String) -> [UInt64] {
        var mentions: [UInt64] = []
        var digits: [UInt8]?
        func finish() {
            guard let found = digits, !found.isEmpty else { return }
            if let gid = Gid(String(decoding: found, as: UTF8.self)) {
                mentions.append(gid.rawValue)
            }
        }
        for byte in text.utf8 {
            if byte == UInt8(ascii: "@") {
                finish()
                digits = []
            } else if byte >= 0x30, byte <= 0x39, digits != nil {
                digits?.append(byte)
            } else {
                finish()
                digits = nil
            }
        }
        finish()
        return mentions
    }
}

/// What somebody wrote, with or without formatting.
struct Writing {
    var text: String
    var html: String
    var mentions: [UInt64]

    /// The most bytes of plain text that notes and comments have.
    private static let textMax = 65_536

    /// Of what a request brings; formatting, if there is any, says what the text is.
    init(text: String, html: String, _ field: String) throws(Rejection) {
        self.text = text
        self.html = html
        mentions = RichText.mentions(in: text)
        guard !html.isEmpty else { return }
        let rich = try RichText(html: html, "html_\(field)")
        guard rich.text.utf8.count <= Self.textMax else {
            throw .badField(
                "html_\(field)",
                "\(rich.text.utf8.count) bytes without formatting, at most \(Self.textMax).")
        }
        self.text = rich.text
        mentions = rich.mentions + RichText.mentions(in: rich.text)
    }
}
