internal import WorkProtocol

/// Makes one top-level task of a generated organization, and all that hangs on it.
struct TaskMaker {
    private let definitions: GeneratedDefinitions
    private let people: GeneratedPeople
    private let project: Int
    private let place: Int
    private let size: Int
    private let first: Int
    private var made = 0
    private var random: RandomNumbers

    init(
        _ definitions: GeneratedDefinitions, _ people: GeneratedPeople, project: Int, place: Int,
        of size: Int, number: Int
    ) {
        self.definitions = definitions
        self.people = people
        self.project = project
        self.place = place
        self.size = size
        first = number
        random = RandomNumbers(
            definitions.options.seed, GeneratedDefinitions.Stream.task.rawValue, UInt64(number))
    }

    private var today: CivilDate { definitions.options.today }
    private static let day: Int64 = CivilDate.millisecondsPerDay

    mutating func task() -> GeneratedTask {
        var generated = make(parent: nil, depth: 0)
        placeInProjects(&generated.task)
        generated.task.fields = fieldValues()
        if place > 0, random.chance(8) {
            // An earlier one, so that there is no circle.
            let earlier = first - random.within(1...min(place, 20))
            generated.dependencies = [Foreign(definitions.key("task", earlier))]
        }
        return generated
    }

    private mutating func make(parent: String?, depth: Int) -> GeneratedTask {
        var generated = GeneratedTask()
        let key = definitions.key("task", first + made)
        made += 1
        generated.task.external = External(gid: key)
        if let parent { generated.task.parent = Foreign(parent) }
        takeTexts(&generated.task, isSubtask: depth > 0)
        takePeopleAndTimes(&generated.task)
        takeLabels(&generated.task)
        generated.stories = comments(generated.task, key)
        for _ in 0..<subtaskCount(depth) where place + made < size {
            generated.subtasks.append(make(parent: key, depth: depth + 1))
        }
        return generated
    }

    private mutating func subtaskCount(_ depth: Int) -> Int {
        switch depth {
        case 0: random.chance(16) ? 1 + random.skewed(7) : 0
        case 1: random.chance(5) ? 1 + random.skewed(3) : 0
        default: 0
        }
    }

    // MARK: - Parts

    private mutating func takeTexts(_ task: inout ImportTask, isSubtask: Bool) {
        task.name = random.pick(Vocabulary.verbs) + " " + random.pick(Vocabulary.objects)
        if random.chance(40) { task.name += " " + random.pick(Vocabulary.additions) }
        if random.chance(isSubtask ? 65 : 36) { return }
        // Most notes are a sentence or two, a few are pages.
        let sentences = random.chance(4) ? random.within(12...45) : 1 + random.skewed(11)
        var notes: [String] = []
        let isList = random.chance(20)
        for _ in 0..<sentences {
            notes.append((isList ? "- " : "") + random.pick(Vocabulary.sentences))
        }
        task.notes = notes.joined(separator: isList ? "\n" : " ")
        if sentences > 10 { task.notes = "Summary:\n\n" + task.notes }
    }

    private mutating func takePeopleAndTimes(_ task: inout ImportTask) {
        let age = random.skewed(400)
        let created = (today.advanced(by: -age) ?? today).milliseconds
        task.createdAt = created + Int64(random.within(7 * 3600...18 * 3600)) * 1000
        task.createdBy = people.member(of: project, &random)
        task.modifiedAt = task.createdAt
        if !random.chance(22) { task.assignee = people.member(of: project, &random) }
        var collaborators = [task.createdBy, task.assignee]
        for _ in 0..<random.skewed(4) { collaborators.append(people.member(of: project, &random)) }
        task.collaborators = TrackerComments.distinct(collaborators)
        if random.chance(55) {
            let due = random.within(2...60) - age
            task.dueOn = today.advanced(by: due)?.days
            if random.chance(25) {
                task.startOn = today.advanced(by: due - random.within(1...14))?.days
            }
        }
        // Old tasks are mostly done.
        if age > 0, random.chance(min(90, 20 + age / 2)) {
            let open = Int64(random.below(age * 24)) * 3_600_000
            task.completed = true
            task.completedAt = task.createdAt + min(open, Int64(age - 1) * TaskMaker.day)
            task.completedBy = task.assignee == 0 ? task.createdBy : task.assignee
            task.modifiedAt = task.completedAt
        } else if task.assignee != 0 {
            task.bucket = random.pick([.new, .today, .upcoming, .later])
        }
        if random.chance(6) {
            task.likes = TrackerComments.distinct(
                (0...random.skewed(4)).map { _ in people.member(of: project, &random) })
        }
        if random.chance(2) { task.subtype = .milestone }
    }

    private mutating func takeLabels(_ task: inout ImportTask) {
        guard random.chance(45) else { return }
        for _ in 0...random.skewed(3) {
            let label = Foreign(
                definitions.key("tag", random.skewed(Vocabulary.labels.count)))
            if !task.labels.contains(label) { task.labels.append(label) }
        }
    }

    private mutating func placeInProjects(_ task: inout ImportTask) {
        let sections = definitions.sectionNames(project).count
        let section = task.completed && random.chance(70) ? sections - 1 : random.below(sections)
        task.placements = [placement(project, section)]
        if random.chance(4) {
            let other = random.below(definitions.options.projectCount)
            if other != project {
                let count = definitions.sectionNames(other).count
                task.placements.append(placement(other, random.below(count)))
            }
        }
    }

    private func placement(_ project: Int, _ section: Int) -> ImportPlacement {
        var placement = ImportPlacement()
        placement.project = Foreign(definitions.key("project", project))
        placement.section = Foreign(definitions.sectionKey(project, section))
        return placement
    }

    private mutating func fieldValues() -> [ImportFieldValue] {
        let fields = definitions.fields
        return definitions.fieldNumbers(project).compactMap { number in
            guard random.chance(70) else { return nil }
            var value = ImportFieldValue()
            value.field = Foreign(definitions.key("field", number))
            let field = fields[number]
            switch field.kind {
            case .text: value.text = "REF-\(random.within(1000...9999))"
            case .number:
                var number = Decimal()
                number.mantissa = Int64(random.within(1...80) * 5)
                number.scale = 1
                value.number = number
            case .enum: value.options = [random.pick(field.options)]
            case .multiEnum:
                value.options = field.options.filter { _ in random.chance(30) }
                if value.options.isEmpty { return nil }
            case .date: value.date = today.advanced(by: random.within(-60...90))?.days
            case .people: value.people = [people.member(of: project, &random)]
            }
            return value
        }
    }

    private mutating func comments(_ task: ImportTask, _ key: String) -> [ImportStory] {
        guard random.chance(28) else { return [] }
        var moment = task.createdAt
        return (0...random.skewed(6)).map { number in
            moment = min(moment + Int64(random.within(600...40 * 3600)) * 1000, today.milliseconds)
            var story = ImportStory()
            story.external = External(gid: "\(key)/comment/\(number)")
            story.task = Foreign(key)
            story.kind = .comment
            story.text = random.pick(Vocabulary.comments)
            if random.chance(30) { story.text += " " + random.pick(Vocabulary.sentences) }
            story.createdBy = people.member(of: project, &random)
            story.createdAt = moment
            return story
        }
    }
}
