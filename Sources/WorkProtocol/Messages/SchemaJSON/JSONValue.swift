/// A JSON text as a tree. Numbers keep their digits, objects their order.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The number as it was written.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])

    /// What it is, for messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let digits): "the number \(digits)"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// The JSON text: on one line, or indented by two spaces a level.
    func text(isIndented: Bool) -> String {
        var output = ""
        append(to: &output, isIndented ? 0 : nil)
        return output
    }

    private func append(to output: inout String, _ depth: Int?) {
        switch self {
        case .null: output += "null"
        case .bool(let value): output += value ? "true" : "false"
        case .number(let digits): output += digits
        case .string(let text): Self.append(quoted: text, to: &output)
        case .array(let values):
            Self.append(values, "[", "]", to: &output, depth) { value, output, depth in
                value.append(to: &output, depth)
            }
        case .object(let members):
            Self.append(members, "{", "}", to: &output, depth) { member, output, depth in
                Self.append(quoted: member.name, to: &output)
                output += depth == nil ? ":" : ": "
                member.value.append(to: &output, depth)
            }
        }
    }

    private static func append<Part>(
        _ parts: [Part], _ opening: Character, _ closing: Character, to output: inout String,
        _ depth: Int?, _ write: (Part, inout String, Int?) -> Void
    ) {
        output.append(opening)
        let inner = depth.map { $0 + 1 }
        for (index, part) in parts.enumerated() {
            if index > 0 { output += "," }
            if let inner { output += "\n" + String(repeating: "  ", count: inner) }
            write(part, &output, inner)
        }
        if let depth, !parts.isEmpty { output += "\n" + String(repeating: "  ", count: depth) }
        output.append(closing)
    }

    private static func append(quoted text: String, to output: inout String) {
        output += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }
}

/// A name and its value in a JSON object.
struct JSONMember: Hashable, Sendable {
    var name: String
    var value: JSONValue
}
