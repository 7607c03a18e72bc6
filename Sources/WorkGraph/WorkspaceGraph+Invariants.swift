internal import WorkProtocol

extension WorkspaceGraph {
    /// Walks everything and compares what is kept along with what it should be. For tests and the
    /// simulation; O(rows). Returns what is wrong, or nothing.
    package func checkInvariants() -> [String] {
        var problems: [String] = []
        var digest: UInt64 = 0
        var rebuilt = Indexes()
        var count = 0
        rows.forEach { row, kind, bytes in
            count += 1
            digest &+= Self.hash(row, kind, bytes)
            if row >= nextRow { problems.append("row \(row) is not below the next row \(nextRow)") }
            do { try rebuilt.insert(row, kind, bytes) } catch {
                problems.append("row \(row) does not decode: \(error)")
            }
            return true
        }
        if digest != rowDigest { problems.append("the digest differs from that of the rows") }
        if history.digest != history.expectedDigest {
            problems.append("the digest differs from that of the requests")
        }
        if count != rows.count { problems.append("\(rows.count) rows counted, \(count) found") }
        if rebuilt != indexes { problems.append("the indexes differ from those of the rows") }
        return problems
    }
}
