internal import ByteCoding
internal import WorkProtocol

/// Accounts: people and services, known to the whole store.
extension WorkspaceGraph {
    /// Refuses a request for the directory that was sent to a workspace.
    func requireDirectory() throws(Rejection) {
        guard ordinal == 0 else {
            throw Rejection(.notFound, "This is asked of the directory: route 0.")
        }
    }

    func whoAmI(
        _ request: WhoAmI, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        try requireDirectory()
        guard let row = row(caller.account, .account) else { throw .notFound }
        var answer = Identified()
        answer.account = load(Account.self, row)
        answer.scopes = caller.principal.scopes.list
        answer.workspaces = workspaces(of: caller.principal)
        answer.encode(into: &writer)
    }

    /// Changes a name or a time zone: everybody their own. E-mail addresses and switching accounts
    /// on and off are for operators. The workspaces are told.
    func updateAccount(
        _ request: UpdateAccount, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        try requireDirectory()
        let own = request.account == 0 || request.account == caller.account
        let isForOperators = !own || request.email != nil || request.isActive != nil
        if isForOperators, !own, !isOperator(caller) { throw .notFound }
        if isForOperators { try caller.requireOperator() }
        guard let row = row(own ? caller.account : request.account, .account),
            let before = load(Account.self, row)
        else { throw .notFound }
        let account = try changed(before, request, row)
        guard account != before else { return Changed(account.gid, unchanged: true) }
        try requireAnotherOperator(than: before, becoming: account)
        put(row, .account, account)
        try tellWorkspaces(of: account)
        return Changed(account.gid)
    }

    private func isOperator(_ caller: Caller) -> Bool {
        caller.isAdmin && caller.principal.scopes.contains(.operate)
    }

    private func changed(
        _ before: Account, _ request: UpdateAccount, _ row: UInt32
    ) throws(Rejection) -> Account {
        var account = before
        if let name = request.name {
            guard !name.isEmpty else { throw .badField("name", "An account needs a name.") }
            account.name = name
        }
        if let zone = request.timeZone {
            guard Self.isPlausible(zone: zone) else {
                throw .badField("time_zone", "Such as \"Europe/Vienna\"; empty for UTC.")
            }
            account.timeZone = zone
        }
        if let email = request.email {
            guard !account.isService, EmailAddress.isPlausible(email) else {
                throw .badField("email", "This is no e-mail address, or no person.")
            }
            let other = indexes.accountsByEmail[EmailAddress.folded(email)]
            guard other == nil || other == row else {
                throw Rejection(.alreadyExists, "Another account has this e-mail address.")
            }
            account.email = email
        }
        if let isActive = request.isActive { account.isActive = isActive }
        return account
    }

    /// Letters, digits and what names of the time zone database have between them.
    private static func isPlausible(zone: String) -> Bool {
        zone.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            case UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"): true
            default: false
            }
        }
    }

    /// A store without an operator could never get one again.
    private func requireAnotherOperator(
        than before: Account, becoming after: Account
    ) throws(Rejection) {
        guard before.isOperator, before.isActive, !after.isActive else { return }
        var another = false
        indexes.accounts.forEach { entry in
            if let account = load(Account.self, entry.row), account.gid != before.gid {
                another = account.isOperator && account.isActive
            }
            return !another
        }
        guard another else {
            throw Rejection(.conflict, "This is the last operator; make another one first.")
        }
    }

    /// Makes an account. Whether the e-mail address is free is the caller's to know.
    func makeAccount(_ account: Account, at now: Int64) throws(Rejection) -> Account {
        var account = account
        let row = try allocate()
        account.gid = gid(row).rawValue
        account.createdAt = now
        account.isActive = true
        put(row, .account, account)
        return account
    }
}

extension Scopes {
    /// The scopes one by one, as messages have them.
    var list: [Scope] {
        Scope.allCases.filter { $0 != .none && contains(Scopes([$0])) }
    }
}
