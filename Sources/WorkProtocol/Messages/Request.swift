package import ByteCoding

/// A decoded request: a method and its message. `Command` and `Query` are generated from the
/// schema's services, with one case a method.
package protocol Request: Hashable, Sendable {
    /// Decodes and validates a payload.
    /// Throws `MalformedRequest.method` if the method is of another kind.
    init(method: Method, payload: RawSpan) throws(MalformedRequest)

    var method: Method { get }
    var message: any Message { get }
}

extension Request {
    /// Appends the payload: the message's bytes.
    package func encode(into writer: inout ByteWriter) { message.encode(into: &writer) }

    /// The payload's bytes.
    package func encoded() -> [UInt8] { message.encoded() }

    static func decode<Value: Message>(_ payload: RawSpan) throws(MalformedRequest) -> Value {
        let message: Value
        do { message = try Value(decoding: payload) } catch { throw .bytes(error) }
        do { try message.validate() } catch { throw .field(error) }
        return message
    }
}

/// Why a payload is not the request it should be.
package enum MalformedRequest: Error, Hashable, Sendable {
    /// The bytes are not the method's message.
    case bytes(Corruption)
    /// A field breaks one of its limits.
    case field(FieldViolation)
    /// The method is not of the kind that was asked for.
    case method(Method)
}
