public import ByteCoding

/// A Protocol Buffers message of the schema in `Schema/`: a plain value with a codec.
///
/// The conforming types are generated (`tools/generate`). Decoding takes any valid encoding;
/// encoding writes the one canonical form (ascending field numbers, defaults omitted), so that
/// equal values have equal bytes.
@usableFromInline
package protocol Message: Hashable, Sendable {
    /// The name in the schema, without the package.
    static var messageName: String { get }

    /// A message with every field at its default.
    init()

    /// Reads fields until the reader's end, over the values that are there: a single value is
    /// replaced, a repeated one appended to, a message merged.
    mutating func merge(from reader: inout ByteReader) throws(Corruption)

    /// Appends the message's bytes, without a length. Complexity: O(bytes).
    func encode(into writer: inout ByteWriter)

    /// Checks the schema's limits (`max_bytes`, `max_count`, `text`) in this message and in all
    /// messages within it. Complexity: O(bytes).
    func validate() throws(FieldViolation)
}

extension Message {
    /// The message in `bytes`, all of which must belong to it.
    @inlinable
    package init(decoding bytes: RawSpan) throws(Corruption) {
        self.init()
        var reader = ByteReader(bytes)
        try merge(from: &reader)
    }

    @inlinable
    package init(decoding bytes: [UInt8]) throws(Corruption) {
        try unsafe self.init(decoding: bytes.span.bytes)
    }

    /// The message's bytes.
    @inlinable
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 256)
        encode(into: &writer)
        return writer.bytes
    }

    /// Messages without limits have nothing to check.
    package func validate() throws(FieldViolation) {}
}

extension ByteReader {
    /// A message within a message: a length and its fields, merged with what is there.
    @_lifetime(self: copy self)
    mutating func merge<Value: Message>(into value: inout Value?) throws(Corruption) {
        let outer = try enter()
        var message = value.take() ?? Value()
        try message.merge(from: &self)
        leave(outer)
        value = message
    }

    /// One message of a repeated field.
    @_lifetime(self: copy self)
    mutating func append<Value: Message>(to values: inout [Value]) throws(Corruption) {
        let outer = try enter()
        var message = Value()
        try message.merge(from: &self)
        leave(outer)
        values.append(message)
    }
}

extension ByteWriter {
    /// A tag, a length and a message.
    mutating func append<Value: Message>(tag: UInt32, message: Value) {
        append(tag: tag)
        appendLengthDelimited { message.encode(into: &$0) }
    }
}
