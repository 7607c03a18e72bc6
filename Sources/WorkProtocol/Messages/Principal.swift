/// Who asks, after authentication. A request never carries one: it is the connection's.
package struct Principal: Hashable, Sendable {
    /// The account: a person or a service account; `.none` for the node's own errands.
    package var account: Gid
    /// The token it came with; `.none` for the node itself.
    package var token: Gid
    package var scopes: Scopes
    /// A service account reads all of this workspace; 0 for people.
    package var home: UInt32
    package var isService: Bool

    package init(
        account: Gid, token: Gid = .none, scopes: Scopes, home: UInt32 = 0, isService: Bool = false
    ) {
        self.account = account
        self.token = token
        self.scopes = scopes
        self.home = home
        self.isService = isService
    }

    /// The node itself, running an errand between the directory and a workspace.
    package static let node = Principal(
        account: .none, scopes: [.read, .write, .import, .operate])

    /// Whether this is the node itself, which never comes over a connection and has no token. A
    /// node's operator without an account has one, and is not the node.
    package var isNode: Bool {
        account == .none && token == .none && scopes.contains(.operate)
    }
}

/// What a token allows at all; what its owner may do in a workspace comes on top of it.
package struct Scopes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let read = Scopes(rawValue: 1)
    package static let write = Scopes(rawValue: 2)
    package static let `import` = Scopes(rawValue: 4)
    package static let operate = Scopes(rawValue: 8)

    package init(_ list: [Scope]) {
        self = list.reduce(into: []) { scopes, scope in
            switch scope {
            case .none: break
            case .read: scopes.insert(.read)
            case .write: scopes.insert(.write)
            case .import: scopes.insert(.import)
            case .operate: scopes.insert(.operate)
            }
        }
    }
}
