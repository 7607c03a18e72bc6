internal import ByteCoding

/// Protocol Buffers' JSON for every message of the schema, both ways, from the schema's table.
///
/// Names are lowerCamelCase; 64-bit integers are strings, bytes base64, enumerations their names,
/// defaults left out. Days, for which alone the schema has `sint32`, are read as dates as well, and
/// written so where this is asked for. For people and scripts (`holdfast call`, `holdfast
/// describe`, `holdfast-tools log cat`); no request is decoded this way on its path through a node.
package enum SchemaJSON {
    /// Why a text or bytes could not be turned into the other.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The names from the outermost message, `tasks[3].name`; empty for the whole.
        package var path: String
        package var problem: String

        package var description: String { path.isEmpty ? problem : "\(path): \(problem)" }

        func within(_ name: String, _ index: Int? = nil) -> Failure {
            let place = name + (index.map { "[\($0)]" } ?? "")
            return Failure(path: path.isEmpty ? place : "\(place).\(path)", problem: problem)
        }
    }

    /// A message's bytes as JSON, on one line or indented. Fields unknown to the schema are left
    /// out. With `withDates`, days are dates and no numbers.
    package static func json(
        of message: String, _ bytes: RawSpan, isIndented: Bool = false, withDates: Bool = false
    ) throws(Failure) -> String {
        var reader = ByteReader(bytes)
        let schema = try schema(message)
        let value = try self.value(of: schema, from: &reader)
        return (withDates ? dated(value, schema) : value).text(isIndented: isIndented)
    }

    /// A message's bytes as JSON.
    package static func json(
        of message: String, _ bytes: [UInt8], isIndented: Bool = false, withDates: Bool = false
    ) throws(Failure) -> String {
        try json(
            of: message, unsafe bytes.span.bytes, isIndented: isIndented, withDates: withDates)
    }

    /// The canonical bytes of the message that a JSON text describes. Names the message has no
    /// field for are an error. The limits of the schema are not checked.
    package static func bytes(of message: String, json: String) throws(Failure) -> [UInt8] {
        let value: JSONValue
        do { value = try JSONReader.value(of: json) } catch {
            throw Failure(
                path: "",
                problem: "not JSON: line \(error.line), column \(error.column): \(error.problem)")
        }
        var writer = ByteWriter()
        try encode(value, as: try schema(message), into: &writer)
        return writer.bytes
    }

    private static func schema(_ name: String) throws(Failure) -> SchemaTable.Message {
        guard let message = SchemaTable.shared.message(named: name) else {
            throw Failure(path: "", problem: "there is no message \(name)")
        }
        return message
    }
}
