/// What hangs on tasks: their subtasks, dependents, stories and attachments, in order.
///
/// Most rows have nothing, many tasks a story or two. So a row has only the number of its place
/// here, and what few tasks have takes no room for all the others.
struct HangingTable: Equatable {
    enum Kind { case subtask, dependent, story, attachment }

    /// How many other rows hang on a task: what every answer tells, in one place.
    struct Counts: BitwiseCopyable, Equatable {
        var subtasks: UInt32 = 0
        var dependents: UInt32 = 0
        var attachments: UInt32 = 0
        var comments: UInt32 = 0

        /// What to add to a count, with overflow, for one more or one less.
        static func step(_ present: Bool) -> UInt32 { present ? 1 : .max }
    }

    private struct Hanging: Equatable {
        var counts = Counts()
        var stories = RankedList()
        var subtasks = RankedList()
        var dependents = RankedList()
        var attachments = RankedList()

        var isEmpty: Bool {
            stories.isEmpty && subtasks.isEmpty && dependents.isEmpty && attachments.isEmpty
        }

        subscript(kind: Kind) -> RankedList {
            @inline(__always) get {
                switch kind {
                case .subtask: subtasks
                case .dependent: dependents
                case .story: stories
                case .attachment: attachments
                }
            }
            @inline(__always) _modify {
                switch kind {
                case .subtask: yield &subtasks
                case .dependent: yield &dependents
                case .story: yield &stories
                case .attachment: yield &attachments
                }
            }
        }
    }

    /// One more than the place of what hangs on a row; 0: nothing does.
    private var places = BlockTable(empty: UInt32(0))
    private var hanging = BlockTable(empty: Hanging())
    /// How many places there are.
    private var count: UInt32 = 0
    /// Places that hold nothing any more.
    private var free: [UInt32] = []

    init() {}

    /// How many of each hang on a task. O(1).
    func counts(_ row: UInt32) -> Counts {
        let place = places[row]
        return place == 0 ? Counts() : hanging.withValue(place - 1) { $0.counts }
    }

    /// A list of a task; nil if it is empty. O(1).
    subscript(kind: Kind, row: UInt32) -> RankedList? {
        let place = places[row]
        guard place != 0 else { return nil }
        let list = hanging.withValue(place - 1) { $0[kind] }
        return list.isEmpty ? nil : list
    }

    /// Puts an entry into a list of a task, or takes it out, and counts it.
    mutating func set(_ kind: Kind, _ row: UInt32, _ entry: RankedList.Entry, _ present: Bool) {
        guard present else { return remove(kind, row, entry) }
        let place = makePlace(row)
        hanging[place][kind].insert(entry)
        Self.count(kind, 1, in: &hanging[place].counts)
    }

    /// Inserts entries that are in order into a list of a task.
    mutating func insert(_ kind: Kind, _ row: UInt32, sorted entries: [RankedList.Entry]) {
        let place = makePlace(row)
        hanging[place][kind].insert(sorted: entries)
        Self.count(kind, UInt32(truncatingIfNeeded: entries.count), in: &hanging[place].counts)
    }

    /// Counts a comment that is there, or is no more.
    ///
    /// - Precondition: it is among the stories when it is counted, and still is when it is not
    ///   counted any more.
    mutating func countComment(_ row: UInt32, _ present: Bool) {
        hanging[makePlace(row)].counts.comments &+= Counts.step(present)
    }

    /// Asks the processor for where a row's lists are ahead of their use.
    func prefetch(_ row: UInt32) { places.prefetch(row) }

    /// The same for the counts and lists themselves. Reads what `prefetch(_:)` asks for.
    func prefetchCounts(_ row: UInt32) {
        let place = places[row]
        if place != 0 { hanging.prefetch(place - 1) }
    }

    private mutating func remove(_ kind: Kind, _ row: UInt32, _ entry: RankedList.Entry) {
        guard case let place = places[row], place != 0 else { return }
        hanging[place - 1][kind].remove(entry)
        Self.count(kind, .max, in: &hanging[place - 1].counts)
        guard hanging[place - 1].isEmpty else { return }
        free.append(place - 1)
        places[row] = 0
    }

    private static func count(_ kind: Kind, _ step: UInt32, in counts: inout Counts) {
        switch kind {
        case .subtask: counts.subtasks &+= step
        case .dependent: counts.dependents &+= step
        case .attachment: counts.attachments &+= step
        // Only those that are comments are counted, and apart.
        case .story: break
        }
    }

    private mutating func makePlace(_ row: UInt32) -> UInt32 {
        let known = places[row]
        guard known == 0 else { return known - 1 }
        let place: UInt32
        if let free = free.popLast() {
            place = free
        } else {
            place = count
            count += 1
        }
        places[row] = place + 1
        return place
    }

    /// Equal if the same hangs on each row, at whatever places. O(rows).
    static func == (left: HangingTable, right: HangingTable) -> Bool {
        for row in 0..<UInt32(max(left.places.capacity, right.places.capacity))
        where left.all(row) != right.all(row) {
            return false
        }
        return true
    }

    private func all(_ row: UInt32) -> Hanging? {
        let place = places[row]
        return place == 0 ? nil : hanging[place - 1]
    }
}
