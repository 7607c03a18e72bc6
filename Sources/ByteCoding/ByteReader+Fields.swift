/// The fields of Protocol Buffers messages: what the generated decoders read.
extension ByteReader {
    /// A field's tag: its number shifted by three, and its wire type.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func tag() throws(Corruption) -> UInt32 {
        // Fields above 15 have a tag of two bytes.
        if remaining >= 2 {
            let pair = UInt16(
                littleEndian: unsafe bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: offset, as: UInt16.self))
            if pair & 0x8080 == 0x0080 {
                offset &+= 2
                return UInt32(pair & 0x7F | (pair &>> 8) &<< 7)
            }
        }
        let value = try varint()
        guard value <= UInt64(UInt32.max) else { throw badTag(value) }
        return UInt32(truncatingIfNeeded: value)
    }

    @usableFromInline @inline(never)
    func badTag(_ value: UInt64) -> Corruption {
        corruption(expected: "a field's tag", found: "\(value)")
    }

    /// A length and that many bytes of UTF-8.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func text() throws(Corruption) -> String { try string(length()) }

    /// A length and that many bytes, copied.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func blob() throws(Corruption) -> [UInt8] { try array(length()) }

    /// A signed integer of 32 bits in zigzag form.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func zigzag32() throws(Corruption) -> Int32 {
        let value = UInt32(truncatingIfNeeded: try varint())
        return Int32(bitPattern: (value &>> 1) ^ (0 &- (value & 1)))
    }

    /// A signed integer of 64 bits in zigzag form.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func zigzag64() throws(Corruption) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: (value &>> 1) ^ (0 &- (value & 1)))
    }

    /// A value of an enumeration; a number without a case is refused.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func enumeration<Value: RawRepresentable>(
        _ field: StaticString, as type: Value.Type = Value.self
    ) throws(Corruption) -> Value where Value.RawValue == UInt32 {
        let number = UInt32(truncatingIfNeeded: try varint())
        guard let value = Value(rawValue: number) else { throw unknown(number, field) }
        return value
    }

    @usableFromInline @inline(never)
    func unknown(_ number: UInt32, _ field: StaticString) -> Corruption {
        corruption(expected: "a known value of \(field)", found: "\(number)")
    }

    /// Passes over the content of a field this program does not know.
    ///
    /// Groups (wire types 3 and 4) were never part of this protocol and are refused.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func skipField(_ tag: UInt32) throws(Corruption) {
        offset = try end(ofField: tag)
    }

    @usableFromInline @inline(never)
    func end(ofField tag: UInt32) throws(Corruption) -> Int {
        guard tag >= 8 else { throw badTag(UInt64(tag)) }
        var rest = self
        switch tag & 7 {
        case 0: _ = try rest.varint()
        case 1: try rest.skip(8)
        case 2: try rest.skip(rest.length())
        case 5: try rest.skip(4)
        default: throw corruption(expected: "wire type 0, 1, 2 or 5", found: "\(tag & 7)")
        }
        return rest.offset
    }
}
