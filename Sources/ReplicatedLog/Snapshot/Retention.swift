/// The rule for what may be deleted.
package enum Retention {
    /// How many snapshots are kept at least: one may turn out bad.
    package static let snapshots = 2

    /// The first record of the log that must be kept; whole segments before it may go.
    ///
    /// - Parameters:
    ///   - manifests: the snapshots that are there and whole.
    ///   - archived: how far the log is in the archive; nil if there is no archive to wait for.
    ///   - pinned: the first record somebody is reading towards (a node that is catching up).
    package static func firstNeeded(
        manifests: [Manifest], archived: LSN?, pinned: LSN?
    ) -> LSN {
        let newest = manifests.sorted { $0.point > $1.point }
        guard newest.count >= snapshots else { return LSN(1) }
        var first = newest[snapshots - 1].start.last.next
        if let archived { first = min(first, archived.next) }
        if let pinned { first = min(first, pinned) }
        return first
    }

    /// The snapshots that may go: all but the newest `keeping` (2 at least).
    package static func removable(points: [LSN], keeping: Int = snapshots) -> [LSN] {
        [LSN](points.sorted(by: >).dropFirst(max(keeping, snapshots)))
    }
}
