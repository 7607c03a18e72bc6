internal import ByteCoding
internal import WorkProtocol

/// Where a page of tasks or stories ended: the place of its last row.
///
/// A place, not a count, so that it stays right when rows come and go between two pages. Lists of
/// lists (the sections of a project, the buckets of My Tasks) have an outer place as well. It names
/// the list it belongs to, so that a cursor of another is refused.
struct PageCursor: Equatable {
    /// A hash of what is listed.
    var list: UInt32
    var outer = RankedList.Entry(rank: 0, row: 0)
    var inner: RankedList.Entry

    /// What tells one list from another.
    static func list(_ method: Method, _ parts: [UInt64]) -> UInt32 {
        var writer = ByteWriter(capacity: 32)
        writer.append(fixed: method.rawValue)
        for part in parts { writer.append(fixed: part) }
        return UInt32(truncatingIfNeeded: XXH3.hash(writer.span))
    }
}

extension WorkspaceGraph {
    /// The bytes a client sends back for the next page, sealed: neither rows nor ranks are its
    /// business.
    func encode(_ cursor: PageCursor) -> [UInt8] {
        var writer = ByteWriter(capacity: 28)
        writer.append(fixed: cursor.list)
        writer.append(fixed: cursor.outer.rank)
        writer.append(fixed: gid(cursor.outer.row).low)
        writer.append(fixed: cursor.inner.rank)
        writer.append(fixed: gid(cursor.inner.row).low)
        return cursors.sealed(writer.bytes)
    }

    /// The place that a client's cursor names; nil to begin.
    func cursor(_ bytes: [UInt8], of list: UInt32) throws(Rejection) -> PageCursor? {
        guard !bytes.isEmpty else { return nil }
        let opened = cursors.opened(bytes) ?? []
        var reader = unsafe ByteReader(opened.span.bytes)
        do throws(Corruption) {
            let found = try reader.fixed(UInt32.self)
            let outer = try place(&reader)
            let inner = try place(&reader)
            if reader.isAtEnd, found == list {
                return PageCursor(list: list, outer: outer, inner: inner)
            }
        } catch {
            // Too short: refused below, like every other that is not one of ours.
        }
        throw .badField("cursor", "This is no cursor of this list; begin without one.")
    }

    private func place(_ reader: inout ByteReader) throws(Corruption) -> RankedList.Entry {
        let rank = try reader.fixed(Int64.self)
        let low = try reader.fixed(UInt32.self)
        return RankedList.Entry(rank: rank, row: gids.row(Gid(workspace: ordinal, low: low)))
    }
}
