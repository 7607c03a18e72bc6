internal import WorkProtocol

/// Walks a JSON document that is an object of lists, `{"issues": [ … ], "labels": [ … ]}`, one
/// element at a time, so that none of the lists is ever held.
struct JSONLists {
    private var reader: JSONReader
    private var hasBegun = false
    /// Names that an object has twice, lone surrogates.
    private(set) var notices: [TextProblem] = []
    private var reported = 0
    /// The list whose elements come next.
    private var list: String?

    init(_ source: any ByteSource) { reader = JSONReader(source) }

    /// Where the value read last began.
    var place: TextPlace { reader.tokenPlace }

    /// The next element of a list, or the value of a member that is no list; nil at the end.
    mutating func next() throws(TextProblem) -> (name: String, value: JSONNode)? {
        while true {
            if let list {
                guard let token = try reader.next(), token != .endArray else {
                    self.list = nil
                    continue
                }
                return (list, try node(token))
            }
            guard let name = try nextName(), let token = try reader.next() else { return nil }
            if token == .beginArray {
                list = name
            } else {
                return (name, try node(token))
            }
        }
    }

    /// The name of the next member, whose value has to be read or skipped then; nil at the end.
    mutating func nextName() throws(TextProblem) -> String? {
        if !hasBegun {
            hasBegun = true
            guard try reader.next() == .beginObject else {
                throw TextProblem(reader.tokenPlace, "expected an object")
            }
        }
        guard let token = try reader.next(), case .key(let name) = token else {
            // Only blanks may follow the object.
            while try reader.next() != nil {}
            return nil
        }
        return name
    }

    /// Passes over the value of the member named last.
    mutating func skip() throws(TextProblem) {
        let depth = reader.depth
        repeat {
            guard try reader.next() != nil else { return }
        } while reader.depth > depth
    }

    /// What was mended since the last time this was asked.
    mutating func takeNotices() -> [TextProblem] {
        defer {
            notices = []
            reported = reader.notices.count
        }
        return notices + reader.notices[reported...]
    }

    private mutating func node(_ token: JSONToken) throws(TextProblem) -> JSONNode {
        try reader.node(token, &notices)
    }
}

extension JSONNode {
    /// The text of a member; empty if it has none.
    func text(_ name: String) -> String { self[name]?.string ?? "" }

    /// The moment in a member; nil if there is none, throws if it is no timestamp.
    func moment(_ name: String) throws(TextProblem) -> Int64? {
        guard let node = self[name], !node.isNull else { return nil }
        guard let text = node.string, let moment = Timestamp.milliseconds(text) else {
            throw TextProblem(node.place, "\(name) is no timestamp")
        }
        return moment
    }

    /// The same of something that happened: never 0, which items have for a moment that is not
    /// said.
    func pastMoment(_ name: String) throws(TextProblem) -> Int64? {
        try moment(name).map { $0 == 0 ? 1 : $0 }
    }

    /// The text of a member that must have one.
    func required(_ name: String) throws(TextProblem) -> String {
        guard let text = self[name]?.identifier, !text.isEmpty else {
            throw TextProblem(place, "expected a member \"\(name)\" with text")
        }
        return text
    }
}
