internal import ReplicatedLog

/// Which tasks were rewritten last by which record: a read of others need not wait for it.
///
/// Tasks share places, the newest record of a place counting for all of them: a read may wait in
/// vain, and never the other way round. O(1), 128 KiB. Which tasks share one is a secret of the
/// process: whoever knew could tell by the waiting when others write to theirs.
struct RecentRewrites {
    private static let places = 1 << 14

    private let secret: UInt64
    private var newest = [LSN](repeating: .zero, count: places)

    init(secret: UInt64) { self.secret = secret | 1 }

    /// A record has changed the answers about a task.
    mutating func note(_ task: UInt32, in workspace: UInt32, at lsn: LSN) {
        newest[place(task, workspace)] = lsn
    }

    /// Whether no record after `point` has changed the answers about a task.
    func isSettled(_ task: UInt32, in workspace: UInt32, at point: LSN) -> Bool {
        newest[place(task, workspace)] <= point
    }

    private func place(_ task: UInt32, _ workspace: UInt32) -> Int {
        let mixed = (UInt64(workspace) << 32 | UInt64(task)) &* secret
        return Int(truncatingIfNeeded: ((mixed ^ mixed >> 32) &* 0x9e37_79b9_7f4a_7c15) >> 50)
    }
}
