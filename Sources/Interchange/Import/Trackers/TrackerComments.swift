internal import WorkProtocol

/// The comments and system stories of one task of a tracker.
struct TrackerComments {
    let task: String
    private(set) var stories: [ImportStory] = []
    /// How many comments the file has, whatever they were split into.
    private(set) var counted = 0
    private var uses: [String: UInt32] = [:]

    init(task: String) { self.task = task }

    /// Who wrote them, in order.
    var authors: [UInt64] { stories.map(\.createdBy) }

    var items: [ImportItem] { stories.map { .story($0) } }

    /// Adds the text of a member as a comment, if there is any. Several with one id are told apart
    /// by their order; the rest of one that is too long becomes more comments.
    mutating func add(
        id: String, _ author: UInt64, at moment: Int64?, _ node: JSONNode, _ member: String,
        _ ledger: inout ImportLedger
    ) {
        let text = node.text(member)
        if text.isEmpty { return }
        counted += 1
        var clean = ledger.prose(text, node.place, "a comment")
        while true {
            var story = story(id, author, moment)
            story.kind = .comment
            story.text = clean.text
            stories.append(story)
            if clean.rest.isEmpty { return }
            clean = CleanText.prose(clean.rest)
        }
    }

    /// Adds what happened, in the other system's words.
    mutating func add(
        id: String, _ author: UInt64, at moment: Int64?, field: String, from old: String,
        to new: String
    ) {
        var story = story(id, author, moment)
        story.kind = .foreign
        story.oldValue = CleanText.prose(old).text
        story.newValue = CleanText.prose(new).text
        let change = [("from", story.oldValue), ("to", story.newValue)]
            .filter { !$0.1.isEmpty && !$0.1.contains("\n") && $0.1.utf8.count <= 200 }
            .map { " \($0.0) \"\($0.1)\"" }
        story.text = CleanText.prose("changed \(field)" + change.joined()).text
        stories.append(story)
    }

    /// Adds what did not fit into a task's notes.
    mutating func add(rest: String, of task: ImportTask) {
        stories += ContinuedText.stories(rest, of: task)
    }

    private mutating func story(_ id: String, _ author: UInt64, _ moment: Int64?) -> ImportStory {
        var story = ImportStory()
        let ordinal = uses[id, default: 0]
        uses[id] = ordinal + 1
        story.external = External(gid: id, ordinal: ordinal)
        story.task = Foreign(task)
        story.createdBy = author
        story.createdAt = moment ?? 0
        return story
    }

    /// Puts them in the order of their times; those of one time stay in theirs.
    mutating func sort() {
        let order = stories.indices.sorted {
            (stories[$0].createdAt, $0) < (stories[$1].createdAt, $1)
        }
        stories = order.map { stories[$0] }
    }

    /// Each person once, nobody left out.
    static func distinct(_ people: [UInt64]) -> [UInt64] {
        var seen: Set<UInt64> = [0]
        return people.filter { seen.insert($0).inserted }
    }
}

extension ImportLedger {
    mutating func countComments(_ count: Int) {
        if isOpen { summary.comments += count }
    }
}
