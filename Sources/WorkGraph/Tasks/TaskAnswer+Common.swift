internal import ByteCoding
internal import WorkProtocol

/// What rows and answers have in common, as one reader may know it.
extension WorkspaceGraph {
    /// Appends the fields 1 to 31 of a task: as they lie in the row, but for what this reader must
    /// not learn from them.
    func writeCommon(
        _ bytes: RawSpan, _ keys: TaskKeys, _ caller: Caller, into writer: inout ByteWriter
    ) {
        let hidesData = keys.hasExternalData && hidesImportedData(keys, caller)
        if hidesData || (caller.isGuest && !knowsPeople(of: keys, caller)) {
            writeCommonAnew(bytes, keys, caller, hidesData: hidesData, into: &writer)
        } else {
            writer.append(bytes.extracting(0..<keys.commonEnd))
        }
        guard keys.hasStamps else { return }
        // Of a field that comes twice the last counts.
        let revision = revision(of: keys, caller)
        if revision.version != keys.version {
            writer.append(tag: 2 << 3, varint: UInt64(revision.version))
        }
        if revision.modifiedAt != keys.modifiedAt {
            writer.append(tag: 9 << 3, int64: revision.modifiedAt)
        }
    }

    private func writeCommonAnew(
        _ bytes: RawSpan, _ keys: TaskKeys, _ caller: Caller, hidesData: Bool,
        into writer: inout ByteWriter
    ) {
        var task: TaskRow
        do { task = try TaskRow(decoding: bytes.extracting(0..<keys.commonEnd)) } catch {
            preconditionFailure("a task's row is damaged: \(error)")
        }
        if hidesData { task.external?.data = "" }
        if caller.isGuest {
            task.createdBy = known(task.createdBy, on: keys, caller)
            task.assignedBy = known(task.assignedBy, on: keys, caller)
            task.completedBy = known(task.completedBy, on: keys, caller)
        }
        task.encode(into: &writer)
    }

    /// Whether a reader does not get what an import kept with a task: names of what the task was
    /// in, under and waiting for, which not everybody sees who sees the task. Whether it sees them
    /// now must not be asked: that the data is missing would tell what is hidden. So it is the
    /// importer's alone, and the service accounts'.
    private func hidesImportedData(_ keys: TaskKeys, _ caller: Caller) -> Bool {
        keys.importedBy != 0 && keys.importedBy != caller.account && !caller.seesEverything
    }

    // MARK: - People

    /// Whether a reader of a task may know of somebody: whoever it is assigned to or follows it
    /// shares it with the reader; of others the reader must know for another reason.
    func knows(_ account: UInt64, on keys: TaskKeys, _ caller: Caller) -> Bool {
        !caller.isGuest || account == 0 || account == caller.account || account == keys.assignee
            || keys.collaborators.contains(account) || canSee(person: account, caller)
    }

    private func known(_ account: UInt64, on keys: TaskKeys, _ caller: Caller) -> UInt64 {
        knows(account, on: keys, caller) ? account : 0
    }

    private func knowsPeople(of keys: TaskKeys, _ caller: Caller) -> Bool {
        knows(keys.createdBy, on: keys, caller) && knows(keys.assignedBy, on: keys, caller)
            && knows(keys.completedBy, on: keys, caller)
    }
}
