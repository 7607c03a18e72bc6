internal import ByteCoding

/// The 32 bytes every frame begins with. All integers are little-endian.
///
/// ```
///  0  u32  length      bytes after this field: 28 + extensions + payload
///  4  u8   type
///  5  u8   flags
///  6  u16  code        request: method; response, reset: status; goaway: reason
///  8  u32  stream      0: the connection
/// 12  u32  aux         request: timeout in ms; response: retry after ms; credit: bytes
/// 16  u64  route       request: workspace ordinal or a gid in it; response: LSN, if allowed
/// 24  u16  extensions  bytes of TLVs before the payload
/// 26  u8   encoding
/// 27  u8   zero
/// 28  u32  crc32c      over bytes 4..<28, extensions, payload; 0 if not negotiated
/// ```
///
/// `length`, `extensionBytes` and `checksum` are the encoder's to fill in.
@frozen
package struct FrameHeader: Hashable, Sendable {
    package var length: UInt32
    package var type: FrameType
    package var flags: FrameFlags
    package var code: UInt16
    package var stream: UInt32
    package var aux: UInt32
    package var route: UInt64
    package var extensionBytes: UInt16
    /// A `PayloadEncoding`, as it stands in the frame.
    package var encoding: UInt8
    package var checksum: UInt32

    /// Its size on the wire.
    package static let byteCount = 32
    /// What `length` counts besides extensions and payload.
    package static let countedBytes = 28

    package init(
        _ type: FrameType, flags: FrameFlags = [], code: UInt16 = 0, stream: UInt32 = 0,
        aux: UInt32 = 0, route: UInt64 = 0, encoding: PayloadEncoding = .protobuf
    ) {
        length = UInt32(FrameHeader.countedBytes)
        self.type = type
        self.flags = flags
        self.code = code
        self.stream = stream
        self.aux = aux
        self.route = route
        extensionBytes = 0
        self.encoding = encoding.rawValue
        checksum = 0
    }

    /// How many bytes the frame has, its length field included.
    var frameBytes: Int { Int(length) + 4 }

    /// How many bytes follow the extensions.
    /// - Precondition: the lengths have been checked.
    var payloadBytes: Int { Int(length) - FrameHeader.countedBytes - Int(extensionBytes) }

    /// The header as four words, which is the quick way to write it.
    func append(to writer: inout ByteWriter) {
        let first =
            UInt64(length) | UInt64(type.rawValue) << 32 | UInt64(flags.rawValue) << 40
            | UInt64(code) << 48
        let last =
            UInt64(extensionBytes) | UInt64(encoding) << 16 | UInt64(checksum) << 32
        writer.append(fixed: first)
        writer.append(fixed: UInt64(stream) | UInt64(aux) << 32)
        writer.append(fixed: route)
        writer.append(fixed: last)
    }

    /// The header in the first 32 bytes of `bytes`, whatever its values. Byte 27 is answered apart.
    /// - Precondition: there are 32 bytes.
    static func read(_ bytes: RawSpan) -> (header: FrameHeader, reserved: UInt8) {
        precondition(bytes.byteCount >= byteCount)
        let first = UInt64(littleEndian: word(bytes, 0))
        let second = UInt64(littleEndian: word(bytes, 8))
        let last = UInt64(littleEndian: word(bytes, 24))
        var header = FrameHeader(FrameType(rawValue: UInt8(truncatingIfNeeded: first >> 32)))
        header.length = UInt32(truncatingIfNeeded: first)
        header.flags = FrameFlags(rawValue: UInt8(truncatingIfNeeded: first >> 40))
        header.code = UInt16(truncatingIfNeeded: first >> 48)
        header.stream = UInt32(truncatingIfNeeded: second)
        header.aux = UInt32(truncatingIfNeeded: second >> 32)
        header.route = UInt64(littleEndian: word(bytes, 16))
        header.extensionBytes = UInt16(truncatingIfNeeded: last)
        header.encoding = UInt8(truncatingIfNeeded: last >> 16)
        header.checksum = UInt32(truncatingIfNeeded: last >> 32)
        return (header, UInt8(truncatingIfNeeded: last >> 24))
    }

    private static func word(_ bytes: RawSpan, _ offset: Int) -> UInt64 {
        unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// The checksum of a whole frame: of all its bytes but the length and the checksum itself.
    /// - Precondition: `frame` is at least a header.
    static func checksum(of frame: RawSpan) -> UInt32 {
        let head = CRC32C.checksum(frame.extracting(4..<28))
        return CRC32C.checksum(frame.extracting(byteCount..<frame.byteCount), seed: head)
    }
}
