/// What is received in the place of a log that no longer reaches back, and the comparison of
/// states.
extension Replica {
    mutating func takeSnapshot(_ message: PeerMessage, on id: LinkID) {
        guard let following else { return }
        switch (message, following.work) {
        case (.snapshotBegin(let epoch, let manifest), .none),
            (.snapshotBegin(let epoch, let manifest), .receivingSnapshot):
            guard epoch >= meta.promised else {
                return emit(.send(id, .fenced(promised: meta.promised, register: meta.register)))
            }
            beginSnapshot(epoch, manifest)
        case (.snapshotChunk(let file, let offset, let bytes), .receivingSnapshot):
            emit(.storeSnapshot(file: file, offset: offset, bytes: bytes))
        case (.snapshotEnd, .receivingSnapshot):
            self.following?.work = .installingSnapshot
            emit(.installSnapshot)
        default: drop(id, "a snapshot out of turn")
        }
    }

    /// From here until it is level this node holds less than it may have acknowledged: it says so
    /// durably before its log goes.
    private mutating func beginSnapshot(_ epoch: Epoch, _ manifest: [UInt8]) {
        following?.link = nil
        following?.epoch = nil
        following?.work = .receivingSnapshot
        let before = meta
        meta.promised = epoch
        if meta.register.version > 0, meta.soundness == .sound {
            meta.soundness = .resyncing
            meta.damage = "its log is being replaced by a snapshot"
        }
        if meta != before { store() }
        if following?.promotion != nil { callOffPromotion("a snapshot arrives from the primary") }
        emit(.expectSnapshot(manifest: manifest))
    }

    mutating func noteInstalled(_ head: LogHead, _ epochs: EpochHistory) {
        guard following?.work == .installingSnapshot else { return }
        following?.work = .none
        listenAgain()
        appended = head
        flushed = head.last
        commit = head.last
        applied = head.last
        unflushedSince = nil
        self.epochs = epochs
        if meta.soundness == .damaged {
            meta.soundness = .resyncing
            store()
        }
        greetAll()
    }

    mutating func noteNotInstalled(_ reason: String) {
        guard following?.work == .installingSnapshot else { return }
        following?.work = .none
        emit(.alarm("the snapshot received was not installed: \(reason)"))
        for link in links { drop(link.id, "the snapshot was bad") }
    }

    // MARK: Digests

    mutating func sendDigest(_ place: LSN, _ digests: [UInt8]) {
        guard let leading, let stream = leading.stream, stream.state == .flowing,
            place <= stream.sent.last, digests.count <= PeerMessage.manifestBytes
        else { return }
        emit(.send(stream.link, .digest(epoch: leading.epoch, at: place, digests: digests)))
    }

    mutating func takeDigest(_ epoch: Epoch, _ place: LSN, _ digests: [UInt8], on id: LinkID) {
        guard let following, following.link == id, following.epoch == epoch else { return }
        guard meta.soundness == .sound, place <= appended.last else { return }
        emit(.compareDigest(at: place, digests))
    }

    mutating func noteDigest(_ place: LSN, _ equal: Bool) {
        guard let following else { return }
        if equal {
            meta.digestPoint = max(meta.digestPoint, place)
            return
        }
        meta.soundness = .damaged
        meta.damage = "the state after LSN \(place) differs from the primary's"
        store()
        emit(.alarm(meta.damage))
        if let link = following.link, let epoch = following.epoch {
            emit(.send(link, .digestDiffers(epoch: epoch, at: place)))
            drop(link, meta.damage)
        }
    }

    /// The follower is damaged: it counts no longer, and comes back by a snapshot only.
    mutating func takeDifference(_ epoch: Epoch, _ place: LSN, on id: LinkID) {
        guard let leading, leading.epoch == epoch, leading.stream?.link == id else { return }
        emit(.alarm("the follower's state after LSN \(place) differs; it is no copy any more"))
        self.leading?.copy?.isSound = false
        drop(id, "its state differs")
    }
}
