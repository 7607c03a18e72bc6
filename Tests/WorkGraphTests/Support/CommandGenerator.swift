import WorkProtocol

/// Makes random commands of a workspace that mostly succeed: it remembers what there is.
///
/// Tell it what each command answered (`note`), so that later ones refer to it. The same seed makes
/// the same commands, as long as the answers are the same.
struct CommandGenerator {
    var random: SeededRandom
    let people: [Principal]
    private(set) var projects: [UInt64] = []
    private(set) var sections: [UInt64] = []
    private(set) var tasks: [UInt64] = []
    private(set) var labels: [UInt64] = []
    private(set) var fields: [UInt64] = []
    private(set) var comments: [UInt64] = []
    private(set) var attachments: [UInt64] = []
    private(set) var teams: [UInt64] = []
    private(set) var deleted: [UInt64] = []
    private var made = 0

    init(seed: UInt64, people: [Principal]) {
        random = SeededRandom(seed: seed)
        self.people = people
    }

    /// Who asks next, and what.
    mutating func next() -> (principal: Principal, command: Command) {
        let principal = people[random.below(people.count)]
        if projects.count < 2 || random.once(in: 25) { return (principal, container()) }
        if tasks.count < 5 || random.once(in: 4) { return (principal, .createTask(creation())) }
        return (principal, random.once(in: 3) ? around() : onTask())
    }

    /// Learns what a command made.
    mutating func note(_ command: Command, _ changed: Changed) {
        switch command {
        case .createProject:
            projects.append(changed.gid)
            sections += changed.gids
        case .createSection: sections.append(changed.gid)
        case .createTask: tasks.append(changed.gid)
        case .createLabel: labels.append(changed.gid)
        case .createField: fields.append(changed.gid)
        case .createTeam: teams.append(changed.gid)
        case .addComment: comments.append(changed.gid)
        case .addAttachment: attachments.append(changed.gid)
        case .deleteTask, .deleteProject, .deleteTeam: deleted.append(changed.gid)
        default: break
        }
    }

    // MARK: - Parts

    private mutating func name(_ kind: String) -> String {
        made += 1
        return random.once(in: 20) ? "" : "\(kind) \(made)"
    }

    /// One of those, or now and then something that is not there at all.
    private mutating func gid(_ known: [UInt64]) -> UInt64 {
        if random.once(in: 40) { return UInt64(random.below(1 << 20)) | 7 << 32 }
        return random.pick(known) ?? 0
    }

    private mutating func account() -> UInt64 {
        random.once(in: 40) ? 98 : people[random.below(people.count)].account.rawValue
    }

    private mutating func accounts(_ most: Int) -> [UInt64] {
        (0..<random.below(most + 1)).map { _ in account() }
    }

    private mutating func day() -> Int32? {
        random.once(in: 2) ? Int32(19_000 + random.below(400)) : nil
    }

    private mutating func placement() -> Placement {
        var placement = Placement()
        placement.project = gid(projects)
        if random.once(in: 4) { placement.section = gid(sections) }
        if random.once(in: 4) { placement.after = gid(tasks) }
        placement.atTop = random.once(in: 3)
        return placement
    }

    private mutating func value() -> FieldValue {
        var value = FieldValue()
        value.field = gid(fields)
        switch random.below(4) {
        case 0: value.text = name("text")
        case 1:
            value.number = .with {
                $0.mantissa = 314; $0.scale = 2
            }
        case 2: value.date = day()
        default: value.people = accounts(2)
        }
        return value
    }

    mutating func creation() -> CreateTask {
        var create = CreateTask()
        create.name = name("task")
        if random.once(in: 3) { create.notes = "notes @\(account()) of \(made)" }
        if random.once(in: 2) { create.assignee = account() }
        if random.once(in: 4) { create.bucket = Bucket.allCases[random.below(5)] }
        create.dueOn = day()
        if random.once(in: 5) { create.startOn = day() }
        if random.once(in: 4) { create.parent = gid(tasks) }
        for _ in 0..<random.below(3) { create.placements.append(placement()) }
        create.collaborators = accounts(2)
        create.labels = random.some(of: labels, most: 2)
        if random.once(in: 6), !fields.isEmpty { create.fields = [value()] }
        create.completed = random.once(in: 6)
        if random.once(in: 10) {
            create.external = .with { $0.gid = "X\(random.below(50))" }
        }
        return create
    }

    private mutating func update() -> UpdateTask {
        var update = UpdateTask()
        update.task = gid(tasks)
        switch random.below(9) {
        case 0: update.name = name("renamed")
        case 1: update.notes = "new notes \(made)"
        case 2: update.htmlNotes = "<body>rich <strong>notes</strong> &amp; more</body>"
        case 3: update.assignee = random.once(in: 4) ? 0 : account()
        case 4: update.completed = random.once(in: 2)
        case 5: update.dueOn = day()
        case 6: update.clear = [.due, .start]
        case 7: update.fields = [value()]
        default: update.bucket = Bucket.allCases[random.below(5)]
        }
        if random.once(in: 10) { update.ifVersion = UInt32(random.below(4)) }
        return update
    }

    // MARK: - Commands

    private mutating func container() -> Command {
        switch random.below(6) {
        case 0: return .createTeam(.with { $0.name = name("team") })
        case 1: return .createLabel(.with { $0.name = name("label") })
        case 2:
            return .createField(
                .with {
                    $0.name = name("field")
                    $0.kind = [.text, .number, .date, .people][random.below(4)]
                    $0.precision = 1
                })
        case 3:
            return .createSection(
                .with {
                    $0.project = gid(projects)
                    $0.name = name("section")
                    if random.once(in: 2) { $0.before = gid(sections) }
                })
        default:
            return .createProject(
                .with {
                    $0.name = name("project")
                    $0.privacy = random.once(in: 3) ? .private : .publicToWorkspace
                    $0.sections = (0..<random.below(3)).map { "section \($0)" }
                })
        }
    }

    private mutating func onTask() -> Command {
        let task = gid(tasks)
        switch random.below(12) {
        case 0...3: return .updateTask(update())
        case 4:
            return .addToProject(
                .with {
                    $0.task = task
                    $0.placement = placement()
                })
        case 5:
            return .removeFromProject(
                .with {
                    $0.task = task
                    $0.project = gid(projects)
                })
        case 6:
            return .setParent(
                .with {
                    $0.task = task
                    $0.parent = random.once(in: 3) ? 0 : gid(tasks)
                })
        case 7:
            return .changeDependencies(
                .with {
                    $0.task = task
                    $0.add = random.some(of: tasks, most: 2)
                    $0.remove = random.some(of: tasks, most: 1)
                })
        case 8:
            return .changeLabels(
                .with {
                    $0.task = task
                    $0.add = random.some(of: labels, most: 2)
                    $0.remove = random.some(of: labels, most: 1)
                })
        case 9:
            return .changeCollaborators(
                .with {
                    $0.task = task
                    $0.add = accounts(2)
                    $0.remove = accounts(1)
                })
        case 10:
            return .setLike(
                .with {
                    $0.target = task; $0.liked = !random.once(in: 3)
                })
        default:
            return .moveMyTask(
                .with {
                    $0.task = task
                    $0.bucket = Bucket.allCases[random.below(5)]
                    if random.once(in: 2) { $0.after = gid(tasks) }
                })
        }
    }

    private mutating func around() -> Command {
        switch random.below(14) {
        case 0...3:
            return .addComment(
                .with {
                    $0.task = gid(tasks)
                    $0.text = "comment \(made) for @\(account())"
                })
        case 4:
            return .updateComment(
                .with {
                    $0.story = gid(comments); $0.text = "edited \(made)"
                })
        case 5: return .deleteComment(.with { $0.story = gid(comments) })
        case 6:
            return .setLike(
                .with {
                    $0.target = gid(comments); $0.liked = true
                })
        case 7:
            return .addAttachment(
                .with {
                    $0.task = gid(tasks)
                    $0.url = "https://example.com/\(made)"
                })
        case 8: return .deleteAttachment(.with { $0.attachment = gid(attachments) })
        case 9: return .deleteTask(.with { $0.task = gid(tasks) })
        case 10: return random.once(in: 2) ? restoration() : projectChange()
        case 11: return .markSeen(.with { $0.task = gid(tasks) })
        case 12:
            return .setTaskPublic(
                .with {
                    $0.task = gid(tasks); $0.isPublic = random.once(in: 2)
                })
        default: return .bulk(bulk())
        }
    }

    private mutating func restoration() -> Command {
        .restore(.with { $0.gid = gid(deleted) })
    }

    private mutating func projectChange() -> Command {
        switch random.below(5) {
        case 0:
            return .setProjectMember(
                .with {
                    $0.project = gid(projects)
                    $0.member = account()
                    $0.access = [.viewer, .commenter, .editor, .admin][random.below(4)]
                })
        case 1:
            return .setProjectField(
                .with {
                    $0.project = gid(projects); $0.field = gid(fields)
                })
        case 2:
            return .moveSection(
                .with {
                    $0.section = gid(sections); $0.before = gid(sections)
                })
        case 3 where random.once(in: 4): return .deleteProject(.with { $0.project = gid(projects) })
        default: return .deleteSection(.with { $0.section = gid(sections) })
        }
    }

    private mutating func bulk() -> Bulk {
        var bulk = Bulk()
        bulk.atomic = random.once(in: 2)
        for _ in 0..<random.below(6) {
            var part = BulkItem()
            switch random.below(3) {
            case 0: part.kind = .create(creation())
            case 1: part.kind = .update(update())
            default:
                part.kind = .addToProject(
                    .with {
                        $0.task = gid(tasks); $0.placement = placement()
                    })
            }
            bulk.items.append(part)
        }
        return bulk
    }
}
