internal import WorkProtocol

/// The parts of a generated organization that tasks refer to, each made from its number alone.
struct GeneratedDefinitions: Sendable {
    let options: GeneratorOptions

    /// The kinds of random streams.
    enum Stream: UInt64 { case person = 1, project, task, text }

    /// An external id: the same for the same seed.
    func key(_ kind: String, _ number: Int) -> String {
        "~generated/\(options.seed)/\(kind)/\(number)"
    }

    func person(_ number: Int) -> Account {
        let firsts = Vocabulary.firstNames
        let lasts = Vocabulary.lastNames
        // Every pair of names once before any comes again.
        let pair = (number * 41) % (firsts.count * lasts.count)
        let first = firsts[pair % firsts.count]
        let last = lasts[(pair / firsts.count + number) % lasts.count]
        var account = Account()
        account.name = "\(first) \(last)"
        account.email = "\(GeneratedDefinitions.plain(first)).\(GeneratedDefinitions.plain(last))"
        if number >= 400 { account.email += String(number) }
        account.email += "@example.com"
        account.isActive = true
        account.external = External(gid: key("person", number))
        return account
    }

    /// Letters with marks, as they stand in addresses.
    private static let replaced: [Character: String] = [
        "á": "a", "ö": "oe", "ü": "ue", "ë": "e", "í": "i", "ı": "i", "ř": "r",
    ]

    /// A name as it stands in an address: lower case, without marks.
    private static func plain(_ name: String) -> String {
        return name.lowercased().map { replaced[$0] ?? String($0) }.joined()
    }

    var labels: [ImportLabel] {
        Vocabulary.labels.enumerated().map { number, name in
            var label = ImportLabel()
            label.external = External(gid: key("tag", number))
            label.name = name
            label.color = Color(rawValue: UInt32(number % 18 + 1)) ?? .none
            return label
        }
    }

    var fields: [ImportField] {
        let shapes: [(String, FieldKind, UInt32, [String])] = [
            ("Priority", .enum, 0, ["Low", "Medium", "High"]),
            ("Effort", .number, 1, []),
            ("Channel", .multiEnum, 0, ["Web", "Print", "E-mail", "Social media", "Event"]),
            ("Reference", .text, 0, []),
            ("Promised for", .date, 0, []),
            ("Reviewer", .people, 0, []),
        ]
        return shapes.enumerated().map { number, shape in
            var field = ImportField()
            field.external = External(gid: key("field", number))
            (field.name, field.kind, field.precision, field.options) = shape
            return field
        }
    }

    func sectionNames(_ number: Int) -> [String] {
        // The relaunch has the long list.
        number == 0
            ? Vocabulary.sections[2] : Vocabulary.sections[number % Vocabulary.sections.count]
    }

    func sectionKey(_ project: Int, _ section: Int) -> String {
        key("project", project) + "/section/\(section)"
    }

    /// The numbers of the fields a project has.
    func fieldNumbers(_ project: Int) -> [Int] {
        var random = RandomNumbers(options.seed, Stream.project.rawValue, UInt64(project))
        return [0] + (1...5).filter { _ in random.chance(40) }
    }

    func projectName(_ number: Int) -> String {
        if number < Vocabulary.projects.count { return Vocabulary.projects[number] }
        let rest = number - Vocabulary.projects.count
        let theme = Vocabulary.themes[rest % Vocabulary.themes.count]
        let next = rest / Vocabulary.themes.count
        let effort = Vocabulary.efforts[next % Vocabulary.efforts.count]
        let round = next / Vocabulary.efforts.count
        return round == 0 ? "\(theme) \(effort)" : "\(theme) \(effort) \(round + 1)"
    }

    func project(_ number: Int) -> ImportProject {
        var project = ImportProject()
        project.external = External(gid: key("project", number))
        project.name = projectName(number)
        project.notes = Vocabulary.sentences[number % Vocabulary.sentences.count]
        project.sections = sectionNames(number).enumerated().map { index, name in
            var section = ImportSection()
            section.external = External(gid: sectionKey(number, index))
            section.name = name
            return section
        }
        project.fields = fieldNumbers(number).map { Foreign(key("field", $0)) }
        project.createdAt = (options.today.advanced(by: -420) ?? options.today).milliseconds
        project.modifiedAt = project.createdAt
        return project
    }
}
