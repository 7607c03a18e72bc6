internal import WorkProtocol

/// Entries of the lists of many rows, collected while a snapshot is loaded and put into the indexes
/// list by list: an entry at a time waits for memory at every step, a list at a time once.
///
/// Nothing of it is in the indexes before `Indexes.take`; until then they must not be asked.
struct IndexRuns {
    fileprivate var places = EntryRun()
    fileprivate var subtasks = EntryRun()
    fileprivate var assigned = NumberedRun()
    fileprivate var following = NumberedRun()
    fileprivate var labelled = EntryRun()
    fileprivate var dependents = EntryRun()
    fileprivate var stories = EntryRun()

    /// Whether there is so much that it should be taken, lest it need as much memory as the lists.
    var isLarge: Bool {
        max(places.count, subtasks.count, assigned.run.count, following.run.count, stories.count)
            >= EntryRun.most
            || max(labelled.count, dependents.count) >= EntryRun.most
    }
}

extension Indexes {
    /// What `set(task:_:true)` does, but for the entries of lists, which go into `runs`.
    mutating func collect(task row: UInt32, _ keys: TaskKeys, in runs: inout IndexRuns) {
        set(keys.externalKey, row, true)
        guard !keys.isDeleted else {
            return trash.insert(RankedList.Entry(rank: keys.deletedAt, row: row))
        }
        taskCount += 1
        if keys.completed { countCompleted(keys, true) }
        for place in keys.placements {
            runs.places.append(place.section, rank: place.rank, row: row)
        }
        if keys.parent != 0 {
            runs.subtasks.append(keys.parent, rank: keys.parentRank, row: row)
        }
        if keys.assignee != 0 {
            let bucket = Assigned(account: keys.assignee, bucket: keys.bucket)
            runs.assigned.append(bucket.number, rank: keys.bucketRank, row: row)
        }
        for account in keys.collaborators { runs.following.append(account, rank: 0, row: row) }
        if keys.hasLabels {
            for label in keys.labels { runs.labelled.append(label, rank: 0, row: row) }
        }
        if keys.hasDependencies {
            for other in keys.dependencies { runs.dependents.append(other, rank: 0, row: row) }
        }
    }

    /// The same for a story.
    mutating func collect(_ row: UInt32, story: StoryKeys, in runs: inout IndexRuns) {
        set(story.externalKey, row, true)
        runs.stories.append(story.task, rank: story.createdAt, row: row)
        if story.kind == .comment { counts[story.task].comments &+= 1 }
    }

    /// Puts what was collected into the lists, and forgets it there. O(n).
    mutating func take(_ runs: inout IndexRuns) {
        runs.places.drain { tasksOfSection[$0, default: RankedList()].insert(sorted: $1) }
        runs.subtasks.drain { parent, entries in
            subtasks[parent, default: RankedList()].insert(sorted: entries)
            counts[parent].subtasks &+= UInt32(truncatingIfNeeded: entries.count)
        }
        runs.assigned.drain { assigned[$0, default: RankedList()].insert(sorted: $1) }
        runs.following.drain { following[$0, default: RankedList()].insert(sorted: $1) }
        runs.labelled.drain { tasksOfLabel[$0, default: RankedList()].insert(sorted: $1) }
        runs.dependents.drain { task, entries in
            dependents[task, default: RankedList()].insert(sorted: entries)
            counts[task].dependents &+= UInt32(truncatingIfNeeded: entries.count)
        }
        runs.stories.drain { stories[$0, default: RankedList()].insert(sorted: $1) }
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
        self = EntryRun()
    }

    /// Sorts by the digits of the keys, the last first; entries of one key stay as they were.
    private mutating func sortByKey() {
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
        self = NumberedRun()
    }
}
