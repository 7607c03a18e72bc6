internal import WorkProtocol

/// The index entries of people, teams, projects, sections, labels and fields.
extension Indexes {
    mutating func index(_ row: UInt32, membership: Membership, _ present: Bool) {
        set(membership.external, .membership, row, present)
        let email = EmailAddress.folded(membership.email)
        if present {
            people[membership.account] = Person(
                row: row, role: membership.role,
                isActive: membership.isActive && !membership.isDisabled,
                isService: membership.isService, timeZone: membership.timeZone,
                day: membership.day)
            if !email.isEmpty { peopleByEmail[email] = membership.account }
        } else {
            people.removeValue(forKey: membership.account)
            if peopleByEmail[email] == membership.account {
                peopleByEmail.removeValue(forKey: email)
            }
        }
        Self.set(&memberships, RankedList.Entry(rank: 0, row: row), present)
    }

    mutating func index(_ row: UInt32, team: Team, _ present: Bool) {
        set(team.external, .team, row, present)
        guard team.deletedAt == 0 else {
            Self.set(&trash, RankedList.Entry(rank: team.deletedAt, row: row), present)
            return
        }
        teams[row] = present ? TeamFacts(team) : nil
        Self.set(&teamList, RankedList.Entry(rank: 0, row: row), present)
    }

    mutating func index(_ row: UInt32, project stored: ProjectRow, _ present: Bool) {
        guard let project = stored.project else { return }
        set(project.external, .project, row, present)
        guard project.deletedAt == 0 else {
            Self.set(&trash, RankedList.Entry(rank: project.deletedAt, row: row), present)
            return
        }
        projects[row] = present ? ProjectFacts(project) : nil
        Self.set(&projectList, RankedList.Entry(rank: 0, row: row), present)
    }

    mutating func index(_ row: UInt32, section stored: SectionRow, _ present: Bool) {
        guard let section = stored.section else { return }
        // In rows, a section names its project by row number.
        let project = UInt32(truncatingIfNeeded: section.project)
        set(section.external, .section, in: project, row, present)
        projectOfSection[row] = present ? project : nil
        sectionsOfProject.set(
            project, RankedList.Entry(rank: stored.rank, row: row), present)
    }

    mutating func index(_ row: UInt32, label: Label, _ present: Bool) {
        set(label.external, .label, row, present)
        Self.set(&labels, RankedList.Entry(rank: 0, row: row), present)
    }

    mutating func index(_ row: UInt32, field: Field, _ present: Bool) {
        set(field.external, .field, row, present)
        Self.set(&fields, RankedList.Entry(rank: 0, row: row), present)
    }
}

extension Indexes.TeamFacts {
    init(_ team: Team) {
        self.init(
            visibility: team.visibility,
            members: Dictionary(
                team.members.map { ($0.account, $0.isAdmin) }, uniquingKeysWith: { $0 || $1 }))
    }
}

extension Indexes.ProjectFacts {
    init(_ project: Project) {
        // Accounts live in the directory, which is workspace 0; teams do not.
        let people = project.members.filter { Gid($0.member).workspace == 0 }
        let teams = project.members.filter { Gid($0.member).workspace != 0 }
        self.init(
            privacy: project.privacy, team: project.team, owner: project.owner,
            defaultAccess: project.defaultAccess,
            customizationAccess: project.minimumCustomizationAccess,
            members: Dictionary(
                people.map { ($0.member, $0.access) }, uniquingKeysWith: { _, new in new }),
            teams: teams.map { Indexes.TeamInProject(team: $0.member, access: $0.access) },
            archived: project.archived, fields: project.fields.map(\.field))
    }
}

/// E-mail addresses as keys.
enum EmailAddress {
    /// The address with ASCII letters lowered: addresses that differ in case are one person's.
    static func folded(_ address: String) -> String {
        String(
            decoding: address.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 + 32 : $0 }, as: UTF8.self)
    }

    /// Whether it looks like one: something, `@`, something with a dot or a single word.
    static func isPlausible(_ address: String) -> Bool {
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && !address.contains(" ")
    }
}
