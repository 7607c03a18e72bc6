internal import ByteCoding

/// JSON to bytes.
extension SchemaJSON {
    /// Appends the message that a JSON object describes.
    static func encode(
        _ value: JSONValue, as message: SchemaTable.Message, into writer: inout ByteWriter
    ) throws(Failure) {
        guard case .object(let members) = value else {
            throw Failure(path: "", problem: "an object expected, found \(value.kind)")
        }
        let values = try assigned(members, message)
        for (index, field) in message.fields.enumerated() {
            guard let value = values[index] else { continue }
            do throws(Failure) {
                try encode(value, as: field, into: &writer)
            } catch {
                throw error.path.hasPrefix("[")
                    ? Failure(path: field.jsonName + error.path, problem: error.problem)
                    : error.within(field.jsonName)
            }
        }
    }

    /// The value for each field; `null` is none.
    private static func assigned(
        _ members: [JSONMember], _ message: SchemaTable.Message
    ) throws(Failure) -> [JSONValue?] {
        var values = [JSONValue?](repeating: nil, count: message.fields.count)
        for member in members {
            guard let index = message.index(named: member.name) else {
                throw Failure(
                    path: member.name, problem: "\(message.name) has no such field")
            }
            guard member.value != .null else { continue }
            guard values[index] == nil else {
                throw Failure(path: member.name, problem: "the field is there twice")
            }
            if case .oneof(let name) = message.fields[index].presence {
                for (other, field) in message.fields.enumerated()
                where field.presence == .oneof(name) && values[other] != nil {
                    throw Failure(
                        path: member.name, problem: "\(field.jsonName) is given, which excludes it")
                }
            }
            values[index] = member.value
        }
        return values
    }

    private static func encode(
        _ value: JSONValue, as field: SchemaTable.Field, into writer: inout ByteWriter
    ) throws(Failure) {
        guard field.presence == .repeated else {
            if field.presence == .implicit, isDefault(value, field) { return }
            writer.append(tag: field.number << 3 | field.kind.wireType)
            return try append(value, field.kind, to: &writer)
        }
        guard case .array(let values) = value else {
            throw Failure(path: "", problem: "an array expected, found \(value.kind)")
        }
        if field.kind.isPackable, !values.isEmpty {
            var packed = ByteWriter()
            try each(values) { value throws(Failure) in
                try append(value, field.kind, to: &packed)
            }
            writer.append(tag: field.number << 3 | 2, span: packed.span)
        } else {
            try each(values) { value throws(Failure) in
                writer.append(tag: field.number << 3 | 2)
                try append(value, field.kind, to: &writer)
            }
        }
    }

    private static func each(
        _ values: [JSONValue], _ body: (JSONValue) throws(Failure) -> Void
    ) throws(Failure) {
        for (index, value) in values.enumerated() {
            do throws(Failure) { try body(value) } catch { throw error.within("", index) }
        }
    }

    /// Whether the value, once encoded, is the field's default: no bits but zeroes.
    private static func isDefault(_ value: JSONValue, _ field: SchemaTable.Field) -> Bool {
        var writer = ByteWriter()
        do { try append(value, field.kind, to: &writer) } catch { return false }
        return writer.bytes.allSatisfy { $0 == 0 }
    }

    /// Appends one value without its tag.
    private static func append(
        _ value: JSONValue, _ kind: SchemaTable.Kind, to writer: inout ByteWriter
    ) throws(Failure) {
        switch kind {
        case .scalar(let scalar):
            try append(value, scalar, to: &writer)
        case .enumeration(let name):
            writer.append(varint: UInt64(try number(of: value, in: name)))
        case .message(let name):
            guard let message = SchemaTable.shared.message(named: name) else {
                preconditionFailure("the table has every message")
            }
            var part = ByteWriter()
            try encode(value, as: message, into: &part)
            writer.append(varint: UInt64(part.count))
            writer.append(part.span)
        }
    }

    private static func number(of value: JSONValue, in name: String) throws(Failure) -> UInt32 {
        let cases = SchemaTable.shared.enumeration(named: name)?.cases ?? []
        let found =
            switch value {
            case .string(let text): cases.first { $0.name == text }
            case .number(let digits): cases.first { "\($0.number)" == digits }
            default: nil as (number: UInt32, name: String)?
            }
        guard let found else {
            let names = cases.map(\.name).joined(separator: ", ")
            throw Failure(path: "", problem: "one of \(names) expected, found \(shown(value))")
        }
        return found.number
    }

    private static func append(
        _ value: JSONValue, _ scalar: SchemaTable.Scalar, to writer: inout ByteWriter
    ) throws(Failure) {
        switch scalar {
        case .double: writer.append(fixed: try floating(value, Double.self).bitPattern)
        case .float: writer.append(fixed: try floating(value, Float.self).bitPattern)
        case .int32:
            let number = Int64(try integer(value, Int32.self))
            writer.append(varint: UInt64(bitPattern: number))
        case .int64:
            writer.append(varint: UInt64(bitPattern: try integer(value, Int64.self)))
        case .uint32: writer.append(varint: UInt64(try integer(value, UInt32.self)))
        case .uint64: writer.append(varint: try integer(value, UInt64.self))
        case .sint32:
            writer.append(varint: ByteWriter.zigzag(Int64(try day(value))))
        case .sint64: writer.append(varint: ByteWriter.zigzag(try integer(value, Int64.self)))
        case .fixed32: writer.append(fixed: try integer(value, UInt32.self))
        case .fixed64: writer.append(fixed: try integer(value, UInt64.self))
        case .sfixed32: writer.append(fixed: try integer(value, Int32.self))
        case .sfixed64: writer.append(fixed: try integer(value, Int64.self))
        case .bool:
            guard case .bool(let isTrue) = value else { throw expected("true or false", value) }
            writer.append(isTrue ? 1 : 0)
        case .string:
            guard case .string(let text) = value else { throw expected("a string", value) }
            writer.append(varint: UInt64(text.utf8.count))
            writer.append(utf8: text)
        case .bytes:
            guard case .string(let text) = value, let bytes = Base64.decode(text) else {
                throw expected("a string of base64", value)
            }
            writer.append(varint: UInt64(bytes.count))
            writer.append(bytes)
        }
    }

    /// A day, as a date or as its number.
    private static func day(_ value: JSONValue) throws(Failure) -> Int32 {
        if case .string(let text) = value, let date = CivilDate(text) { return date.days }
        do { return try integer(value, Int32.self) } catch {
            throw expected("a day, YYYY-MM-DD or its number since 1970-01-01,", value)
        }
    }

    /// An integer, as a number or as a string of digits.
    private static func integer<Value: FixedWidthInteger>(
        _ value: JSONValue, _ type: Value.Type
    ) throws(Failure) -> Value {
        var digits: String?
        if case .number(let text) = value { digits = text }
        if case .string(let text) = value { digits = text }
        guard let digits, !digits.hasPrefix("+"), let number = Value(digits) else {
            throw expected("an integer from \(Value.min) to \(Value.max)", value)
        }
        return number
    }

    /// A number, or what JSON has no number for as a string.
    private static func floating<Value: BinaryFloatingPoint & LosslessStringConvertible>(
        _ value: JSONValue, _ type: Value.Type
    ) throws(Failure) -> Value {
        switch value {
        case .string("NaN"): return .nan
        case .string("Infinity"): return .infinity
        case .string("-Infinity"): return -.infinity
        case .number(let digits):
            guard let number = Value(digits), number.isFinite else {
                throw expected("a number in range", value)
            }
            return number
        default: throw expected("a number", value)
        }
    }

    private static func expected(_ what: String, _ value: JSONValue) -> Failure {
        Failure(path: "", problem: "\(what) expected, found \(shown(value))")
    }

    private static func shown(_ value: JSONValue) -> String {
        if case .string(let text) = value, text.utf8.count <= 40 { return "\"\(text)\"" }
        return value.kind
    }
}
