package import WorkProtocol

/// The order of rows of a project that came from a CSV file whose rows are not in the order of its
/// sections (hand-made files, exports of a search).
///
/// Such a project is marked, and its tasks know their row. To export it with foreign ids as it
/// came, the exporter collects its tasks in the usual order and has them sorted here: by row, those
/// without one (made since) behind the task they follow.
package struct ExportOrder {
    /// What the external data of such a project is.
    static let mark = #"{"order":"rows"}"#

    private var tasks: [(row: Int64, place: Int, gid: UInt64)] = []

    package init() {}

    /// Whether an export of the project with foreign ids is in the order of rows.
    package static func isByRows(_ project: Project) -> Bool { project.external?.data == mark }

    /// Adds the task that comes next in the usual order. Complexity: O(bytes of the external data).
    package mutating func append(_ gid: UInt64, external: External?) {
        let row = KeptCells(data: external?.data ?? "").row ?? tasks.last?.row ?? -1
        tasks.append((row, tasks.count, gid))
    }

    /// The tasks in the order in which to export them. Complexity: O(n log n).
    package func sorted() -> [UInt64] {
        tasks.sorted { ($0.row, $0.place) < ($1.row, $1.place) }.map(\.gid)
    }
}
