internal import ByteCoding
internal import WorkProtocol

/// Service accounts: they read all of one workspace. Made by its admins, not by operators.
extension WorkspaceGraph {
    func createServiceAccount(
        _ request: CreateServiceAccount, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        try requireDirectory()
        try requireAdmin(of: request.workspace, caller)
        guard !request.name.isEmpty else { throw .badField("name", "An account needs a name.") }
        var service = Account()
        service.name = request.name
        service.isService = true
        service.home = request.workspace
        service = try makeAccount(service, at: now)
        var admit = AdmitMember(service)
        admit.role = .member
        try owe(request.workspace, admit)
        return Changed(service.gid)
    }

    private func requireAdmin(of workspace: UInt32, _ caller: Caller) throws(Rejection) {
        switch role(of: caller.principal, in: workspace) {
        case .admin: return
        case .none: throw .notFound
        case .guest, .member:
            throw Rejection(.forbidden, "Only an admin of the workspace may.")
        }
    }

    func listServiceAccounts(
        _ request: ListServiceAccounts, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        try requireDirectory()
        try requireAdmin(of: request.workspace, caller)
        var answer = AccountList()
        indexes.accounts.forEach { entry in
            if let account = load(Account.self, entry.row), account.isService,
                account.home == request.workspace, account.isActive
            {
                answer.accounts.append(account)
            }
            return true
        }
        answer.encode(into: &writer)
    }

    /// Switches a service account off for good and ends its tokens. What it did keeps its name.
    func deleteServiceAccount(
        _ request: DeleteServiceAccount, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        try requireDirectory()
        guard let row = row(request.account, .account), var account = load(Account.self, row),
            account.isService, role(of: caller.principal, in: account.home) != .none
        else { throw .notFound }
        try requireAdmin(of: account.home, caller)
        guard account.isActive else { return Changed(account.gid, unchanged: true) }
        account.isActive = false
        put(row, .account, account)
        var tokens: [UInt32] = []
        indexes.tokensOfAccount[account.gid]?.forEach { entry in
            tokens.append(entry.row)
            return true
        }
        for token in tokens { erase(token) }
        try tellWorkspaces(of: account)
        return Changed(account.gid)
    }
}
