package import WorkProtocol

/// How much a workspace holds.
package struct GraphStatistics: Equatable, Sendable {
    package var rows: Int
    package var tasks: Int
    /// Bytes of all rows' content, and of the memory they lie in.
    package var contentBytes: Int
    package var allocatedBytes: Int
    /// Sessions of clients whose outcomes are kept.
    package var sessions: Int
}

extension WorkspaceGraph {
    /// O(pages).
    package var statistics: GraphStatistics {
        GraphStatistics(
            rows: rows.count, tasks: indexes.taskCount, contentBytes: rows.contentBytes,
            allocatedBytes: rows.allocatedBytes, sessions: history.count)
    }
}

extension WorkspaceGraph {
    /// The workspace as an object: its name and settings.
    package var itself: Workspace {
        ownWorkspace() ?? Workspace()
    }
}
