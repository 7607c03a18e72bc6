import Glibc

/// What is asked of a store. The last four only prepare it.
enum Operation: UInt8 {
    case create, update, get, list
    case bulk, people, project, sections
}

/// What a row of the table asks.
enum Kind: String, CaseIterable {
    case create, update, get, list
    /// 80 % get, 20 % update.
    case mix
    /// 90 % get, 9 % update, 1 % create.
    case work
}

/// One request under way.
struct Ask {
    var operation: Operation
    /// The number of the task (`get`, `update`), of the section (`create`, `list`), of the project
    /// (`project`, `sections`), or of the first of several (`bulk`, `people`).
    var key: Int
    /// Of how many, where it is several.
    var count = 1
    /// When it was due, nanoseconds.
    var moment: UInt64 = 0
}

/// A seeded source of numbers (SplitMix64).
struct Draw {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    mutating func below(_ limit: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(limit)).high)
    }
}

/// The work, the same for every store: which objects there are, and what is asked next.
///
/// Task i is in section i modulo the number of sections, so a section's first tasks are known and
/// a list can be checked.
final class Workload {
    static let sectionsPerProject = 20
    static let tasksPerSection = 100
    static let tasksPerPerson = 1_000
    static let listLength = 50
    static let bulkCount = 400

    /// The stores' own names of the objects.
    var keys: KeyFile
    private(set) var draw: Draw
    let texts: Texts
    /// Grows with each create: where a task stands in its section, for stores that are told.
    private var lastPosition: UInt64
    private var bulkDone = 0

    init(_ keys: KeyFile, seed: UInt64) {
        self.keys = keys
        draw = Draw(seed: seed)
        texts = Texts()
        // Above all that earlier runs used.
        lastPosition = realTime() / 1_000
    }

    /// What is asked next for a row.
    func next(_ kind: Kind) -> Ask {
        switch kind {
        case .create: return Ask(operation: .create, key: draw.below(keys.sections.count))
        case .update: return Ask(operation: .update, key: draw.below(keys.tasks.count))
        case .get: return Ask(operation: .get, key: draw.below(keys.tasks.count))
        case .list: return Ask(operation: .list, key: draw.below(keys.sections.count))
        case .mix: return next(draw.below(5) == 0 ? .update : .get)
        case .work:
            let percent = draw.below(100)
            return next(percent < 1 ? .create : percent < 10 ? .update : .get)
        }
    }

    /// The next tasks to be loaded; nil when all are.
    func nextBulk() -> Ask? {
        guard bulkDone < keys.tasks.count else { return nil }
        let count = min(Self.bulkCount, keys.tasks.count - bulkDone)
        defer { bulkDone += count }
        return Ask(operation: .bulk, key: bulkDone, count: count)
    }

    /// A number that no other create has.
    func nextPosition() -> UInt64 {
        lastPosition += 1
        return lastPosition
    }

    /// Which name or which notes somebody writes next.
    func nextText() -> Int { draw.below(Texts.variants) }

    func number(below limit: Int) -> Int { draw.below(limit) }

    /// The number of the task that stands at `place` in a section.
    func task(at place: Int, ofSection section: Int) -> Int {
        section + place * keys.sections.count
    }

    /// How many tasks a list of a section has.
    var listed: Int { min(Self.listLength, keys.tasks.count / keys.sections.count) }
}

/// Names and notes as people write them, made once.
struct Texts {
    private let names: [[UInt8]]
    private let notes: [[UInt8]]
    /// So many that a log does not repeat itself sooner than those of people.
    static let variants = 4_096
    private static let notesBytes = 150

    init() {
        let words = [
            "prepare", "the", "quarterly", "figures", "for", "board", "call", "supplier", "about",
            "delivery", "review", "draft", "contract", "with", "Anna", "before", "Friday", "and",
            "send", "summary", "to", "everybody", "who", "asked", "check", "numbers", "again",
            "order", "new", "chairs", "office", "plan", "next", "release", "meeting", "notes",
        ]
        var draw = Draw(seed: 7)
        func sentence(_ count: Int) -> [UInt8] {
            var text: [UInt8] = []
            while text.count < count { text += Array((words[draw.below(words.count)] + " ").utf8) }
            text.removeLast(text.count - count)
            if text.last == 0x20 { text[count - 1] = 0x2E }
            return text
        }
        names = (0..<Self.variants).map { _ in sentence(48) }
        notes = (0..<Self.variants).map { _ in sentence(Self.notesBytes) }
    }

    func name(_ number: Int) -> [UInt8] { names[number & (Self.variants - 1)] }
    func notes(_ number: Int) -> [UInt8] { notes[number & (Self.variants - 1)] }
}

/// Nanoseconds of a clock that only goes forward.
func monotonicTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Nanoseconds since 1970.
func realTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
