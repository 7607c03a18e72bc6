/// One attribute of an HTML element: `href="https://example.com"`.
struct HTMLAttribute: Equatable {
    /// In lower case.
    var name: String
    /// Without quotes; as it is written, so characters may still be references.
    var value: String

    /// The attributes in what follows an element's name. O(n).
    static func all(in text: Substring) -> [HTMLAttribute] {
        var attributes: [HTMLAttribute] = []
        var rest = text.drop(while: isBetween)
        while !rest.isEmpty {
            let name = rest.prefix { !isBetween($0) && $0 != "=" }
            rest = rest.dropFirst(name.count).drop(while: isBetween)
            var value: Substring = ""
            if rest.first == "=" {
                rest = rest.dropFirst().drop(while: isBetween)
                if let quote = rest.first, quote == "\"" || quote == "'" {
                    value = rest.dropFirst().prefix { $0 != quote }
                    rest = rest.dropFirst(value.count + 2)
                } else {
                    value = rest.prefix { !$0.isWhitespace }
                    rest = rest.dropFirst(value.count)
                }
            }
            attributes.append(HTMLAttribute(name: name.lowercased(), value: String(value)))
            rest = rest.drop(while: isBetween)
        }
        return attributes
    }

    private static func isBetween(_ character: Character) -> Bool {
        character.isWhitespace || character == "/"
    }

    /// Whether it can stand in what others are shown: no handler of events, no address that is not
    /// of the web or of mail, no style that fetches something.
    var isHarmless: Bool {
        let folded = value.lowercased().filter { !$0.isWhitespace }
        if name.isEmpty || name.hasPrefix("on") { return false }
        switch name {
        case "href", "src":
            let isKnown = ["https://", "http://", "mailto:", "/"].contains { folded.hasPrefix($0) }
            return isKnown || !(folded.contains(":") || folded.contains("&"))
        case "style":
            return !["url(", "expression", "@", "\\", "&"].contains { folded.contains($0) }
        case "srcdoc", "formaction", "action", "background", "ping": return false
        default: return true
        }
    }
}
