internal import ReplicatedLog

/// Which tasks were rewritten last by which record: a read of others need not wait for it.
///
/// Tasks share places, the newest record of a place counting for all of them: a read may wait in
/// vain, and never the other way round. O(1), 128 KiB.
struct RecentRewrites {
    private static let places = 1 << 14

    private var newest = [LSN](repeating: .zero, count: places)

    /// A record has changed the answers about a task.
    mutating func note(_ task: UInt32, in workspace: UInt32, at lsn: LSN) {
        newest[Self.place(task, workspace)] = lsn
    }

    /// Whether no record after `point` has changed the answers about a task.
    func isSettled(_ task: UInt32, in workspace: UInt32, at point: LSN) -> Bool {
        newest[Self.place(task, workspace)] <= point
    }

    private static func place(_ task: UInt32, _ workspace: UInt32) -> Int {
        let mixed = (UInt64(workspace) << 32 | UInt64(task)) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: mixed >> 50)
    }
}
