/// What the schema says, for people: `holdfast describe`.
extension SchemaJSON {
    /// All methods and the names of all messages for an empty name; else the method or the message
    /// or the enumeration with this name, as JSON. Nil if there is none.
    package static func description(of name: String, isIndented: Bool = false) -> String? {
        let value: JSONValue?
        if name.isEmpty {
            value = everything
        } else if let method = Method(named: name) {
            let description = method.description
            value = .object(members(of: description) + messages(of: description))
        } else {
            value = message(named: name) ?? enumeration(named: name)
        }
        return value?.text(isIndented: isIndented)
    }

    private static var everything: JSONValue {
        .object([
            JSONMember(
                name: "methods",
                value: .array(Method.descriptions.map { .object(members(of: $0)) })),
            JSONMember(
                name: "messages",
                value: .array(SchemaTable.shared.messageNames.map { .string($0) })),
        ])
    }

    private static func members(of method: Method.Description) -> [JSONMember] {
        var members = [
            JSONMember(name: "name", value: .string(method.name)),
            JSONMember(name: "id", value: .number("\(method.method.id)")),
            JSONMember(name: "kind", value: .string(method.method.kind.rawValue)),
            JSONMember(name: "since", value: .number("\(method.since)")),
            JSONMember(name: "idempotent", value: .bool(method.isIdempotent)),
        ]
        if let scope = method.scope {
            members.append(JSONMember(name: "scope", value: .string(scope)))
        }
        members.append(JSONMember(name: "request", value: .string(method.request)))
        members.append(JSONMember(name: "response", value: .string(method.response)))
        return members
    }

    /// The messages a method takes and gives, which may be one.
    private static func messages(of method: Method.Description) -> [JSONMember] {
        let names = [method.request] + (method.response == method.request ? [] : [method.response])
        return names.compactMap { name in
            message(named: name).map { JSONMember(name: name, value: $0) }
        }
    }

    /// A line a field: its number, type, presence and limits.
    private static func message(named name: String) -> JSONValue? {
        guard let message = SchemaTable.shared.message(named: name) else { return nil }
        let members = message.fields.map { field in
            JSONMember(name: field.jsonName, value: .string(field.summary))
        }
        return .object(members)
    }

    private static func enumeration(named name: String) -> JSONValue? {
        guard let enumeration = SchemaTable.shared.enumeration(named: name) else { return nil }
        let members = enumeration.cases.map { entry in
            JSONMember(name: entry.name, value: .number("\(entry.number)"))
        }
        return .object(members)
    }
}

extension SchemaTable.Field {
    /// `3: string, max_bytes=1024, text=line`.
    fileprivate var summary: String {
        let type =
            switch kind {
            case .scalar(let scalar): scalar.rawValue
            case .message(let name), .enumeration(let name): name
            }
        let prefix =
            switch presence {
            case .implicit: ""
            case .optional: "optional "
            case .repeated: "repeated "
            case .oneof(let name): "one of \(name): "
            }
        return (["\(number): \(prefix)\(type)"] + limits).joined(separator: ", ")
    }
}
