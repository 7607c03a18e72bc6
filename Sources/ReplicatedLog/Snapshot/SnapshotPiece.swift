internal import ByteCoding

/// How a chunk looks when it is expanded: pieces, one after the other, little-endian:
///
/// | offset | bytes | field                                       |
/// | -----: | ----: | ------------------------------------------- |
/// |      0 |     8 | workspace                                   |
/// |      8 |     4 | length                                      |
/// |     12 |     2 | flags: 1 the workspace's last piece         |
/// |     14 |     2 | 0                                           |
/// |     16 |     n | bytes of the workspace's image, in order    |
///
/// A workspace's pieces are consecutive, through one or several chunks. What the bytes mean is the
/// state's business.
package struct SnapshotPiece: ~Escapable {
    package let workspace: UInt64
    package let isLast: Bool
    package let bytes: RawSpan

    static let headerBytes = 16

    @_lifetime(copy bytes)
    init(workspace: UInt64, isLast: Bool, bytes: RawSpan) {
        self.workspace = workspace
        self.isLast = isLast
        self.bytes = bytes
    }

    /// Appends a piece to a chunk.
    static func append(
        workspace: UInt64, isLast: Bool, bytes: RawSpan, to writer: inout ByteWriter
    ) {
        writer.append(fixed: workspace)
        writer.append(fixed: UInt32(bytes.byteCount))
        writer.append(fixed: UInt16(isLast ? 1 : 0))
        writer.append(fixed: UInt16(0))
        writer.append(bytes)
    }

    /// Calls `visit` for each piece of an expanded chunk.
    static func forEach(
        in chunk: [UInt8], _ visit: (borrowing SnapshotPiece) throws(Corruption) -> Void
    ) throws(Corruption) {
        var reader = ByteReader(chunk.raw)
        while !reader.isAtEnd {
            let workspace = try reader.fixed(UInt64.self)
            let length = try reader.fixed(UInt32.self)
            let flags = try reader.fixed(UInt16.self)
            let reserved = try reader.fixed(UInt16.self)
            guard flags <= 1, reserved == 0 else {
                throw reader.corruption(expected: "piece flags 0 or 1", found: "\(flags)")
            }
            let bytes = try reader.span(Int(length))
            try visit(SnapshotPiece(workspace: workspace, isLast: flags == 1, bytes: bytes))
        }
    }
}
