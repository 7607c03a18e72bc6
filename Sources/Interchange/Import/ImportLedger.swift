internal import WorkProtocol

/// What the readings of a file find out: the people in it, what it holds, what is wrong with it.
struct ImportLedger {
    var people = PeopleTable()
    var summary = ImportSummary()
    /// What was decided and the caller should know: kinds of fields.
    var messages: [String] = []
    private(set) var warnings: [TextProblem] = []
    private(set) var warningCount = 0
    private(set) var problems: [TextProblem] = []
    private(set) var problemCount = 0
    /// Whether what is found is written down: in the second reading it has been already.
    var isOpen = true

    /// How many warnings and problems are kept with their text.
    static let keptMax = 1000

    mutating func warn(_ place: TextPlace, _ message: String) {
        warn(TextProblem(place, message))
    }

    mutating func warn(_ warning: TextProblem) {
        guard isOpen else { return }
        warningCount += 1
        if warnings.count < ImportLedger.keptMax { warnings.append(warning) }
    }

    mutating func refuse(_ problem: TextProblem) {
        guard isOpen else { return }
        problemCount += 1
        if problems.count < ImportLedger.keptMax { problems.append(problem) }
    }

    mutating func tell(_ message: String) {
        if isOpen { messages.append(message) }
    }

    /// Counts an item and checks that the store would take it.
    mutating func count(_ item: ImportItem, at place: TextPlace) throws(TextProblem) {
        do throws(FieldViolation) { try item.validate() } catch {
            throw TextProblem(place, error.description)
        }
        switch item.kind {
        case .label: summary.tags += 1
        case .project: summary.projects += 1
        case .attachment: summary.attachments += 1
        case .story(let story) where story.kind != .comment: summary.stories += 1
        case .task, .story, .team, .field, .dependencies, nil: break
        }
    }

    /// Counts a task, where reading it for its items is what finds it.
    mutating func countTask(isSubtask: Bool) {
        guard isOpen else { return }
        summary.tasks += 1
        if isSubtask { summary.subtasks += 1 }
    }

    var failure: ImportFailure { ImportFailure(problems: problems, count: problemCount) }

    /// `text` as one line, with a warning if it had to be changed.
    mutating func line(_ text: String, _ place: TextPlace, _ what: String, limit: Int = 1024)
        -> String
    {
        let clean = CleanText.line(text, limit: limit)
        tell(of: clean, place, what, limit)
        return clean.text
    }

    /// `text` as lines, with a warning if control characters had to be replaced; what is too long
    /// is left in `rest`.
    mutating func prose(_ text: String, _ place: TextPlace, _ what: String, limit: Int = 65_536)
        -> CleanText
    {
        let clean = CleanText.prose(text, limit: limit)
        tell(of: clean, place, what, limit)
        return clean
    }

    private mutating func tell(
        of clean: CleanText, _ place: TextPlace, _ what: String, _ limit: Int
    ) {
        if clean.changes.contains(.controlReplaced) {
            warn(place, "control characters in \(what) were replaced by U+FFFD")
        }
        if clean.changes.contains(.lineJoined) {
            warn(place, "line breaks or tabs in \(what) became blanks")
        }
        if clean.changes.contains(.cut) {
            warn(place, "\(what) is longer than \(limit) bytes and was cut")
        }
    }
}

extension External {
    /// An id of another system.
    init(gid: String, ordinal: UInt32 = 0, data: String = "") {
        self.init()
        self.gid = gid
        self.ordinal = ordinal
        self.data = data
    }
}

extension Foreign {
    /// A reference by an id of another system.
    init(_ gid: String, ordinal: UInt32 = 0) {
        self.init()
        self.gid = gid
        self.ordinal = ordinal
    }
}
