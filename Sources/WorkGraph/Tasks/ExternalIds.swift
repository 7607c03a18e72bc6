internal import WorkProtocol

/// Ids that other systems gave to tasks and to what hangs on them.
extension WorkspaceGraph {
    /// The task with this external id that the caller sees. There may be others that it does not
    /// see, whose makers it must not learn of.
    func task(_ external: ExternalName, _ caller: Caller) -> UInt32? {
        rows(external, .task).first { row in
            load(TaskRow.self, row)?.external?.gid == external.gid
                && access(task: row, caller) > .none
        }
    }

    /// Checks that no task the caller sees, besides `row`, has this external id.
    func requireNew(
        task external: External?, besides row: UInt32 = 0, _ caller: Caller
    ) throws(Rejection) {
        guard let external, !external.gid.isEmpty else { return }
        let name = ExternalName(gid: external.gid, ordinal: external.ordinal)
        if let other = task(name, caller), other != row { throw taken(other) }
    }

    /// Checks that nothing on this task has this external id. What hangs on other tasks does not
    /// matter: a caller need not see it.
    func requireNew<Row: Message>(
        _ external: External?, _ kind: EntityKind, _ type: Row.Type, on task: UInt32,
        _ keys: (Row) -> (task: UInt64, external: External?)
    ) throws(Rejection) {
        guard let external, !external.gid.isEmpty else { return }
        let name = ExternalName(gid: external.gid, ordinal: external.ordinal)
        for row in rows(name, kind, in: task) {
            guard let other = load(type, row), case let keys = keys(other),
                keys.task == UInt64(task), keys.external?.gid == external.gid
            else { continue }
            throw taken(row)
        }
    }

    private func taken(_ row: UInt32) -> Rejection {
        Rejection(
            .alreadyExists, "Something with this external id is here already.", entity: gid(row))
    }
}
