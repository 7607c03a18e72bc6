package import WorkProtocol

/// What a new store begins with.
package struct Bootstrap: Sendable {
    /// The first operator, who is also the first workspace's admin.
    package var name: String
    package var email: String
    /// The SHA-256 of the secret of the operator's token, which has every scope.
    package var secretHash: [UInt8]
    /// The first workspace; empty for none.
    package var workspace: String
    package var isOrganization: Bool
    /// 64 random bits each, not 0: the keys of the gids of the directory and of the workspace.
    package var directoryKey: UInt64
    package var workspaceKey: UInt64

    package init(
        name: String, email: String, secretHash: [UInt8], workspace: String,
        isOrganization: Bool = true, directoryKey: UInt64, workspaceKey: UInt64
    ) {
        self.name = name
        self.email = email
        self.secretHash = secretHash
        self.workspace = workspace
        self.isOrganization = isOrganization
        self.directoryKey = directoryKey
        self.workspaceKey = workspaceKey
    }
}

extension WorkspaceGraph {
    /// Performs the first commands of a new store: the directory's own row and operator, the
    /// operator's token, the first workspace and its errand. They are commands like any others:
    /// the node appends each record to the log, in order, as what it belongs to.
    ///
    /// - Parameter shard: the shard that a workspace belongs to, by its ordinal.
    /// - Returns: the ordinal and the record of each, in order.
    package static func bootstrapDirectory(
        _ bootstrap: Bootstrap, in shard: (UInt32) -> Shard, at time: Int64
    ) throws(Rejection) -> [(ordinal: UInt32, performed: Performed)] {
        var admit = AdmitMember()
        admit.name = bootstrap.name
        admit.email = bootstrap.email
        admit.role = .admin
        admit.isActive = true
        admit.workspace = Workspace()
        admit.gidKey = bootstrap.directoryKey
        var steps: [(ordinal: UInt32, performed: Performed)] = []
        func run(
            _ command: Command, in ordinal: UInt32, as principal: Principal
        ) throws(Rejection) {
            let performed = try shard(ordinal).perform(
                command, in: ordinal, as: principal, request: nil, requestHash: 0, wallTime: time)
            steps.append((ordinal, performed))
        }
        try run(.admitMember(admit), in: 0, as: .node)
        guard let directory = shard(0).workspace(0),
            let account = directory.account(email: bootstrap.email)
        else { preconditionFailure("the directory lost its first account") }
        var token = CreateToken()
        token.account = account.gid
        token.name = "first token"
        token.scopes = [.read, .write, .import, .operate]
        token.secretHash = bootstrap.secretHash
        try run(.createToken(token), in: 0, as: .node)
        guard !bootstrap.workspace.isEmpty else { return steps }
        var create = CreateWorkspace()
        create.name = bootstrap.workspace
        create.isOrganization = bootstrap.isOrganization
        directory.entropy = bootstrap.workspaceKey
        let first = Principal(
            account: Gid(account.gid), scopes: [.read, .write, .import, .operate])
        try run(.createWorkspace(create), in: 0, as: first)
        for errand in directory.pendingErrands {
            try run(.admitMember(errand.admit), in: errand.workspace, as: .node)
            var complete = CompleteErrand()
            complete.row = errand.row
            try run(.completeErrand(complete), in: 0, as: .node)
        }
        return steps
    }

    /// The directory's own admission: row 1, whose key makes the gids of accounts and tokens, and
    /// the first operator. Only in a directory that is empty.
    func admitOperator(_ request: AdmitMember, at now: Int64) throws(Rejection) -> Changed {
        guard rows.count == 0, let workspace = request.workspace else {
            throw Rejection(.conflict, "The directory has its first operator.")
        }
        guard EmailAddress.isPlausible(request.email), !request.name.isEmpty else {
            throw .badField("email", "The operator needs a name and an e-mail address.")
        }
        try found(workspace, key: request.gidKey)
        var account = Account()
        account.name = request.name
        account.email = request.email
        account.timeZone = request.timeZone
        account.isOperator = true
        return Changed(try makeAccount(account, at: now).gid)
    }
}
