internal import Environment
internal import ReplicatedLog

/// Sends the newest snapshot to a node whose log is too far behind: a part at a time, no faster
/// than the connection takes it.
///
/// `@unchecked Sendable`: confined to the core queue.
final class SnapshotSender: @unchecked Sendable {
    let link: LinkID
    /// What is sent, once there is a snapshot to send.
    var manifest: Manifest?
    var hasBegun: Bool { manifest != nil }
    /// Where it is: the chunk, and how much of it has been sent.
    var chunk = 0
    var offset = 0
    /// The chunk's file, read once.
    var bytes: [UInt8]?
    /// When the connection last took something.
    var progressAt = Instant(nanoseconds: 0)

    init(_ link: LinkID) { self.link = link }

    /// Bytes of one message.
    static let partBytes = 1 << 20
    /// Not more than this waits in the connection.
    static let unsentBytes = 4 << 20
    /// A connection that takes nothing for so long is none.
    static let stalled = Interval.seconds(60)
}

extension Node {
    /// Sends the newest snapshot, or takes one first.
    func sendSnapshot(_ link: LinkID) {
        let sender = SnapshotSender(link)
        snapshotSenders[link] = sender
        if maintenance.manifests.isEmpty {
            takeSnapshot { [weak self] result in
                guard case .failure(let rejection) = result else { return }
                self?.giveUp(link, "there is no snapshot to send: \(rejection)")
            }
        } else {
            begin(sender, link)
        }
    }

    func begin(_ sender: SnapshotSender, _ link: LinkID) {
        guard let manifest = maintenance.manifests.first, let epoch = replica.epoch,
            let peer = links[link]
        else { return }
        sender.manifest = manifest
        sender.progressAt = now
        peer.send(
            .snapshotBegin(epoch: epoch, manifest: manifest.encoded(world.cryptography)))
        proceed(sender, peer)
    }

    func linkIsWritable(_ link: PeerLink) {
        if let sender = snapshotSenders[link.id] { proceed(sender, link) }
    }

    /// Ends the connection over which a snapshot was to go: a new one begins anew.
    private func giveUp(_ link: LinkID, _ reason: String) {
        guard links[link] != nil else { return }
        world.tell(.alarm(reason))
        dropLink(link)
    }

    /// Sends parts until the connection has enough to do.
    private func proceed(_ sender: SnapshotSender, _ link: PeerLink) {
        guard let manifest = sender.manifest else { return }
        while link.connection.unsentBytes < SnapshotSender.unsentBytes {
            guard sender.chunk < manifest.chunks.count else {
                snapshotSenders.removeValue(forKey: link.id)
                return link.send(.snapshotEnd)
            }
            guard let bytes = load(sender, manifest, link) else { return }
            let end = min(sender.offset + SnapshotSender.partBytes, bytes.count)
            link.send(
                .snapshotChunk(
                    file: UInt32(sender.chunk), offset: UInt64(sender.offset),
                    bytes: Array(bytes[sender.offset..<end])))
            sender.offset = end
            sender.progressAt = now
            if end == bytes.count {
                sender.chunk += 1
                sender.offset = 0
                sender.bytes = nil
            }
        }
        if now.since(sender.progressAt) >= SnapshotSender.stalled {
            return giveUp(link.id, "the other node takes nothing of the snapshot that is sent")
        }
        // A connection that has taken everything says nothing more: look again in a moment.
        queue.schedule(after: .milliseconds(2)) { [weak self, weak link] in
            guard let self, let link, snapshotSenders[link.id] === sender else { return }
            proceed(sender, link)
        }
    }

    private func load(
        _ sender: SnapshotSender, _ manifest: Manifest, _ link: PeerLink
    ) -> [UInt8]? {
        if let bytes = sender.bytes { return bytes }
        do {
            sender.bytes = try snapshotStore.file(manifest.chunks[sender.chunk], of: manifest.point)
            return sender.bytes
        } catch {
            giveUp(link.id, "the snapshot cannot be sent: \(error)")
            return nil
        }
    }
}
