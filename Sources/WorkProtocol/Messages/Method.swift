extension Method {
    /// What a method does.
    package enum Kind: String, Sendable {
        /// May change state; carries a request ID.
        case command
        /// Reads; one answer.
        case query
        /// Reads; a sequence of answers.
        case stream
        /// Is about the connection itself.
        case session
        /// Asked of the node itself: status, snapshots, promotion.
        case node
    }

    /// What the schema says of a method besides its number and kind.
    package struct Description: Sendable {
        package var method: Method
        /// Service and method: `Tasks/CreateTask`.
        package var name: String
        /// The first version of the protocol that has the method.
        package var since: UInt32
        /// Whether asking twice is harmless even without a request ID.
        package var isIdempotent: Bool
        /// The scope a token must have; nil for none.
        package var scope: String?
        /// The names of the messages it takes and gives.
        package var request: String
        package var response: String
    }

    /// The number in a request's header.
    package var id: UInt16 { rawValue }

    /// The method with this number in a request's header.
    package init?(id: UInt16) { self.init(rawValue: id) }

    /// The method with this name: `Tasks/CreateTask`. Complexity: O(methods).
    package init?(named name: String) {
        guard let found = Self.descriptions.first(where: { $0.name == name }) else { return nil }
        self = found.method
    }

    /// All methods, by rising number.
    package static let descriptions: [Description] = table.split(separator: "\n").map { line in
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 8, let id = UInt16(words[0], radix: 16), let method = Method(id: id),
            let since = UInt32(words[3])
        else { preconditionFailure("the method table has a bad line: \(line)") }
        return Description(
            method: method, name: words[1], since: since, isIdempotent: words[4] == "1",
            scope: words[5] == "-" ? nil : words[5], request: words[6], response: words[7])
    }

    /// The method's line of the table. Complexity: O(log methods).
    package var description: Description {
        let all = Self.descriptions
        var low = 0
        var high = all.count
        while low < high {
            let middle = (low + high) / 2
            if all[middle].method.rawValue < rawValue { low = middle + 1 } else { high = middle }
        }
        precondition(low < all.count && all[low].method == self, "the table has every method")
        return all[low]
    }

    /// Service and method: `Tasks/CreateTask`.
    package var name: String { description.name }
}
