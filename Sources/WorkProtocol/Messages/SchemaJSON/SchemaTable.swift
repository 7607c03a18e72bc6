/// The schema at run time: what `SchemaJSON` needs to know of messages, fields and enumerations.
///
/// `tools/generate` writes it as text (`SchemaText.swift`), a line a field, which is parsed when
/// first asked for: a table in code would cost compile time in every build and start-up time in
/// every program.
struct SchemaTable: Sendable {
    /// How a value lies in bytes and in JSON.
    enum Kind: Hashable, Sendable {
        case scalar(Scalar)
        case message(String)
        case enumeration(String)
    }

    /// The schema language's own types, by their names.
    enum Scalar: String, Sendable {
        case double, float, int32, int64, uint32, uint64, sint32, sint64
        case fixed32, fixed64, sfixed32, sfixed64, bool, string, bytes
    }

    /// Whether and how often a field is there.
    enum Presence: Hashable, Sendable {
        /// Always; its default is not written.
        case implicit
        /// Or not.
        case optional
        case repeated
        /// At most one of those with the same name.
        case oneof(String)
    }

    struct Field: Sendable {
        var number: UInt32
        var name: String
        /// The name in JSON, lowerCamelCase.
        var jsonName: String
        var kind: Kind
        var presence: Presence
        /// `max_bytes=1024` and the like, for people.
        var limits: [String]
    }

    struct Message: Sendable {
        var name: String
        /// By rising number.
        var fields: [Field] = []

        /// Complexity: O(fields).
        func index(ofNumber number: UInt32) -> Int? {
            fields.firstIndex { $0.number == number }
        }

        /// The field with this name in JSON or in the schema. Complexity: O(fields).
        func index(named name: String) -> Int? {
            fields.firstIndex { $0.jsonName == name || $0.name == name }
        }
    }

    struct Enumeration: Sendable {
        var name: String
        var cases: [(number: UInt32, name: String)] = []
    }

    private var messages: [String: Message] = [:]
    private var enumerations: [String: Enumeration] = [:]

    static let shared = SchemaTable(parsing: text)

    func message(named name: String) -> Message? { messages[name] }

    func enumeration(named name: String) -> Enumeration? { enumerations[name] }

    /// All messages' names, sorted.
    var messageNames: [String] { messages.keys.sorted() }
}

// The text comes from our own generator and is compiled in: a bad line is our bug.
extension SchemaTable {
    fileprivate enum Part {
        case message(Message)
        case enumeration(Enumeration)
    }

    private init(parsing text: String) {
        var part: Part?
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            switch words[0] {
            case "message":
                keep(part)
                part = .message(Message(name: words[1]))
            case "enum":
                keep(part)
                part = .enumeration(Enumeration(name: words[1]))
            default:
                part?.append(words, enumerations)
            }
        }
        keep(part)
    }

    private mutating func keep(_ part: Part?) {
        switch part {
        case .message(let message): messages[message.name] = message
        case .enumeration(let enumeration): enumerations[enumeration.name] = enumeration
        case nil: break
        }
    }
}

extension SchemaTable.Part {
    /// Adds a line: `3 name name string . max_bytes=1024`, or `2 SCOPE_WRITE` in an enumeration.
    fileprivate mutating func append(
        _ words: [String], _ enumerations: [String: SchemaTable.Enumeration]
    ) {
        guard let number = UInt32(words[0]) else {
            preconditionFailure("the schema's text has a bad line: \(words)")
        }
        switch self {
        case .enumeration(var enumeration):
            enumeration.cases.append((number, words[1]))
            self = .enumeration(enumeration)
        case .message(var message):
            let kind: SchemaTable.Kind
            if let scalar = SchemaTable.Scalar(rawValue: words[3]) {
                kind = .scalar(scalar)
            } else if enumerations[words[3]] != nil {
                kind = .enumeration(words[3])
            } else {
                kind = .message(words[3])
            }
            message.fields.append(
                SchemaTable.Field(
                    number: number, name: words[1], jsonName: words[2], kind: kind,
                    presence: SchemaTable.Presence(words[4]), limits: Array(words[5...])))
            self = .message(message)
        }
    }
}

extension SchemaTable.Presence {
    fileprivate init(_ word: String) {
        switch word {
        case ".": self = .implicit
        case "?": self = .optional
        case "*": self = .repeated
        default: self = .oneof(String(word.dropFirst()))
        }
    }
}
