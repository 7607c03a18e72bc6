package import WorkProtocol

/// Who asks, seen from one workspace: the principal and what it is here.
///
/// There is no other way to one than `WorkspaceGraph.caller(_:)`, and no command or query runs
/// without one. Lives as long as one request.
struct Caller {
    let principal: Principal
    /// Admin, member or guest; `.admin` for the node itself.
    let role: Role
    /// Everybody a guest shares something with, once somebody asked.
    let circle: Circle?

    init(principal: Principal, role: Role) {
        self.principal = principal
        self.role = role
        circle = role.isGuest ? Circle() : nil
    }

    var account: UInt64 { principal.account.rawValue }
    /// Reads everything of its workspace, by being its service account.
    var seesEverything: Bool { principal.isNode || principal.isService }
    var isAdmin: Bool { role.isAdmin }
    var isGuest: Bool { role.isGuest }

    /// What a caller with everything open to it may do: the node all, a service account what its
    /// token's scopes allow.
    var generalAccess: AccessLevel {
        if principal.isNode { return .admin }
        guard principal.isService else { return .none }
        return principal.scopes.contains(.write) ? .admin : .viewer
    }

    /// Keeps a guest's acquaintances for the length of a request: a list may ask for many names.
    final class Circle {
        var people: Set<UInt64>?
    }
}

/// What a person is in a workspace: what each request asks, without the person's texts.
struct Standing {
    var role: Role
    var isActive: Bool
    var isService: Bool
}

extension WorkspaceGraph {
    /// What a person is here; nil for strangers. O(1).
    func standing(ofPerson account: UInt64) -> Standing? {
        var standing: Standing?
        indexes.people.withValue(account) { person in
            standing = Standing(
                role: person.role, isActive: person.isActive, isService: person.isService)
        }
        return standing
    }

    /// The principal as a caller of this workspace. To everybody else the workspace does not exist.
    func caller(_ principal: Principal) throws(Rejection) -> Caller {
        if principal.isNode { return Caller(principal: principal, role: .admin) }
        if ordinal == 0 { return try directoryCaller(principal) }
        guard let person = standing(ofPerson: principal.account.rawValue), person.isActive,
            !person.role.isNone, person.isService == principal.isService,
            !principal.isService || principal.home == ordinal
        else { throw .notFound }
        return Caller(principal: principal, role: person.role)
    }

    /// In the directory everybody with an active account is a member, and operators are admins.
    private func directoryCaller(_ principal: Principal) throws(Rejection) -> Caller {
        guard let row = row(principal.account.rawValue, .account),
            let account = load(Account.self, row), account.isActive
        else { throw .notFound }
        return Caller(principal: principal, role: account.isOperator ? .admin : .member)
    }

    /// Whether a principal may know that there is this workspace.
    package func knows(_ principal: Principal) -> Bool { role(of: principal) != .none }

    /// What a principal may do with a task, by the rules that every request asks; `.none`: it does
    /// not exist for that principal. O(depth × projects).
    package func access(of principal: Principal, to task: Gid) -> AccessLevel {
        guard let row = row(task.rawValue, .task) else { return .none }
        do { return access(task: row, try caller(principal)) } catch { return .none }
    }

    /// What a principal is in this workspace; `.none` for strangers.
    func role(of principal: Principal) -> Role {
        do { return try caller(principal).role } catch { return .none }
    }
}

extension Caller {
    /// Refuses a caller whose token lacks a scope.
    func require(_ scope: Scopes, _ name: String) throws(Rejection) {
        guard principal.scopes.contains(scope) else {
            throw Rejection(.forbidden, "This needs a token with the scope \"\(name)\".")
        }
    }

    /// Refuses everybody but an admin of the workspace.
    func requireAdmin() throws(Rejection) {
        guard isAdmin else { throw Rejection(.forbidden, "Only an admin of the workspace may.") }
    }

    /// Refuses guests.
    func requireMember() throws(Rejection) {
        guard !isGuest else { throw Rejection(.forbidden, "Guests may not.") }
    }

    /// Refuses everybody but the node's operators, with a token that says so.
    func requireOperator() throws(Rejection) {
        guard isAdmin, principal.scopes.contains(.operate) else {
            throw Rejection(
                .forbidden, "Only an operator may, with a token of the scope \"operate\".")
        }
    }
}

/// Comparisons by pattern: `==` of an enumeration of another module is a call through its witness.
extension Role {
    var isNone: Bool { if case .none = self { true } else { false } }
    fileprivate var isGuest: Bool { if case .guest = self { true } else { false } }
    fileprivate var isAdmin: Bool { if case .admin = self { true } else { false } }
}
