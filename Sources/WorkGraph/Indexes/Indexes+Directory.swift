internal import WorkProtocol

/// The index entries of the directory's rows.
extension Indexes {
    mutating func index(_ row: UInt32, account: Account, _ present: Bool) {
        let email = EmailAddress.folded(account.email)
        if present, !email.isEmpty {
            accountsByEmail[email] = row
        } else if accountsByEmail[email] == row {
            accountsByEmail.removeValue(forKey: email)
        }
        Self.set(&accounts, RankedList.Entry(rank: 0, row: row), present)
    }

    mutating func index(_ row: UInt32, token stored: StoredToken, _ present: Bool) {
        guard let token = stored.token else { return }
        tokensByHash[stored.secretHash] = present ? row : nil
        tokensOfAccount.set(token.account, RankedList.Entry(rank: 0, row: row), present)
    }

    mutating func index(_ row: UInt32, workspace stored: WorkspaceRow, _ present: Bool) {
        guard let workspace = stored.workspace else { return }
        workspaces[workspace.ordinal] = present ? row : nil
    }
}
