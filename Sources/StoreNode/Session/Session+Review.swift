internal import Environment
internal import WorkProtocol

/// What is looked at about every second.
extension Session {
    /// Ends the connection of a token that is worth nothing any more, of a client that is silent,
    /// and of one that began a frame or a message and does not go on; ends an export that nobody
    /// reads, or whose reader has lost what it exports.
    ///
    /// - Parameter canTell: Whether this node knows who has which token.
    func review(_ now: Instant, canTell: Bool) {
        // Before the greeting there is another limit.
        guard credentials != nil else { return }
        if canTell { reviewRights() }
        guard !isClosed else { return }
        if now.since(heardAt) >= .seconds(UInt64(Limits.idleSeconds)) {
            return leave(.cancelled, "Nothing was heard for \(Limits.idleSeconds) s.")
        }
        let isLong = now.since(begun.at) >= .seconds(UInt64(Limits.frameSeconds))
        if begun.mark.isIdle || isLong {
            // What this end does not read cannot go on.
            if isReading, decoder.isStalled(since: begun.mark) {
                return leave(
                    .badFrame,
                    "A frame or message began and did not go on for "
                        + "\(Limits.frameSeconds) s.")
            }
            begun = (decoder.mark, now)
        }
        for stream in exports.keys.sorted() { exports[stream]?.review(now) }
    }

    /// Finds out anew whose token it is, and acts on it once the change may be shown: one that is
    /// not committed may never have been (rule R5).
    func reviewRights() {
        guard let credentials else { return }
        guard node.authenticate(credentials.secretHash) != credentials.principal else {
            return rightsChanged = nil
        }
        let lsn = rightsChanged ?? node.newestSeen(in: 0)
        rightsChanged = lsn
        guard let point = node.shown.point, lsn <= point else { return }
        rightsChanged = nil
        identifyAgain()
    }

    /// Finds out anew whose token it is. Rights change; and while a node starts it knows no
    /// accounts, and takes its operator's for nobody's.
    func identifyAgain() {
        guard let credentials else { return }
        guard let principal = node.authenticate(credentials.secretHash) else {
            return leave(.badToken, "The token is not valid any more.")
        }
        guard principal != credentials.principal else { return }
        node.release(credentials.principal)
        guard node.admit(principal) else {
            self.credentials = nil
            return leave(.overloaded, "There are too many connections with this token.")
        }
        self.credentials?.principal = principal
    }
}
