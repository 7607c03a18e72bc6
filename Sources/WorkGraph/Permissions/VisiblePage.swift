internal import ByteCoding
internal import WorkProtocol

/// One page of a list, of what the caller may see: which rows, and where the next page begins.
struct VisiblePage {
    /// With a last row of the largest kind and the names, a page stays below the 4 MiB of a
    /// response.
    static let bytesMax = 1 << 20

    var rows: [UInt32] = []
    /// Empty at the end: there is no more that this caller may see.
    var next: [UInt8] = []
}

extension WorkspaceGraph {
    /// The next rows of a list that `isVisible`.
    ///
    /// A cursor is the rank (0, or a time that the page told) and the gid of the last row of the
    /// page before, so it stays right when rows come and go, and tells nothing that the page did
    /// not. O(rows passed over).
    ///
    func page(
        of list: RankedList, limit: UInt32, cursor: [UInt8],
        _ isVisible: (UInt32) -> Bool
    ) throws(Rejection) -> VisiblePage {
        let most = try Self.pageSize(limit)
        var page = VisiblePage()
        var last: RankedList.Entry?
        var bytes = 0
        list.forEach(after: try entry(cursor)) { entry in
            guard isVisible(entry.row) else { return true }
            if let last, page.rows.count == most || bytes >= VisiblePage.bytesMax {
                page.next = self.cursor(last)
                return false
            }
            page.rows.append(entry.row)
            bytes += rows.byteCount(of: entry.row)
            last = entry
            return true
        }
        return page
    }

    /// How many rows a page has.
    static func pageSize(_ limit: UInt32) throws(Rejection) -> Int {
        guard limit <= GraphLimits.pageMax else {
            throw .badField("limit", "\(limit) rows, at most \(GraphLimits.pageMax).")
        }
        return limit == 0 ? GraphLimits.pageDefault : Int(limit)
    }

    private func cursor(_ entry: RankedList.Entry) -> [UInt8] {
        var writer = ByteWriter(capacity: 16)
        writer.append(fixed: entry.rank)
        writer.append(fixed: gid(entry.row).rawValue)
        return writer.bytes
    }

    private func entry(_ cursor: [UInt8]) throws(Rejection) -> RankedList.Entry? {
        guard !cursor.isEmpty else { return nil }
        var reader = unsafe ByteReader(cursor.span.bytes)
        do {
            let rank = try reader.fixed(Int64.self)
            let gid = Gid(try reader.fixed(UInt64.self))
            guard reader.isAtEnd, gid.isValid, gid.workspace == ordinal else {
                throw reader.corruption(expected: "a cursor", found: "other bytes")
            }
            return RankedList.Entry(rank: rank, row: gids.row(gid))
        } catch {
            throw .badField("cursor", "This is no cursor of this list; begin without one.")
        }
    }
}

extension Rejection {
    /// The object is not at the version that the request changes.
    static func version(_ thing: String, _ gid: UInt64, is current: UInt32) -> Rejection {
        Rejection(
            .versionMismatch,
            "The \(thing) has changed: it is at version \(current); read it again.",
            entity: Gid(gid), currentVersion: current)
    }
}

extension Changed {
    /// What was made or changed, and its version.
    init(_ gid: UInt64, version: UInt32 = 0, unchanged: Bool = false) {
        self.init()
        self.gid = gid
        self.version = version
        self.unchanged = unchanged
    }
}
