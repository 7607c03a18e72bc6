package import ByteCoding
package import WorkProtocol

/// A workspace at one position, unchanging while the living one goes on.
///
/// Shares the pages that the rows lie in. Encoding reads only what is its own, so it may
/// run on another queue.
package final class FrozenWorkspace: @unchecked Sendable {
    // Sendable: the pages it shares are not written to while it is there (`RowStore.isOurs`), and
    // the rest is values.
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
    private let runs = IndexRuns()
    /// The beginning of an entry whose end has not come yet.
    private var pending: [UInt8] = []
    /// Where the next entry begins in all bytes.
    private var offset = 0

    package init() {}

    /// Takes the next piece; pieces may be cut anywhere.
    package mutating func take(_ piece: RawSpan) throws(Corruption) {
        let start = try takePending(piece)
        let taken = try takeEntries(piece.extracting(start..<piece.byteCount))
        let rest = piece.extracting((start + taken)..<piece.byteCount)
        unsafe rest.withUnsafeBytes { unsafe pending.append(contentsOf: $0) }
    }

    /// The same, for bytes in an array.
    package mutating func take(_ piece: [UInt8]) throws(Corruption) {
        try take(unsafe piece.span.bytes)
    }

    /// Takes the entry of which the beginning is there already, if the piece has the rest.
    /// - Returns: how much of the piece it needs.
    private mutating func takePending(_ piece: RawSpan) throws(Corruption) -> Int {
        guard !pending.isEmpty else { return 0 }
        var used = keep(upTo: Self.headerBytes, of: piece)
        guard pending.count >= Self.headerBytes else { return used }
        let whole = Self.headerBytes + (try entryLength(unsafe pending.span.bytes))
        used += keep(upTo: whole, of: piece.extracting(used..<piece.byteCount))
        guard pending.count == whole else { return used }
        var entry: [UInt8] = []
        swap(&entry, &pending)
        _ = try takeEntries(unsafe entry.span.bytes)
        return used
    }

    /// Makes `pending` as long as `count` with bytes of the piece. - Returns: how many it gave.
    private mutating func keep(upTo count: Int, of piece: RawSpan) -> Int {
        let missing = min(max(count - pending.count, 0), piece.byteCount)
        unsafe piece.extracting(0..<missing).withUnsafeBytes {
            unsafe pending.append(contentsOf: $0)
        }
        return missing
    }

    /// Takes all entries that are whole. - Returns: how many bytes they have.
    private mutating func takeEntries(_ bytes: RawSpan) throws(Corruption) -> Int {
        var start = 0
        while bytes.byteCount - start >= Self.headerBytes {
            let rest = bytes.extracting(start..<bytes.byteCount)
            let end = Self.headerBytes + (try entryLength(rest))
            guard rest.byteCount >= end else { break }
            let kind = unsafe rest.unsafeLoad(fromByteOffset: 4, as: UInt8.self)
            try take(kind, rest.extracting(Self.headerBytes..<end), at: offset)
            start += end
            offset += end
        }
        return start
    }

    /// The length that an entry says it has, without its head.
    private func entryLength(_ bytes: RawSpan) throws(Corruption) -> Int {
        var reader = ByteReader(bytes)
        let length = Int(try reader.fixed(UInt32.self))
        guard length <= Self.entryMax else {
            throw Corruption(
                offset: offset, expected: "an entry of at most \(Self.entryMax) bytes",
                found: "\(length)")
        }
        return length
    }

    /// Length and kind.
    private static let headerBytes = 5

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
            guard graph == nil else {
                throw Corruption(offset: offset, expected: "one header", found: "another")
            }
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
        try graph.load(row, kind, try reader.span(reader.remaining), runs)
    }

    private static func noHeader(_ offset: Int) -> Corruption {
        Corruption(offset: offset, expected: "a workspace's header", found: "another entry")
    }

    /// The workspace, after the last piece; what is missing or differs from the digest is corrupt.
    package mutating func finish() throws(Corruption) -> WorkspaceGraph {
        guard let graph, pending.isEmpty else {
            throw Corruption(offset: offset, expected: "whole entries", found: "the end")
        }
        graph.indexes.take(runs)
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
