/// Days as dates.
extension SchemaJSON {
    /// A message's JSON with dates where it has the numbers of days. Complexity: O(its size).
    static func dated(_ value: JSONValue, _ message: SchemaTable.Message) -> JSONValue {
        guard case .object(let members) = value else { return value }
        return .object(
            members.map { member in
                guard let index = message.index(named: member.name) else { return member }
                return JSONMember(
                    name: member.name, value: dated(member.value, message.fields[index].kind))
            })
    }

    private static func dated(_ value: JSONValue, _ kind: SchemaTable.Kind) -> JSONValue {
        switch (kind, value) {
        case (_, .array(let values)):
            return .array(values.map { dated($0, kind) })
        case (.message(let name), _):
            return SchemaTable.shared.message(named: name).map { dated(value, $0) } ?? value
        case (.scalar(.sint32), .number(let digits)):
            guard let date = Int32(digits).flatMap(CivilDate.init(days:)) else { return value }
            return .string(date.description)
        default: return value
        }
    }
}
