internal import WorkProtocol

/// Entries of the lists of many rows, collected while a snapshot is loaded or a log replayed, and
/// put into the indexes list by list: an entry at a time waits for memory at every step, a list at
/// a time once.
///
/// Nothing of it is in the indexes before `Indexes.take`; until then they must not be asked.
final class IndexRuns {
    #if !DEBUG
        @safe @exclusivity(unchecked)
    #endif
    fileprivate var lists = Lists()

    fileprivate struct Lists {
        var places = EntryRun()
        var subtasks = EntryRun()
        var assigned = NumberedRun()
        var following = NumberedRun()
        var labelled = EntryRun()
        var dependents = EntryRun()
        var stories = EntryRun()
        /// The task of each comment among the stories.
        var comments: [UInt32] = []
    }

    /// Whether there is so much that it should be taken, lest it need as much memory as the lists.
    var isLarge: Bool {
        max(
            max(lists.places.count, lists.subtasks.count, lists.stories.count),
            max(lists.assigned.run.count, lists.following.run.count),
            max(lists.labelled.count, lists.dependents.count)) >= EntryRun.most
    }
}

extension Indexes {
    /// What `set(task:_:true)` does, but for the entries of lists, which go into `runs`.
    mutating func collect(task row: UInt32, _ keys: TaskKeys, in runs: IndexRuns) {
        set(keys.externalKey, row, true)
        guard !keys.isDeleted else {
            return trash.insert(RankedList.Entry(rank: keys.deletedAt, row: row))
        }
        taskCount += 1
        if keys.completed { countCompleted(keys, true) }
        for place in keys.placements {
            runs.lists.places.append(place.section, rank: place.rank, row: row)
        }
        if keys.parent != 0 {
            runs.lists.subtasks.append(keys.parent, rank: keys.parentRank, row: row)
        }
        if keys.assignee != 0 {
            let bucket = Assigned(account: keys.assignee, bucket: keys.bucket)
            runs.lists.assigned.append(bucket.number, rank: keys.bucketRank, row: row)
        }
        for account in keys.collaborators {
            runs.lists.following.append(account, rank: 0, row: row)
        }
        if keys.hasLabels {
            for label in keys.labels { runs.lists.labelled.append(label, rank: 0, row: row) }
        }
        if keys.hasDependencies {
            for other in keys.dependencies {
                runs.lists.dependents.append(other, rank: 0, row: row)
            }
        }
    }

    /// The same for a story.
    mutating func collect(_ row: UInt32, story: StoryKeys, in runs: IndexRuns) {
        set(story.externalKey, row, true)
        runs.lists.stories.append(story.task, rank: story.createdAt, row: row)
        if case .comment = story.kind { runs.lists.comments.append(story.task) }
    }

    /// Puts what was collected into the lists, and forgets it there. O(n).
    mutating func take(_ runs: IndexRuns) {
        runs.lists.places.drain { tasksOfSection.insert($0, sorted: $1) }
        runs.lists.subtasks.drain { hanging.insert(.subtask, $0, sorted: $1) }
        runs.lists.assigned.drain { assigned.insert($0, sorted: $1) }
        runs.lists.following.drain { following.insert($0, sorted: $1) }
        runs.lists.labelled.drain { tasksOfLabel.insert($0, sorted: $1) }
        runs.lists.dependents.drain { hanging.insert(.dependent, $0, sorted: $1) }
        runs.lists.stories.drain { hanging.insert(.story, $0, sorted: $1) }
        for task in runs.lists.comments { hanging.countComment(task, true) }
        runs.lists.comments.removeAll(keepingCapacity: runs.lists.comments.count < 256)
    }
}

/// Entries of lists that rows have, with the row that has the list.
struct EntryRun {
    /// As many as are collected before they are put in: 16 MiB.
    static let most = 1 << 20

    private struct Entry: BitwiseCopyable {
        var rank: Int64 = 0
        var row: UInt32 = 0
        var key: UInt32 = 0
    }

    private var entries: [Entry] = []
    private var highestKey: UInt32 = 0
    /// Whether the keys have come in ascending order so far.
    private var isInOrder = true

    var count: Int { entries.count }

    mutating func append(_ key: UInt32, rank: Int64, row: UInt32) {
        if let last = entries.last, last.key > key { isInOrder = false }
        highestKey = max(highestKey, key)
        entries.append(Entry(rank: rank, row: row, key: key))
    }

    /// Calls `body` with each key, ascending, and its entries in order; then forgets everything.
    mutating func drain(_ body: (UInt32, [RankedList.Entry]) -> Void) {
        guard !entries.isEmpty else { return }
        if !isInOrder { sortByKey() }
        var start = 0
        while start < entries.count {
            let key = entries[start].key
            var end = start + 1
            while end < entries.count, entries[end].key == key { end += 1 }
            var list = entries[start..<end].map { RankedList.Entry(rank: $0.rank, row: $0.row) }
            if !zip(list, list.dropFirst()).allSatisfy(<) { list.sort() }
            body(key, list)
            start = end
        }
        entries.removeAll(keepingCapacity: entries.count < 256)
        highestKey = 0
        isInOrder = true
    }

    /// Entries of one key may come in any order.
    private mutating func sortByKey() {
        if entries.count < 256 { return entries.sort { $0.key < $1.key } }
        sortByDigits()
    }

    /// Sorts by the digits of the keys, the last first.
    private mutating func sortByDigits() {
        let digit = 11
        var other = [Entry](repeating: Entry(), count: entries.count)
        var shift = 0
        while shift < UInt32.bitWidth, highestKey >> shift > 0 {
            var places = [Int](repeating: 0, count: 1 << digit)
            for entry in entries { places[Int(entry.key >> shift) & (1 << digit - 1)] += 1 }
            var next = 0
            for index in places.indices { (places[index], next) = (next, next + places[index]) }
            for entry in entries {
                let place = Int(entry.key >> shift) & (1 << digit - 1)
                other[places[place]] = entry
                places[place] += 1
            }
            swap(&entries, &other)
            shift += digit
        }
    }
}

/// The same for lists that accounts have: their keys are numbered as they come.
private struct NumberedRun {
    var run = EntryRun()
    private var numbers = NumberMap<UInt32>()
    private var keys: [UInt64] = []

    mutating func append(_ key: UInt64, rank: Int64, row: UInt32) {
        let number: UInt32
        if let known = numbers[key] {
            number = known
        } else {
            number = UInt32(keys.count)
            numbers[key] = number
            keys.append(key)
        }
        run.append(number, rank: rank, row: row)
    }

    mutating func drain(_ body: (UInt64, [RankedList.Entry]) -> Void) {
        run.drain { body(keys[Int($0)], $1) }
    }
}
