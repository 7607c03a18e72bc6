internal import WorkProtocol

/// When a task begins and is due: days, or moments.
struct TaskDates: Equatable {
    var startOn: Int32?
    var dueOn: Int32?
    var startAt: Int64?
    var dueAt: Int64?

    init(_ task: TaskRow) {
        startOn = task.startOn
        dueOn = task.dueOn
        startAt = task.startAt
        dueAt = task.dueAt
    }

    /// Sets the due date. A moment alone is due on its day in UTC; a day alone has no moment.
    mutating func setDue(on day: Int32?, at moment: Int64?) {
        dueAt = moment
        dueOn = day ?? moment.flatMap { CivilDate(milliseconds: $0)?.days }
    }

    mutating func setStart(on day: Int32?, at moment: Int64?) {
        startAt = moment
        startOn = day ?? moment.flatMap { CivilDate(milliseconds: $0)?.days }
    }

    /// Checks that all are dates of the calendar and in order.
    func check() throws(Rejection) {
        try Self.require(startOn, startAt, "start_on")
        try Self.require(dueOn, dueAt, "due_on")
        guard let startOn else { return }
        guard let dueOn else {
            throw .badField("start_on", "A task that starts must have a due date.")
        }
        guard startOn <= dueOn else {
            throw .badField("start_on", "A task cannot start after it is due.")
        }
        if let startAt, let dueAt, startAt > dueAt {
            throw .badField("start_at", "A task cannot start after it is due.")
        }
    }

    static func require(
        _ day: Int32?, _ moment: Int64?, _ field: @autoclosure () -> String
    ) throws(Rejection) {
        if let day, CivilDate(days: day) == nil {
            throw .badField(field(), "A date lies in the years 1 to 9999.")
        }
        if let moment, CivilDate(milliseconds: moment) == nil {
            throw .badField(field(), "A moment lies in the years 1 to 9999.")
        }
    }

    /// A day or a moment as text; empty for neither.
    static func shown(_ day: Int32?, _ moment: Int64?) -> String {
        if let moment { return Timestamp.text(moment) }
        return day.flatMap { CivilDate(days: $0)?.description } ?? ""
    }

    func store(in task: inout TaskRow) {
        task.startOn = startOn
        task.dueOn = dueOn
        task.startAt = startAt
        task.dueAt = dueAt
    }
}
