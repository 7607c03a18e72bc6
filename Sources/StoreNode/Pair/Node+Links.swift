internal import Environment
internal import ReplicatedLog

/// Connections between the two nodes.
extension Node {
    /// Listens for the other node.
    func listenForPeers() throws(NetworkError) {
        let listener = try world.network.listen(
            configuration.replicationListen, replicationSecurity, on: queue
        ) { [weak self] connection in self?.adopt(connection) }
        listeners.append(listener)
    }

    /// Nodes show each other certificates, but over a UNIX socket, which only its owner may open.
    private var replicationSecurity: Security {
        if case .unix = configuration.replicationListen { return .none }
        return .node
    }

    private func adopt(_ connection: any Connection) {
        guard !hasEnded, !isStopping, links.count < 8 else { return connection.close() }
        let link = PeerLink(LinkID(nextLink), connection, self)
        nextLink += 1
        links[link.id] = link
        connection.receiver = link
        link.start()
    }

    /// Tries the other node's addresses, one each time it is asked for.
    func connectPeer() {
        guard !isConnecting, !configuration.peers.isEmpty, !hasEnded, !isStopping else { return }
        isConnecting = true
        let endpoint = configuration.peers[nextPeer % configuration.peers.count]
        nextPeer += 1
        let security: Security = if case .unix = endpoint { .none } else { .node }
        world.network.connect(endpoint, security, on: queue) { [weak self] result in
            guard let self else { return }
            isConnecting = false
            switch result {
            case .success(let connection): adopt(connection)
            case .failure(let error):
                // A missing node is what a pair is for; only what needs a person is told.
                if error.kind == .untrusted || error.kind == .notTLS {
                    world.tell(.warning("the other node: \(error)"))
                }
            }
        }
    }

    /// Forgets a link, and tells the replica.
    func drop(_ link: PeerLink) {
        guard links.removeValue(forKey: link.id) != nil else { return }
        link.connection.close()
        snapshotSenders.removeValue(forKey: link.id)
        give(.peerDisconnected(link.id))
    }

    /// Ends a link by this node's own will.
    func dropLink(_ id: LinkID) {
        if let link = links[id] { drop(link) }
    }

    /// Ends a link by the replica's will.
    func disconnect(_ id: LinkID, _ reason: String) {
        guard let link = links.removeValue(forKey: id) else { return }
        if !reason.isEmpty { world.tell(.note("\(link.connection.peer): \(reason)")) }
        snapshotSenders.removeValue(forKey: id)
        link.connection.close()
    }
}
