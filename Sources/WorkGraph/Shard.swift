package import ByteCoding
package import WorkProtocol

/// The single-writer state machine that holds some workspaces.
///
/// The only door to them: every command and query names the principal that asks, and what comes in
/// from the log goes through `apply`, the same that the commands themselves use. It reads no clock
/// and no file; time and randomness are passed in. Confined to one queue.
package final class Shard {
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var workspaces: [UInt32: WorkspaceGraph] = [:]
    /// The workspace that was asked last: mostly the next one, too.
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var recent: WorkspaceGraph?
    private var neighbours: [Neighbour] = []
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    private var isReplaying = false

    private struct Neighbour {
        unowned let shard: Shard
    }

    package init() {}

    package func workspace(_ ordinal: UInt32) -> WorkspaceGraph? {
        if let recent, recent.ordinal == ordinal { return recent }
        guard let found = workspaces[ordinal] else { return nil }
        recent = found
        return found
    }

    private func keep(_ workspace: WorkspaceGraph) {
        workspaces[workspace.ordinal] = workspace
        recent = workspace
    }

    /// The ordinals of the workspaces it holds, ascending.
    package var ordinals: [UInt32] { workspaces.keys.sorted() }

    /// Runs a command in a workspace (`WorkspaceGraph.perform`). A workspace that is not there is
    /// made by the node's first errand to it; for everybody else it does not exist.
    package func perform(
        _ command: consuming Command, in ordinal: UInt32, as principal: Principal,
        request: RequestID?,
        requestHash: UInt64, wallTime: Int64
    ) throws(Rejection) -> WorkspaceGraph.Performed {
        if let workspace = workspace(ordinal) {
            return try workspace.perform(
                consume command, as: principal, request: request, requestHash: requestHash,
                wallTime: wallTime)
        }
        guard principal.isNode, case .admitMember = command else { throw .notFound }
        let workspace = make(ordinal)
        let performed = try workspace.perform(
            consume command, as: principal, request: request, requestHash: requestHash,
            wallTime: wallTime)
        keep(workspace)
        return performed
    }

    /// Answers a query into `writer` (`WorkspaceGraph.answer`).
    package func answer(
        _ query: Query, in ordinal: UInt32, as principal: Principal, into writer: inout ByteWriter
    ) throws(Rejection) {
        guard let workspace = workspace(ordinal) else { throw .notFound }
        try workspace.answer(query, as: principal, into: &writer)
    }

    /// Answers a query and notes what went into it (`WorkspaceGraph.answer(_:as:into:noting:)`).
    package func answer(
        _ query: Query, in ordinal: UInt32, as principal: Principal, into writer: inout ByteWriter,
        noting tasks: inout [UInt32]
    ) throws(Rejection) -> Bool {
        guard let workspace = workspace(ordinal) else { throw .notFound }
        return try workspace.answer(query, as: principal, into: &writer, noting: &tasks)
    }

    /// Applies a record of the log to a workspace. Records at or below the workspace's position are
    /// skipped (a snapshot holds them already); a gap is damage.
    package func apply(
        _ body: RawSpan, in ordinal: UInt32, at position: UInt64
    ) throws(Corruption) {
        let workspace = workspace(ordinal) ?? make(ordinal)
        guard position > workspace.position else { return }
        guard position == workspace.position + 1 else {
            throw Corruption(
                offset: 0, expected: "position \(workspace.position + 1) of workspace \(ordinal)",
                found: "\(position)")
        }
        if isReplaying, workspace.replay == nil { workspace.replay = IndexRuns() }
        try workspace.apply(body)
        if workspace.position == 1 { keep(workspace) }
    }

    /// Begins to apply many records, several times as fast as one by one: until `endReplay`,
    /// nothing else may be asked of the shard but `apply` and digests.
    package func beginReplay() { isReplaying = true }

    /// Brings the indexes up to what was applied.
    package func endReplay() {
        for workspace in workspaces.values { workspace.endReplay() }
        isReplaying = false
    }

    /// Puts in a workspace that a snapshot brought.
    package func adopt(_ workspace: WorkspaceGraph) {
        keep(connected(workspace))
    }

    private func make(_ ordinal: UInt32) -> WorkspaceGraph {
        connected(WorkspaceGraph(ordinal: ordinal))
    }

    /// Tells a shard of the node's others: the directory asks workspaces in all of them who
    /// somebody is there. All must be on one queue; they are not kept alive.
    package func meet(_ shards: [Shard]) {
        neighbours = shards.filter { $0 !== self }.map(Neighbour.init)
    }

    private func find(_ ordinal: UInt32) -> WorkspaceGraph? {
        if let own = workspaces[ordinal] { return own }
        return neighbours.lazy.compactMap { $0.shard.workspaces[ordinal] }.first
    }

    /// Lets the directory ask the workspaces here who somebody is in them.
    private func connected(_ workspace: WorkspaceGraph) -> WorkspaceGraph {
        if workspace.ordinal == 0 {
            workspace.peer = { [unowned self] ordinal in find(ordinal) }
        }
        return workspace
    }

    /// Where a command belongs that was sent to `ordinal`; it is changed into what is said there.
    /// Invitations are sent to the workspace, and are the directory's to do: it has the accounts,
    /// and asks the workspace whether the caller may. Everything else stays as and where it is.
    package static func address(_ command: inout Command, sentTo ordinal: UInt32) -> UInt32 {
        guard ordinal != 0, case .invite(var invite) = command else { return ordinal }
        invite.workspace = ordinal
        command = .invite(invite)
        return 0
    }

    package func removeAll() {
        workspaces.removeAll()
        recent = nil
    }
}
