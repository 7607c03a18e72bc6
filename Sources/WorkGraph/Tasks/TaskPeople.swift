internal import WorkProtocol

/// The people of a task: its assignee and its collaborators.
extension WorkspaceGraph {
    /// Checks that a request names a person whom the caller knows and who is active here.
    func requirePerson(
        _ account: UInt64, _ field: String, _ caller: Caller
    ) throws(Rejection) {
        guard let person = standing(ofPerson: account), canSee(person: account, caller) else {
            throw .notFound(field)
        }
        guard person.isActive, !person.role.isNone else {
            throw .badField(field, "This person is no longer active in the workspace.")
        }
        guard !person.isService else {
            throw .badField(field, "This is a service account; name a person.")
        }
    }

    /// Makes somebody a collaborator by what they do or what is done to them: if it is a person,
    /// and there is room. What brought it about is not refused for want of that.
    func follow(_ task: inout TaskRow, _ account: UInt64) {
        guard let person = standing(ofPerson: account), !person.isService,
            task.collaborators.count < GraphLimits.collaboratorsPerTask,
            !task.collaborators.contains(account)
        else { return }
        task.collaborators.append(account)
    }

    /// Adds a collaborator that a request names.
    func add(
        collaborator account: UInt64, _ field: String, to task: inout TaskRow, _ caller: Caller
    ) throws(Rejection) {
        try requirePerson(account, field, caller)
        guard !task.collaborators.contains(account) else { return }
        guard task.collaborators.count < GraphLimits.collaboratorsPerTask else {
            throw .limit(GraphLimits.collaboratorsPerTask, "Collaborators of a task")
        }
        task.collaborators.append(account)
    }

    /// Assigns a task to somebody, or to nobody (0), and puts it on top of the new ones in the
    /// assignee's list, unseen unless it is the caller's own.
    func assign(
        _ task: inout TaskRow, row: UInt32, to account: UInt64, _ caller: Caller
    ) {
        task.assignee = account
        guard account != 0 else {
            task.assignedBy = 0
            task.bucket = .none
            task.bucketRank = 0
            task.unseen = false
            return
        }
        task.assignedBy = caller.account
        task.unseen = account != caller.account
        follow(&task, account)
        file(&task, row: row, in: .new, at: .first)
    }

    /// Puts a task into a bucket of its assignee.
    func file(_ task: inout TaskRow, row: UInt32, in bucket: Bucket, at spot: Spot) {
        let key = Indexes.Assigned(account: task.assignee, bucket: bucket)
        let opening = indexes.assigned.opening(key.number, at: spot, for: row)
        for (entry, rank) in opening.moved {
            edit(entry.row) { $0.bucketRank = rank }
        }
        task.bucket = bucket
        task.bucketRank = opening.rank
    }

    /// Writes another task's row anew, without a story or a new version: moving apart.
    func edit(_ row: UInt32, _ body: (inout TaskRow) -> Void) {
        guard var task = load(TaskRow.self, row) else { return }
        body(&task)
        put(row, .task, task)
    }

    /// Changes who follows a task: oneself with the right to comment, others with that to change.
    func changeCollaborators(
        _ request: ChangeCollaborators, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        var draft = try draft(task: request.task, needs: .viewer, caller)
        for (index, account) in request.add.enumerated() {
            let needed: AccessLevel = account == caller.account ? .commenter : .editor
            guard draft.level >= needed else { throw Self.tooLow(needed, "task") }
            try add(collaborator: account, "add[\(index)]", to: &draft.task, caller)
        }
        for account in request.remove {
            guard account == caller.account || draft.level >= .editor else {
                throw Self.tooLow(.editor, "task")
            }
            draft.task.collaborators.removeAll { $0 == account }
        }
        return try save(&draft, caller, at: now)
    }

    /// The name of a member of the workspace; empty for nobody.
    func name(ofPerson account: UInt64) -> String {
        guard let person = indexes.people[account] else { return "" }
        return load(Membership.self, person.row)?.name ?? ""
    }
}
