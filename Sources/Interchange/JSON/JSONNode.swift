/// A JSON value in memory, with the place where it began.
package struct JSONNode: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case null
        case bool(Bool)
        /// As it is written.
        case number(String)
        case string(String)
        case array([JSONNode])
        /// Members in the order of the text.
        case object([JSONMember])
    }

    package var value: Value
    package var place: TextPlace

    package init(_ value: Value, at place: TextPlace = .start) {
        self.value = value
        self.place = place
    }

    /// The value of a member; nil if this is no object or has none of that name. Of several with
    /// one name the last counts. Complexity: O(members).
    package subscript(_ name: String) -> JSONNode? {
        guard case .object(let members) = value else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The elements of an array; none for anything else.
    package var elements: [JSONNode] {
        if case .array(let elements) = value { elements } else { [] }
    }

    /// The members of an object; none for anything else.
    package var members: [JSONMember] {
        if case .object(let members) = value { members } else { [] }
    }

    package var string: String? {
        if case .string(let text) = value { text } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let flag) = value { flag } else { nil }
    }

    /// A whole number that fits 64 bits.
    package var integer: Int64? {
        if case .number(let text) = value { Int64(text) } else { nil }
    }

    package var isNull: Bool { value == .null }

    /// A string, or a whole number as text: how ids are given in different years.
    package var identifier: String? {
        switch value {
        case .string(let text): text
        case .number(let text): text
        case .null, .bool, .array, .object: nil
        }
    }
}

/// A name and a value in an object.
package struct JSONMember: Hashable, Sendable {
    package var name: String
    package var value: JSONNode

    package init(name: String, value: JSONNode) {
        self.name = name
        self.value = value
    }
}

extension JSONReader {
    /// The whole value that comes next; nil after the end. Names that an object has twice are added
    /// to `notices`. Complexity: O(bytes of the value), and as much memory.
    package mutating func node(notices: inout [TextProblem]) throws(TextProblem) -> JSONNode? {
        guard let token = try next() else { return nil }
        return try node(token, &notices)
    }

    /// The value that `token`, which has just been read, begins.
    /// Recursion is bounded by `depthMax`.
    package mutating func node(_ token: JSONToken, _ notices: inout [TextProblem])
        throws(TextProblem) -> JSONNode
    {
        let place = tokenPlace
        switch token {
        case .null: return JSONNode(.null, at: place)
        case .bool(let flag): return JSONNode(.bool(flag), at: place)
        case .number(let text): return JSONNode(.number(text), at: place)
        case .string(let text): return JSONNode(.string(text), at: place)
        case .beginArray: return try array(place, &notices)
        case .beginObject: return try object(place, &notices)
        case .key, .endArray, .endObject:
            preconditionFailure("a value does not begin with the end of another")
        }
    }

    private mutating func array(_ place: TextPlace, _ notices: inout [TextProblem])
        throws(TextProblem) -> JSONNode
    {
        var elements: [JSONNode] = []
        while let token = try next(), token != .endArray {
            elements.append(try node(token, &notices))
        }
        return JSONNode(.array(elements), at: place)
    }

    private static let fewMembers = 48

    private mutating func object(_ place: TextPlace, _ notices: inout [TextProblem])
        throws(TextProblem) -> JSONNode
    {
        var members: [JSONMember] = []
        // Of few members looking at all is quicker than a table.
        var names: Set<String> = []
        while let token = try next(), token != .endObject {
            guard case .key(let name) = token else { preconditionFailure("objects have keys") }
            if members.count == Self.fewMembers { names = Set(members.map(\.name)) }
            let isNew =
                members.count < Self.fewMembers
                ? !members.contains { $0.name == name } : names.insert(name).inserted
            if !isNew {
                notices.append(
                    TextProblem(
                        tokenPlace, "the name \"\(name)\" twice in one object: the last counts"))
            }
            guard let first = try next() else { preconditionFailure("a key has a value") }
            members.append(JSONMember(name: name, value: try node(first, &notices)))
        }
        return JSONNode(.object(members), at: place)
    }
}
