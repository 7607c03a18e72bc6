internal import ByteCoding
internal import WorkProtocol

/// Everything derived from rows: kept along as rows are written, rebuilt when a snapshot is loaded.
///
/// Deleted tasks, projects and teams have no entries but in `trash`; undeleting is writing the row
/// again. Dictionaries here are looked into, never iterated where order could show.
struct Indexes: Equatable {
    // People, by account.
    var people = NumberMap<Person>()
    var peopleByEmail: [String: UInt64] = [:]
    /// Rows of memberships, in the order they were made.
    var memberships = RankedList()

    // Containers.
    var teams: [UInt32: TeamFacts] = [:]
    var teamList = RankedList()
    var projects: [UInt32: ProjectFacts] = [:]
    var projectList = RankedList()
    /// The sections of a project by rank.
    var sectionsOfProject = ListMap()
    /// The project of a section.
    var projectOfSection = RowMap<UInt32>()

    // Tasks.
    var tasksOfSection = ListMap()
    /// By `Assigned.number`.
    var assigned = NumberMap<RankedList>()
    var following = NumberMap<RankedList>()
    var tasksOfLabel = ListMap()
    var taskCount = 0
    /// How many tasks of a project are done.
    var completedInProject = RowMap<Int>()

    /// What hangs on tasks: subtasks and dependents by rank, the others as they were made.
    var hanging = HangingTable()

    // Lists of the workspace, in the order they were made.
    var labels = RankedList()
    var fields = RankedList()
    var trash = RankedList()

    /// Rows by the hash of their external id: the lowest that has it.
    private(set) var externals: [UInt64: UInt32] = [:]
    /// The others with the same one, ascending. Two may have it where neither may know of the
    /// other.
    private var moreExternals: [UInt64: [UInt32]] = [:]

    // The directory.
    var accountsByEmail: [String: UInt32] = [:]
    var accounts = RankedList()
    var tokensByHash: [[UInt8]: UInt32] = [:]
    var tokensOfAccount = NumberMap<RankedList>()
    var workspaces: [UInt32: UInt32] = [:]
    var errands = RankedList()

    /// A bucket of somebody's My Tasks.
    struct Assigned {
        var account: UInt64
        var bucket: Bucket

        /// Another for each: gids have 53 bits.
        var number: UInt64 { account << 3 | UInt64(bucket.rawValue) }
    }

    /// What permissions need to know of a person.
    struct Person: Equatable {
        var row: UInt32
        var role: Role
        var isActive: Bool
        var isService: Bool
        var timeZone: String
        /// The newest day that has begun in its My Tasks.
        var day: Int32
    }

    struct TeamFacts: Equatable {
        var visibility: TeamVisibility
        /// Whether each member is an admin of the team.
        var members: [UInt64: Bool]
    }

    struct ProjectFacts: Equatable {
        var privacy: ProjectPrivacy
        var team: UInt64
        var owner: UInt64
        var defaultAccess: AccessLevel
        var customizationAccess: AccessLevel
        /// By account.
        var members: [UInt64: AccessLevel]
        /// Teams among the members.
        var teams: [TeamInProject]
        var archived: Bool
        var fields: [UInt64]
    }

    struct TeamInProject: Equatable {
        var team: UInt64
        var access: AccessLevel
    }

    /// Takes up a row that was written.
    mutating func insert(_ row: UInt32, _ kind: EntityKind, _ content: RawSpan) throws(Corruption) {
        try index(row, kind, content, present: true)
    }

    /// Forgets a row before it is written over or removed.
    mutating func remove(_ row: UInt32, _ kind: EntityKind, _ content: RawSpan) throws(Corruption) {
        try index(row, kind, content, present: false)
    }

    private mutating func index(
        _ row: UInt32, _ kind: EntityKind, _ content: RawSpan, present: Bool
    ) throws(Corruption) {
        switch kind {
        case .none, .option, .serviceAccount: break
        case .task:
            set(task: row, try TaskKeys(decoding: content), present)
        case .story: index(row, story: try StoryKeys(decoding: content), present)
        case .project: index(row, project: try ProjectRow(decoding: content), present)
        case .section: index(row, section: try SectionRow(decoding: content), present)
        case .team: index(row, team: try Team(decoding: content), present)
        case .membership: index(row, membership: try Membership(decoding: content), present)
        case .label: index(row, label: try Label(decoding: content), present)
        case .field: index(row, field: try Field(decoding: content), present)
        case .attachment: index(row, attachment: try FileAttachment(decoding: content), present)
        case .account: index(row, account: try Account(decoding: content), present)
        case .token: index(row, token: try StoredToken(decoding: content), present)
        case .workspace: index(row, workspace: try WorkspaceRow(decoding: content), present)
        case .errand: Self.set(&errands, RankedList.Entry(rank: 0, row: row), present)
        }
    }

    // MARK: - Entries

    static func set(_ list: inout RankedList, _ entry: RankedList.Entry, _ present: Bool) {
        if present { list.insert(entry) } else { list.remove(entry) }
    }

    static func count(_ counts: inout RowMap<Int>, _ row: UInt32, _ present: Bool) {
        let count = (counts[row] ?? 0) + (present ? 1 : -1)
        counts[row] = count == 0 ? nil : count
    }

    /// - Parameter container: the row of what the ids are told apart in (sections in a project,
    ///   stories and attachments on a task); 0 for the workspace.
    mutating func set(
        _ external: External?, _ kind: EntityKind, in container: UInt32 = 0, _ row: UInt32,
        _ present: Bool
    ) {
        guard let external, !external.gid.isEmpty else { return }
        set(Self.key(external.gid, external.ordinal, kind, in: container), row, present)
    }

    /// The same for the hash of an external id; 0 is none.
    mutating func set(_ key: UInt64, _ row: UInt32, _ present: Bool) {
        guard key != 0 else { return }
        if present, externals[key] == nil {
            externals[key] = row
            return
        }
        var rows = self.rows(external: key)
        if present { rows.append(row) } else { rows.removeAll { $0 == row } }
        rows.sort()
        externals[key] = rows.first
        moreExternals[key] = rows.count > 1 ? Array(rows.dropFirst()) : nil
    }

    /// The rows whose external id has this hash, ascending; nearly always one or none.
    func rows(external key: UInt64) -> [UInt32] {
        guard let first = externals[key] else { return [] }
        return [first] + (moreExternals[key] ?? [])
    }

    /// The hash of an external id: 64 bits of XXH3, so that imports need not keep their ids twice.
    static func key(
        _ gid: String, _ ordinal: UInt32, _ kind: EntityKind, in container: UInt32 = 0
    ) -> UInt64 {
        var gid = gid
        // Not by `utf8Span`, whose bytes are gone in release builds where a text is short
        // (`ByteWriter.append(utf8:)`).
        return gid.withUTF8 { characters in
            let bytes = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(characters))
            return key(bytes, ordinal, kind, in: container)
        }
    }

    static func key(
        _ gid: RawSpan, _ ordinal: UInt32, _ kind: EntityKind, in container: UInt32 = 0
    ) -> UInt64 {
        let seed = UInt64(kind.rawValue) << 32 | UInt64(ordinal)
        return XXH3.hash(gid, seed: seed ^ UInt64(container) &* 0x9E37_79B9_7F4A_7C15)
    }
}
