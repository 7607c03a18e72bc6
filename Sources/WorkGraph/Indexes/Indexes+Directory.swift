internal import WorkProtocol

/// The index entries of the directory's rows.
extension Indexes {
    mutating func index(_ row: UInt32, account: Account, _ present: Bool) {
        let email = EmailAddress.folded(account.email)
        let external = account.external?.gid ?? ""
        if present {
            if !email.isEmpty { accountsByEmail[email] = row }
            if !external.isEmpty { accountsByExternal[external] = row }
        } else {
            if accountsByEmail[email] == row { accountsByEmail.removeValue(forKey: email) }
            if accountsByExternal[external] == row {
                accountsByExternal.removeValue(forKey: external)
            }
        }
        Self.set(&accounts, RankedList.Entry(rank: 0, row: row), present)
    }

    mutating func index(_ row: UInt32, token stored: StoredToken, _ present: Bool) {
        guard let token = stored.token else { return }
        tokensByHash[stored.secretHash] = present ? row : nil
        Self.set(&tokensOfAccount, token.account, RankedList.Entry(rank: 0, row: row), present)
    }

    mutating func index(_ row: UInt32, workspace stored: WorkspaceRow, _ present: Bool) {
        guard let workspace = stored.workspace else { return }
        workspaces[workspace.ordinal] = present ? row : nil
    }
}
