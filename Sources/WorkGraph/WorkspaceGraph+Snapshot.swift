package import ByteCoding
package import WorkProtocol

/// A workspace at one position, unchanging while the living one goes on.
///
/// Shares the rows' pages until they are written to. Encoding reads only what is its own, so it may
/// run on another queue.
package final class FrozenWorkspace: @unchecked Sendable {
    // Sendable: the pages it shares are copied before they are written (`RowStore.own`), and the
    // rest is values.
    private let rows: RowStore
    private let history: RequestHistory
    package let header: WorkspaceHeader
    package let digest: UInt64

    init(_ graph: WorkspaceGraph) {
        rows = graph.rows.copy()
        history = graph.history
        digest = graph.digest
        var header = WorkspaceHeader()
        header.ordinal = graph.ordinal
        header.position = graph.position
        header.nextRow = graph.nextRow
        header.time = graph.time
        header.digest = graph.digest
        header.rows = UInt64(graph.rows.count)
        header.sessions = UInt64(graph.history.count)
        header.evicted = graph.history.evicted
        self.header = header
    }

    package var ordinal: UInt32 { header.ordinal }
    package var position: UInt64 { header.position }

    /// Encodes the whole workspace, in pieces of about `pieceBytes`, each given to `body`.
    ///
    /// The bytes are entries of `u32 length, u8 kind, content`: one header, rows by ascending
    /// number (`u32 row, u8 kind, bytes`), sessions. O(rows).
    package func encode<Failure: Error>(
        pieceBytes: Int, _ body: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        var writer = ByteWriter(capacity: pieceBytes + 4096)
        Self.append(.header, header.encoded(), to: &writer)
        try rows.forEach { (row, kind, bytes) throws(Failure) in
            writer.append(fixed: UInt32(bytes.byteCount + 5))
            writer.append(SnapshotEntry.row.rawValue)
            writer.append(fixed: row)
            writer.append(UInt8(truncatingIfNeeded: kind.rawValue))
            writer.append(bytes)
            try Self.flush(&writer, pieceBytes, body)
            return true
        }
        try history.forEachStored { (session) throws(Failure) in
            Self.append(.session, session.encoded(), to: &writer)
            try Self.flush(&writer, pieceBytes, body)
        }
        if writer.count > 0 { try body(writer.bytes) }
    }

    private static func append(
        _ kind: SnapshotEntry, _ content: [UInt8], to writer: inout ByteWriter
    ) {
        writer.append(fixed: UInt32(content.count))
        writer.append(kind.rawValue)
        writer.append(content)
    }

    private static func flush<Failure: Error>(
        _ writer: inout ByteWriter, _ pieceBytes: Int, _ body: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        guard writer.count >= pieceBytes else { return }
        try body(writer.bytes)
        writer.removeAll()
    }
}

enum SnapshotEntry: UInt8 { case header = 1, row = 2, session = 3 }

extension WorkspaceGraph {
    /// The workspace as it is now, for a snapshot. O(pages): nothing is copied until it is written.
    package func frozen() -> FrozenWorkspace { FrozenWorkspace(self) }
}

/// Builds a workspace from the bytes that `FrozenWorkspace.encode` made, given piece by piece.
package struct WorkspaceLoader {
    private var graph: WorkspaceGraph?
    private var header = WorkspaceHeader()
    /// The beginning of an entry whose end has not come yet.
    private var pending: [UInt8] = []
    private var offset = 0

    package init() {}

    /// Takes the next piece; pieces may be cut anywhere.
    package mutating func take(_ piece: [UInt8]) throws(Corruption) {
        var bytes: [UInt8] = []
        swap(&bytes, &pending)
        bytes.append(contentsOf: piece)
        var start = 0
        while bytes.count - start >= 5 {
            var reader = unsafe ByteReader(bytes.span.bytes.extracting(start..<bytes.count))
            let length = Int(try reader.fixed(UInt32.self))
            guard length <= Self.entryMax else {
                throw Corruption(
                    offset: offset + start, expected: "an entry of at most \(Self.entryMax) bytes",
                    found: "\(length)")
            }
            let kind = try reader.byte()
            guard reader.remaining >= length else { break }
            try take(kind, try reader.span(length), at: offset + start)
            start += 5 + length
        }
        offset += start
        bytes.removeSubrange(..<start)
        pending = bytes
    }

    /// The most bytes an entry can have: a session with all its outcomes is the largest.
    static let entryMax = 256 << 20

    private mutating func take(
        _ kind: UInt8, _ content: RawSpan, at offset: Int
    ) throws(Corruption) {
        guard let entry = SnapshotEntry(rawValue: kind) else {
            throw Corruption(offset: offset, expected: "an entry's kind", found: "\(kind)")
        }
        switch entry {
        case .header:
            header = try WorkspaceHeader(decoding: content)
            graph = WorkspaceGraph(ordinal: header.ordinal)
            graph?.history.restore(evicted: header.evicted)
        case .row: try takeRow(content, at: offset)
        case .session:
            guard let graph else { throw Self.noHeader(offset) }
            try graph.history.restore(try StoredSession(decoding: content))
        }
    }

    private func takeRow(_ content: RawSpan, at offset: Int) throws(Corruption) {
        guard let graph else { throw Self.noHeader(offset) }
        var reader = ByteReader(content)
        let row = try reader.fixed(UInt32.self)
        let kindByte = try reader.byte()
        guard let kind = EntityKind(rawValue: UInt32(kindByte)), kind != .none else {
            throw Corruption(offset: offset, expected: "a row's kind", found: "\(kindByte)")
        }
        try graph.write(row, kind, try reader.span(reader.remaining))
    }

    private static func noHeader(_ offset: Int) -> Corruption {
        Corruption(offset: offset, expected: "a workspace's header", found: "another entry")
    }

    /// The workspace, after the last piece; what is missing or differs from the digest is corrupt.
    package mutating func finish() throws(Corruption) -> WorkspaceGraph {
        guard let graph, pending.isEmpty else {
            throw Corruption(offset: offset, expected: "whole entries", found: "the end")
        }
        graph.position = header.position
        graph.nextRow = header.nextRow
        graph.time = header.time
        guard graph.digest == header.digest else {
            throw Corruption(
                offset: offset, expected: "digest \(header.digest)", found: "\(graph.digest)")
        }
        return graph
    }
}
