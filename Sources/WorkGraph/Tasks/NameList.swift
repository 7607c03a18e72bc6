internal import ByteCoding
internal import WorkProtocol

/// The gids of an answer whose names go along with it, each once, in the order they came.
///
/// Whoever notes a project, section, task, label or field has seen to it that the reader may see
/// it; people and teams are asked for when the names are given.
struct NameList {
    /// The most bytes of names that go along with an answer; the others are left out.
    static let bytesMax = 1 << 20

    private(set) var entries: [Entry] = []
    private var known: Set<UInt64> = []

    struct Entry {
        var kind: EntityKind
        var gid: UInt64
        /// The field of an option.
        var field: UInt64 = 0
    }

    mutating func note(_ kind: EntityKind, _ gid: UInt64, field: UInt64 = 0) {
        guard gid != 0, known.insert(gid).inserted else { return }
        entries.append(Entry(kind: kind, gid: gid, field: field))
    }
}

extension WorkspaceGraph {
    /// The names themselves; what is gone, or hidden from the caller, has none. O(names).
    func named(_ list: NameList, _ caller: Caller) -> [Name] {
        var bytes = 0
        return list.entries.compactMap { entry in
            guard bytes < NameList.bytesMax, mayName(entry, caller) else { return nil }
            var name = Name()
            name.gid = entry.gid
            name.kind = entry.kind
            guard fill(&name, entry) else { return nil }
            bytes += 24 + name.name.utf8.count + name.email.utf8.count + name.external.utf8.count
            return name
        }
    }

    /// Appends the names to an answer: they are field 60 of all that have some.
    func write(_ list: NameList?, _ caller: Caller, into writer: inout ByteWriter) {
        guard let list else { return }
        for name in named(list, caller) {
            writer.append(tag: 60 << 3 | 2)
            writer.appendLengthDelimited { name.encode(into: &$0) }
        }
    }

    private func mayName(_ entry: NameList.Entry, _ caller: Caller) -> Bool {
        switch entry.kind {
        case .account: canSee(person: entry.gid, caller)
        case .team: row(entry.gid, .team).map { canSee(team: $0, caller) } ?? false
        default: true
        }
    }

    private func fill(_ name: inout Name, _ entry: NameList.Entry) -> Bool {
        switch entry.kind {
        case .account:
            guard let person = indexes.people[entry.gid],
                let membership = load(Membership.self, person.row)
            else { return false }
            name.name = membership.name
            name.email = membership.email
            name.external = membership.external?.gid ?? ""
        case .option:
            guard let row = row(entry.field, .field), let field = load(Field.self, row),
                let option = field.options.first(where: { $0.gid == entry.gid })
            else { return false }
            name.name = option.name
            name.external = option.external?.gid ?? ""
        default:
            guard let row = row(entry.gid, entry.kind), let found = title(row, entry.kind) else {
                return false
            }
            look(at: row)
            name.name = found.name
            name.external = found.external?.gid ?? ""
        }
        return true
    }

    /// What an object is called, and what another system calls it.
    private func title(
        _ row: UInt32, _ kind: EntityKind
    ) -> (name: String, external: External?)? {
        switch kind {
        case .project: load(ProjectRow.self, row)?.project.map { ($0.name, $0.external) }
        case .section: load(SectionRow.self, row)?.section.map { ($0.name, $0.external) }
        case .task: load(TaskRow.self, row).map { ($0.name, $0.external) }
        case .label: load(Label.self, row).map { ($0.name, $0.external) }
        case .field: load(Field.self, row).map { ($0.name, $0.external) }
        case .team: load(Team.self, row).map { ($0.name, $0.external) }
        case .attachment: load(FileAttachment.self, row).map { ($0.name, $0.external) }
        case .none, .account, .token, .workspace, .membership, .serviceAccount, .story, .option,
            .errand:
            nil
        }
    }
}
