internal import WorkProtocol

/// What a request says to name an object by the id that another system gave it.
struct ExternalName: Equatable {
    /// What comes before the id.
    static let prefix = "external:"

    var gid: String
    var ordinal: UInt32 = 0

    init(gid: String, ordinal: UInt32 = 0) {
        self.gid = gid
        self.ordinal = ordinal
    }

    /// Reads `external:ID`; nil for anything else.
    init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), text.utf8.count > Self.prefix.utf8.count else {
            return nil
        }
        gid = String(text.dropFirst(Self.prefix.count))
    }
}

extension WorkspaceGraph {
    /// The rows that may have this external id, ascending: the caller compares the id itself, as
    /// the index knows only its hash. Several may have one where their makers knew nothing of each
    /// other's, so visibility is asked of each.
    ///
    /// - Parameter container: the project of a section, the task of a story or an attachment.
    func rows(
        _ external: ExternalName, _ kind: EntityKind, in container: UInt32 = 0
    ) -> [UInt32] {
        let key = Indexes.key(external.gid, external.ordinal, kind, in: container)
        // Nearly always none; asking that copies no indexes.
        if indexes.externals[key] == nil { return [] }
        return indexes.rows(external: key)
    }
}
