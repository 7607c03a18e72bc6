/// What may be removed from the archive, and in which order.
package struct ArchiveRetention {
    /// How many snapshots are kept at least.
    package static let snapshots = 2

    let contents: ArchiveContents

    package init(_ contents: ArchiveContents) { self.contents = contents }

    /// The points of the snapshots to keep: the newest `count` that are whole, and the one that a
    /// drill has shown to be good.
    package func kept(newest count: Int, drilled: LSN?) -> [LSN] {
        let newest = contents.points.prefix(max(count, Self.snapshots))
        let good = contents.points.filter { $0 == drilled && !newest.contains($0) }
        return [LSN](newest) + good
    }

    /// The names to remove, in this order: of each snapshot that goes its manifest first, so that
    /// half of one is none; then the log that only they needed. Files of a snapshot without a
    /// manifest stay: it may be on its way.
    ///
    /// - Parameters:
    ///   - kept: the points that stay (`kept(newest:drilled:)`).
    ///   - oldestStart: the smallest `start` of the manifests that stay.
    package func removable(keeping kept: [LSN], oldestStart: LSN) -> [String] {
        var names: [String] = []
        let prefix = contents.prefix
        for (point, files) in contents.snapshots where !kept.contains(point) {
            guard files.contains(Manifest.fileName) else { continue }
            names.append(prefix.snapshot(point, file: Manifest.fileName))
            for file in files where file != Manifest.fileName {
                names.append(prefix.snapshot(point, file: file))
            }
        }
        guard !kept.isEmpty else { return [] }
        for log in contents.logs where log.last <= oldestStart { names.append(prefix.log(log)) }
        return names
    }
}
