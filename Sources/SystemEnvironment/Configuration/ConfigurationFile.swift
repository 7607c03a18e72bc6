/// A configuration file: the part of TOML that a flat list of settings needs.
///
/// Keys (`a-z`, digits, `_`), and as values basic strings, integers, booleans and arrays of
/// strings; comments; one setting a line. By hand because the TOML library at hand brings
/// Foundation and its tables of the world's languages into the daemon (`Decisions/0008`).
package struct ConfigurationFile: Sendable {
    package enum Value: Equatable, Sendable {
        case text(String)
        case number(Int64)
        case flag(Bool)
        case list([String])
    }

    /// What is wrong with a file, and in which line, from 1.
    package struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
        package var line: Int
        package var message: String
        package var description: String { "line \(line): \(message)" }

        package init(line: Int, message: String) {
            self.line = line
            self.message = message
        }
    }

    /// The settings, each with its line.
    package private(set) var settings: [String: (value: Value, line: Int)] = [:]

    /// The largest file that is read, in bytes.
    package static let bytesMax = 1 << 20

    /// Reads a file's text. O(n).
    package init(_ text: String) throws(Problem) {
        for (index, line) in text.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).enumerated() {
            var scanner = LineScanner(line, number: index + 1)
            guard let (key, value) = try scanner.setting() else { continue }
            guard settings[key] == nil else {
                throw Problem(line: index + 1, message: "\(key) is set twice")
            }
            settings[key] = (value, index + 1)
        }
    }

    package func text(_ key: String) throws(Problem) -> String? {
        guard let (value, line) = settings[key] else { return nil }
        guard case .text(let text) = value else {
            throw Problem(line: line, message: "\(key) must be a string, in quotes")
        }
        return text
    }

    package func number(_ key: String) throws(Problem) -> Int64? {
        guard let (value, line) = settings[key] else { return nil }
        guard case .number(let number) = value else {
            throw Problem(line: line, message: "\(key) must be a whole number")
        }
        return number
    }

    package func list(_ key: String) throws(Problem) -> [String]? {
        guard let (value, line) = settings[key] else { return nil }
        guard case .list(let list) = value else {
            throw Problem(line: line, message: "\(key) must be an array of strings")
        }
        return list
    }

    /// Refuses settings that nobody reads: a misspelt one would be silently without effect.
    package func requireKnown(_ keys: Set<String>) throws(Problem) {
        for (key, setting) in settings.sorted(by: { $0.value.line < $1.value.line })
        where !keys.contains(key) {
            throw Problem(
                line: setting.line,
                message:
                    "\(key) is not a setting; known are \(keys.sorted().joined(separator: ", "))")
        }
    }

    /// `text` as a string of the file, with quotes.
    package static func quoted(_ text: String) -> String {
        let escaped = text.map { character -> String in
            switch character {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\t": "\\t"
            default: String(character)
            }
        }
        return "\"\(escaped.joined())\""
    }
}

/// Reads one line of a configuration file.
private struct LineScanner {
    private var rest: Substring
    private let number: Int

    init(_ line: Substring, number: Int) {
        rest = line
        self.number = number
    }

    private func problem(_ message: String) -> ConfigurationFile.Problem {
        ConfigurationFile.Problem(line: number, message: message)
    }

    private mutating func skipBlanks() {
        rest = rest.drop { $0 == " " || $0 == "\t" }
    }

    /// The line's setting; nil for an empty line or a comment.
    mutating func setting() throws(ConfigurationFile.Problem)
        -> (String, ConfigurationFile.Value)?
    {
        skipBlanks()
        if rest.isEmpty || rest.first == "#" { return nil }
        let key = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        guard !key.isEmpty else { throw problem("expected a setting's name") }
        rest = rest.dropFirst(key.count)
        skipBlanks()
        guard rest.first == "=" else { throw problem("expected \"=\" after \(key)") }
        rest = rest.dropFirst()
        skipBlanks()
        let value = try value()
        skipBlanks()
        guard rest.isEmpty || rest.first == "#" else {
            throw problem("unexpected \"\(rest.prefix(20))\" after the value of \(key)")
        }
        return (String(key), value)
    }

    private mutating func value() throws(ConfigurationFile.Problem) -> ConfigurationFile.Value {
        switch rest.first {
        case "\"": return .text(try string())
        case "[": return .list(try list())
        default:
            let word = rest.prefix { $0 != " " && $0 != "\t" && $0 != "#" }
            rest = rest.dropFirst(word.count)
            if word == "true" { return .flag(true) }
            if word == "false" { return .flag(false) }
            guard let number = Int64(word.filter { $0 != "_" }) else {
                throw problem("expected a string in quotes, a number, true, false or an array")
            }
            return .number(number)
        }
    }

    private mutating func string() throws(ConfigurationFile.Problem) -> String {
        rest = rest.dropFirst()
        var text = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return text
            case "\\":
                switch rest.popFirst() {
                case "n": text.append("\n")
                case "t": text.append("\t")
                case "\"": text.append("\"")
                case "\\": text.append("\\")
                default: throw problem("unknown escape in a string; known are \\n \\t \\\" \\\\")
                }
            default: text.append(character)
            }
        }
        throw problem("the string has no closing quote")
    }

    private mutating func list() throws(ConfigurationFile.Problem) -> [String] {
        rest = rest.dropFirst()
        var items: [String] = []
        while true {
            skipBlanks()
            switch rest.first {
            case "]":
                rest = rest.dropFirst()
                return items
            case "\"":
                items.append(try string())
                skipBlanks()
                if rest.first == "," {
                    rest = rest.dropFirst()
                } else if rest.first != "]" {
                    throw problem("expected \",\" or \"]\" in the array")
                }
            default: throw problem("expected a string or \"]\" in the array, on the same line")
            }
        }
    }
}
