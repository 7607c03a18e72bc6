internal import Environment
internal import LocalPair
internal import StoreClient
internal import SystemEnvironment
internal import WorkProtocol

/// The connection to a store: opened with the first question, kept until the end. In the demo one
/// serves all commands.
final class Connection {
    let location: Location?
    /// In the demo: the pair it is to, instead of a location.
    let pair: LocalPair?
    /// In the demo: the writes that were acknowledged.
    let acknowledged: AcknowledgedWrites?
    private var opened: Store?
    private var identified: Identified?

    init(_ location: Location) {
        self.location = location
        pair = nil
        acknowledged = nil
    }

    init(_ pair: LocalPair, _ acknowledged: AcknowledgedWrites) {
        location = nil
        self.pair = pair
        self.acknowledged = acknowledged
    }

    /// The store, found and signed in.
    func store(_ options: ConnectionOptions) async throws -> Store {
        if let opened { return opened }
        let store =
            if let pair {
                try await pair.connect()
            } else if let location {
                try await Connection.open(location, options)
            } else {
                throw Location.unknown
            }
        opened = store
        return store
    }

    static func open(
        _ location: Location, _ connection: ConnectionOptions, seeksPrimary: Bool = true
    ) async throws -> Store {
        var options = Store.Options()
        options.clientName = "holdfast"
        options.clientVersion = Holdfast.version
        options.deadline = .milliseconds(Int64(connection.timeout * 1000))
        options.seeksPrimary = seeksPrimary
        return try await Store.connect(
            to: try location.addresses, certificateAuthority: try location.authority,
            token: try location.token, options: options)
    }

    /// Who is asking, and the workspaces there are for it.
    func identity(_ options: ConnectionOptions) async throws -> Identified {
        if let identified { return identified }
        let store = try await store(options)
        let identity = try await store.perform(WhoAmI(), as: Identified.self).value
        identified = identity
        return identity
    }

    /// Workspaces were made or renamed.
    func forgetIdentity() { identified = nil }

    func close() async {
        await opened?.close()
        opened = nil
        identified = nil
    }
}
