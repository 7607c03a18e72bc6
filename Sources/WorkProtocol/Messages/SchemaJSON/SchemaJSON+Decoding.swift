internal import ByteCoding

/// Bytes to JSON.
extension SchemaJSON {
    /// What has been read of one field.
    private enum Found {
        case nothing
        /// A value, or the values of a repeated field.
        case values([JSONValue])
        /// The bytes of a message: of all its occurrences, which is how they are merged.
        case message([UInt8])
    }

    /// The message up to the reader's end.
    static func value(
        of message: SchemaTable.Message, from reader: inout ByteReader
    ) throws(Failure) -> JSONValue {
        var found = [Found](repeating: .nothing, count: message.fields.count)
        do {
            while !reader.isAtEnd {
                let tag = try reader.tag()
                guard let index = message.index(ofNumber: tag >> 3),
                    accepts(message.fields[index], wireType: tag & 7)
                else {
                    try reader.skipField(tag)
                    continue
                }
                let field = message.fields[index]
                found[index] = try read(field, tag & 7, after: found[index], &reader)
                forgetOthers(of: field, at: index, in: message, &found)
            }
        } catch let corruption as Corruption {
            throw Failure(path: "", problem: "\(corruption)")
        } catch let failure as Failure {
            throw failure
        } catch {
            preconditionFailure("nothing else is thrown: \(error)")
        }
        var members: [JSONMember] = []
        for (index, field) in message.fields.enumerated() {
            if let value = try json(of: field, found[index]) {
                members.append(JSONMember(name: field.jsonName, value: value))
            }
        }
        return .object(members)
    }

    private static func accepts(_ field: SchemaTable.Field, wireType: UInt32) -> Bool {
        let isPacked = field.presence == .repeated && field.kind.isPackable && wireType == 2
        return wireType == field.kind.wireType || isPacked
    }

    /// A member of a `oneof` replaces the others.
    private static func forgetOthers(
        of field: SchemaTable.Field, at index: Int, in message: SchemaTable.Message,
        _ found: inout [Found]
    ) {
        guard case .oneof = field.presence else { return }
        for other in message.fields.indices
        where other != index && message.fields[other].presence == field.presence {
            found[other] = .nothing
        }
    }

    private static func read(
        _ field: SchemaTable.Field, _ wireType: UInt32, after earlier: Found,
        _ reader: inout ByteReader
    ) throws -> Found {
        if case .message = field.kind, field.presence != .repeated {
            guard case .message(let bytes) = earlier else { return .message(try reader.blob()) }
            return .message(bytes + (try reader.blob()))
        }
        var values: [JSONValue] = []
        if case .values(let before) = earlier, field.presence == .repeated { values = before }
        if wireType == 2, field.kind.isPackable {
            let outer = try reader.enter()
            while !reader.isAtEnd { values.append(try value(of: field, &reader)) }
            reader.leave(outer)
        } else {
            values.append(try value(of: field, &reader))
        }
        return .values(values)
    }

    private static func json(
        of field: SchemaTable.Field, _ found: Found
    ) throws(Failure) -> JSONValue? {
        switch found {
        case .nothing: return nil
        case .values(let values):
            if field.presence == .repeated { return values.isEmpty ? nil : .array(values) }
            guard let value = values.last else { return nil }
            return field.presence == .implicit && field.isDefault(value) ? nil : value
        case .message(let bytes):
            guard case .message(let name) = field.kind,
                let message = SchemaTable.shared.message(named: name)
            else { preconditionFailure("only messages are kept as bytes") }
            var reader = ByteReader(unsafe bytes.span.bytes)
            do throws(Failure) {
                return try value(of: message, from: &reader)
            } catch {
                throw error.within(field.name)
            }
        }
    }

    private static func value(
        of field: SchemaTable.Field, _ reader: inout ByteReader
    ) throws -> JSONValue {
        switch field.kind {
        case .scalar(let scalar):
            return try value(of: scalar, &reader)
        case .enumeration(let name):
            let number = UInt32(truncatingIfNeeded: try reader.varint())
            let cases = SchemaTable.shared.enumeration(named: name)?.cases ?? []
            guard let found = cases.first(where: { $0.number == number }) else {
                throw Failure(path: field.name, problem: "\(number) is no value of \(name)")
            }
            return .string(found.name)
        case .message(let name):
            guard let message = SchemaTable.shared.message(named: name) else {
                preconditionFailure("the table has every message")
            }
            let outer = try reader.enter()
            defer { reader.leave(outer) }
            do throws(Failure) {
                return try value(of: message, from: &reader)
            } catch {
                throw error.within(field.name)
            }
        }
    }

    private static func value(
        of scalar: SchemaTable.Scalar, _ reader: inout ByteReader
    ) throws(Corruption) -> JSONValue {
        switch scalar {
        case .double: return number(Double(bitPattern: try reader.fixed()))
        case .float: return number(Float(bitPattern: try reader.fixed()))
        case .int32: return .number("\(Int32(truncatingIfNeeded: try reader.varint()))")
        case .uint32: return .number("\(UInt32(truncatingIfNeeded: try reader.varint()))")
        case .sint32: return .number("\(try reader.zigzag32())")
        case .fixed32: return .number("\(try reader.fixed(UInt32.self))")
        case .sfixed32: return .number("\(try reader.fixed(Int32.self))")
        case .int64: return .string("\(Int64(bitPattern: try reader.varint()))")
        case .uint64: return .string("\(try reader.varint())")
        case .sint64: return .string("\(try reader.zigzag64())")
        case .fixed64: return .string("\(try reader.fixed(UInt64.self))")
        case .sfixed64: return .string("\(try reader.fixed(Int64.self))")
        case .bool: return .bool(try reader.varint() != 0)
        case .string: return .string(try reader.text())
        case .bytes: return .string(Base64.encode(try reader.blob()))
        }
    }

    private static func number<Value: BinaryFloatingPoint & LosslessStringConvertible>(
        _ value: Value
    ) -> JSONValue {
        if value.isNaN { return .string("NaN") }
        if value.isInfinite { return .string(value < 0 ? "-Infinity" : "Infinity") }
        return .number(value.description)
    }
}

extension SchemaTable.Field {
    /// Whether a value is what is not written for a field without presence.
    func isDefault(_ value: JSONValue) -> Bool {
        switch (kind, value) {
        case (.enumeration(let name), .string(let text)):
            SchemaTable.shared.enumeration(named: name)?.cases.first?.name == text
        case (.scalar(.string), .string(let text)), (.scalar(.bytes), .string(let text)):
            text.isEmpty
        case (_, .string(let digits)): digits == "0"
        case (_, .number(let digits)): digits == "0" || digits == "0.0"
        case (_, .bool(let value)): !value
        default: false
        }
    }
}

extension SchemaTable.Kind {
    /// The wire type of a value that stands alone.
    var wireType: UInt32 {
        switch self {
        case .message: 2
        case .enumeration: 0
        case .scalar(let scalar):
            switch scalar {
            case .int32, .int64, .uint32, .uint64, .sint32, .sint64, .bool: 0
            case .double, .fixed64, .sfixed64: 1
            case .string, .bytes: 2
            case .float, .fixed32, .sfixed32: 5
            }
        }
    }

    /// Whether several values of a repeated field share one tag and length.
    var isPackable: Bool { wireType != 2 }
}
