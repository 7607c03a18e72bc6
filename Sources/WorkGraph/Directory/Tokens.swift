internal import ByteCoding
package import WorkProtocol

/// Tokens: what proves who somebody is. The store knows the SHA-256 of the secret only.
extension WorkspaceGraph {
    /// Who presents the token whose secret has this SHA-256, at a time; nil for an unknown or
    /// expired token and for an account that was switched off.
    ///
    /// A look-up by a hash that the presenter cannot choose, so that its time tells nothing.
    package func authenticate(secretHash: [UInt8], at now: Int64) -> Principal? {
        guard ordinal == 0, let row = indexes.tokensByHash[secretHash] else { return nil }
        return principal(token: row, at: now)
    }

    /// Whether a principal is still what it was when it authenticated: its token neither revoked
    /// nor expired, its account active. For closing connections and refusing requests at once.
    package func isCurrent(_ principal: Principal, at now: Int64) -> Bool {
        if principal.isNode { return true }
        guard ordinal == 0, let row = row(principal.token.rawValue, .token) else { return false }
        return self.principal(token: row, at: now) == principal
    }

    private func principal(token row: UInt32, at now: Int64) -> Principal? {
        guard let token = load(StoredToken.self, row)?.token,
            token.expiresAt == 0 || token.expiresAt > now,
            let owner = self.row(token.account, .account),
            let account = load(Account.self, owner), account.isActive
        else { return nil }
        var scopes = Scopes(token.scopes)
        if !account.isOperator { scopes.remove(.operate) }
        return Principal(
            account: Gid(account.gid), token: gid(row), scopes: scopes, home: account.home,
            isService: account.isService)
    }

    /// Makes a token: for oneself, for others by operators, for a service account by an admin of
    /// its workspace. It never allows more, nor lasts longer, than the token that asks.
    func createToken(
        _ request: CreateToken, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        try requireDirectory()
        let account = try accountForTokens(request.account, caller)
        let scopes = Scopes(request.scopes)
        guard !scopes.isEmpty else { throw .badField("scopes", "At least one.") }
        guard caller.principal.scopes.isSuperset(of: scopes) else {
            throw Rejection(.forbidden, "A token cannot have scopes that yours has not.")
        }
        guard account.isOperator || !scopes.contains(.operate) else {
            throw .badField("scopes", "Only operators' tokens have \"operate\".")
        }
        try check(expiry: request.expiresAt, caller, at: now)
        guard request.secretHash.count == 32 else {
            throw .badField("secret_hash", "32 bytes: the SHA-256 of the secret.")
        }
        guard indexes.tokensByHash[request.secretHash] == nil else {
            throw Rejection(.alreadyExists, "There is a token with this secret; make another.")
        }
        let most = GraphLimits.tokensPerAccount
        guard (indexes.tokensOfAccount[account.gid]?.count ?? 0) < most else {
            throw .limit(most, "Tokens of an account")
        }
        let row = try allocate()
        var token = Token()
        token.gid = gid(row).rawValue
        token.account = account.gid
        token.name = request.name
        token.scopes = scopes.list
        token.createdAt = now
        token.expiresAt = request.expiresAt
        var stored = StoredToken()
        stored.token = token
        stored.secretHash = request.secretHash
        put(row, .token, stored)
        return Changed(token.gid)
    }

    private func check(
        expiry: Int64, _ caller: Caller, at now: Int64
    ) throws(Rejection) {
        guard expiry == 0 || expiry > now else {
            throw .badField("expires_at", "This is past.")
        }
        guard let row = row(caller.principal.token.rawValue, .token),
            let own = load(StoredToken.self, row)?.token, own.expiresAt != 0
        else { return }
        guard expiry != 0, expiry <= own.expiresAt else {
            throw .badField("expires_at", "A token cannot outlast the one it was made with.")
        }
    }

    /// An active account whose tokens the caller may make, see and revoke.
    private func accountForTokens(
        _ gid: UInt64, _ caller: Caller
    ) throws(Rejection) -> Account {
        let gid = gid == 0 ? caller.account : gid
        guard let row = row(gid, .account), let account = load(Account.self, row),
            mayHandleTokens(of: account, caller)
        else { throw .notFound }
        guard account.isActive else {
            throw Rejection(.conflict, "The account is switched off.")
        }
        return account
    }

    private func mayHandleTokens(of account: Account, _ caller: Caller) -> Bool {
        if account.gid == caller.account { return true }
        if caller.isAdmin, caller.principal.scopes.contains(.operate) { return true }
        return account.isService && role(of: caller.principal, in: account.home) == .admin
    }

    func listTokens(
        _ request: ListTokens, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        try requireDirectory()
        let account = try accountForTokens(request.account, caller)
        var answer = TokenList()
        indexes.tokensOfAccount[account.gid]?.forEach { entry in
            if let token = load(StoredToken.self, entry.row)?.token { answer.tokens.append(token) }
            return true
        }
        answer.encode(into: &writer)
    }

    /// Ends a token. Connections that came with it are the node's to close.
    func revokeToken(
        _ request: RevokeToken, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        try requireDirectory()
        guard let row = row(request.token, .token),
            let token = load(StoredToken.self, row)?.token,
            let owner = self.row(token.account, .account),
            let account = load(Account.self, owner), mayHandleTokens(of: account, caller)
        else { throw .notFound }
        erase(row)
        return Changed(token.gid)
    }
}
