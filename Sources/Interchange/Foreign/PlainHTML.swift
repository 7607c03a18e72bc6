/// Formatting of foreign notes that can be taken over as it is: the elements of Asana's editor
/// without attributes, but for links to the web. Everything else (mentions, whose ids mean somebody
/// else here, images, tables with attributes) is left, and the text is what remains.
enum PlainHTML {
    private static let elements: Set<String> = [
        "body", "strong", "em", "u", "s", "code", "ol", "ul", "li", "a", "h1", "h2", "pre",
        "blockquote",
    ]
    private static let entities: Set<String> = ["lt", "gt", "amp", "quot", "apos", "nbsp"]
    private static let bytesMax = 131_072

    /// Whether all of `html` is of that kind, and what is opened is closed. Complexity: O(n).
    static func accepts(_ html: String) -> Bool {
        guard html.utf8.count <= bytesMax, CleanText.prose(html, limit: bytesMax).changes.isEmpty
        else { return false }
        var open: [Substring] = []
        var rest = html[...]
        while let next = rest.firstIndex(where: { $0 == "<" || $0 == "&" }) {
            let end: Character = rest[next] == "<" ? ">" : ";"
            guard let last = rest[next...].firstIndex(of: end) else { return false }
            let content = rest[rest.index(after: next)..<last]
            let isGood =
                rest[next] == "<"
                ? accepts(element: content, &open) : entities.contains(String(content))
            guard isGood else { return false }
            rest = rest[rest.index(after: last)...]
        }
        return open.isEmpty
    }

    private static func accepts(element: Substring, _ open: inout [Substring]) -> Bool {
        if element.first == "/" {
            let name = element.dropFirst()
            return elements.contains(String(name)) && open.popLast() == name
        }
        let name = element.prefix { $0 != " " }
        let attributes = element.dropFirst(name.count).trimmed
        guard elements.contains(String(name)) else { return false }
        open.append(name)
        if attributes.isEmpty { return true }
        guard name == "a", attributes.hasPrefix("href=\""), attributes.hasSuffix("\"") else {
            return false
        }
        let address = attributes.dropFirst(6).dropLast()
        return !address.contains("\"") && !WebAddress.accepted(String(address)).isEmpty
    }
}
