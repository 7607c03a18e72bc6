package import WorkProtocol

/// Errands: what the directory owes the workspaces.
///
/// No command spans two workspaces. What must cross (a new workspace's first row and admin, people
/// let in, a rename, a new e-mail address, an account switched off) is written as an errand in the
/// same record as its cause. The node then, as soon as it can and before it answers:
///
/// 1. takes `pendingErrands` of the directory, in order;
/// 2. performs each `AdmitMember` in its workspace as `Principal.node`, without a request ID;
/// 3. performs `CompleteErrand` in the directory as `Principal.node`.
///
/// All three are records of the log. If the node ends in between, the errand is still there and is
/// run again by whoever is primary next; a workspace tells by the errand's number that it had it
/// (`admitMember`), so that more than once does no harm, and neither does late.
extension WorkspaceGraph {
    /// What has not been delivered yet, oldest first. Usually none.
    package var pendingErrands: [(row: UInt32, workspace: UInt32, admit: AdmitMember)] {
        var errands: [(row: UInt32, workspace: UInt32, admit: AdmitMember)] = []
        indexes.errands.forEach { entry in
            if let errand = load(ErrandRow.self, entry.row) {
                errands.append((entry.row, errand.workspace, Self.admission(errand, entry.row)))
            }
            return true
        }
        return errands
    }

    private static func admission(_ errand: ErrandRow, _ row: UInt32) -> AdmitMember {
        do { return try AdmitMember(decoding: errand.admit) } catch {
            preconditionFailure("errand \(row) is damaged: \(error)")
        }
    }

    /// Writes an errand.
    func owe(_ workspace: UInt32, _ admit: AdmitMember) throws(Rejection) {
        let row = try allocate()
        var admit = admit
        admit.errand = row
        var errand = ErrandRow()
        errand.workspace = workspace
        errand.admit = admit.encoded()
        put(row, .errand, errand)
    }

    /// The node has delivered an errand. Completing one twice changes nothing.
    func completeErrand(
        _ request: CompleteErrand, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        guard ordinal == 0, caller.principal.isNode else { throw .notFound }
        guard rows.kind(of: request.row) == .errand else { return Changed(0, unchanged: true) }
        erase(request.row)
        return Changed(0)
    }

    /// Tells every workspace that knows an account, or is about to, what it is now.
    func tellWorkspaces(of account: Account) throws(Rejection) {
        for ordinal in indexes.workspaces.keys.sorted() where knows(ordinal, account.gid) {
            try owe(ordinal, AdmitMember(account))
        }
    }

    private func knows(_ workspace: UInt32, _ account: UInt64) -> Bool {
        peer(workspace)?.indexes.people[account] != nil
            || pendingErrands.contains {
                $0.workspace == workspace && $0.admit.account == account
            }
    }
}

extension AdmitMember {
    /// What a workspace copies of an account. Lets nobody in by itself: the role is `.none`.
    init(_ account: Account) {
        self.init()
        self.account = account.gid
        name = account.name
        email = account.email
        timeZone = account.timeZone
        isService = account.isService
        isActive = account.isActive
    }
}
