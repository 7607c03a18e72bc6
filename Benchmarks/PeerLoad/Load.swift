internal import CEpoll
import Glibc

/// One row of the table.
struct Row {
    var kind: Kind
    var connections: Int
    /// Requests under way on each.
    var depth: Int

    /// `KIND:CONNECTIONSxDEPTH`, as `create:64x16`.
    init(_ text: String) throws {
        let parts = text.split(separator: ":")
        let numbers = (parts.last ?? "").split(separator: "x").compactMap { Int($0) }
        guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])), numbers.count == 2,
            (1...1_000).contains(numbers[0]), (1...256).contains(numbers[1])
        else {
            throw Complaint("\(text) is no row: create, update, get, list, mix or work:64x16")
        }
        self.kind = kind
        connections = numbers[0]
        depth = numbers[1]
    }

    var name: String { "\(kind.rawValue):\(connections)x\(depth)" }
}

/// How a row is measured.
struct Course {
    var warmSeconds: Double
    var seconds: Double
    /// So many stretches of `seconds`, one after the other without a pause, a report of each.
    var slices = 1
    /// Requests a second over all connections: an open loop. Nil: a closed one.
    var rate: Double?
    var groups: [ProcessGroup]
}

/// An open loop looks for what is due this often, nanoseconds, so that it does not wake for each
/// request.
private let paceStep: UInt64 = 50_000

/// Drives a store from one thread with an `epoll` loop.
///
/// Closed loop: each connection keeps `depth` requests under way. Open loop: requests are sent when
/// they are due, whatever the store does, and a latency counts from that moment; what finds no
/// room on any connection waits, and its waiting counts.
final class Load<Speech: Dialect> {
    private enum Phase { case warming, measuring, draining }

    private let workload: Workload
    private var connections: [Connection<Speech>] = []
    private let poll = holdfast_poll()
    private let ready = UnsafeMutablePointer<holdfast_ready>.allocate(
        capacity: Int(holdfast_ready_max))
    private var phase = Phase.warming
    private var histogram = LatencyHistogram()
    private var errors: UInt64 = 0
    private var problem = ""
    /// What follows an answer in a closed loop; nil: nothing.
    private var next: () -> Ask? = { nil }
    private let depth: Int
    /// Where the next request of an open loop looks for room first.
    private var turn = 0

    init(_ store: Target, _ workload: Workload, connections count: Int, depth: Int) throws {
        self.workload = workload
        self.depth = depth
        for index in 0..<count {
            let connection = try Connection<Speech>(store, workload, depth: depth)
            connections.append(connection)
            holdfast_watch(poll, connection.socket, UInt32(index), 0, 1)
        }
        let limit = monotonicTime() + 10_000_000_000
        while !connections.allSatisfy(\.isReady) {
            guard monotonicTime() < limit else { throw Complaint("the store does not answer") }
            try serveOnce(100_000_000)
        }
    }

    deinit {
        close(poll)
        ready.deallocate()
    }

    // MARK: - Preparing

    /// Asks one after the other, each when the one before is done.
    func perform(_ asks: [Ask]) throws {
        next = { nil }
        for ask in asks { try drive([ask]) }
    }

    /// Loads all tasks.
    func loadAll() throws {
        next = { [workload] in workload.nextBulk() }
        try drive((0..<depth).compactMap { _ in workload.nextBulk() })
    }

    private func drive(_ first: [Ask]) throws {
        phase = .measuring
        for ask in first { connections[0].write(ask) }
        try connections[0].flush()
        while connections[0].inFlight > 0 { try serveOnce(100_000_000) }
        guard errors == 0 else { throw Complaint("the store refused: \(problem)") }
    }

    // MARK: - Measuring

    /// Measures one row, and gives the report of each slice when it is over. What is under way
    /// at the end of a slice counts in the next one.
    func run(_ row: Row, _ course: Course, _ give: (Report) -> Void) throws {
        let groups = course.groups + [ProcessGroup.own]
        // Listed ahead: nothing must wait for it while there is something to measure.
        let members = groups.map(\.members)
        let begins = monotonicTime() + UInt64(course.warmSeconds * 1e9)
        next = course.rate == nil ? { [workload] in workload.next(row.kind) } : { nil }
        if course.rate == nil { try fill() }
        var pace = course.rate.map { Pace(rate: $0, start: monotonicTime(), kind: row.kind) }
        while monotonicTime() < begins { try turnOnce(&pace) }
        var before = members.map(ProcessGroup.usage)
        phase = .measuring
        let start = monotonicTime()
        let length = UInt64(course.seconds * 1e9)
        for slice in 1...max(course.slices, 1) {
            let began = monotonicTime()
            let end = start + UInt64(slice) * length
            let isLast = slice == max(course.slices, 1)
            histogram = LatencyHistogram()
            errors = 0
            problem = ""
            if isLast { pace?.end = end }
            while monotonicTime() < end { try turnOnce(&pace) }
            let seconds = Double(monotonicTime() - began) / 1e9
            // An open loop's last requests are still being measured.
            if isLast, pace != nil { try finish(&pace, end) }
            // At the end with those that have come meanwhile.
            let after = (isLast ? groups.map(\.members) : members).map(ProcessGroup.usage)
            if isLast, pace == nil { try finish(&pace, end) }
            give(
                Report(
                    row: row, rate: course.rate, seconds: seconds, histogram: histogram,
                    errors: errors, problem: problem,
                    usage: groups.indices.map {
                        Report.Share(groups[$0].name, before[$0], after[$0])
                    }))
            before = after
        }
    }

    /// Nothing more is sent; what is under way comes to its end.
    private func finish(_ pace: inout Pace?, _ end: UInt64) throws {
        // An open loop's last requests count although they end later: leaving them out would leave
        // out the slow ones.
        if pace == nil { phase = .draining }
        next = { nil }
        try catchUp(&pace, until: end + 10_000_000_000)
        try drain()
    }

    private func fill() throws {
        let now = monotonicTime()
        for connection in connections {
            while connection.inFlight < depth, var ask = next() {
                ask.moment = now
                connection.write(ask)
            }
            try connection.flush()
        }
    }

    private func turnOnce(_ pace: inout Pace?) throws {
        guard pace != nil else { return try serveOnce(10_000_000) }
        try sendDue(&pace)
        try serveOnce(pace?.wait ?? 0)
    }

    /// Sends what was due and has found no room: it has waited, and that counts.
    private func catchUp(_ pace: inout Pace?, until limit: UInt64) throws {
        while let due = pace?.nextDue, let end = pace?.end, due < end {
            guard monotonicTime() < limit else {
                errors += UInt64(Double(end - due) / 1e9 * (pace?.rate ?? 0))
                problem = "the store is 10 s behind the rate; what was not sent counts as wrong"
                return
            }
            try turnOnce(&pace)
        }
    }

    /// Waits for the answers that are still missing, and not for ever.
    private func drain() throws {
        let limit = monotonicTime() + 10_000_000_000
        while connections.contains(where: { $0.inFlight > 0 }) {
            guard monotonicTime() < limit else {
                let missing = connections.reduce(0) { $0 + $1.inFlight }
                throw Complaint("\(missing) requests have no answer after 10 s")
            }
            try serveOnce(10_000_000)
        }
    }

    // MARK: - An open loop

    /// When the requests of an open loop are due.
    private struct Pace {
        var rate: Double
        var start: UInt64
        var kind: Kind
        var sent: UInt64 = 0
        /// Nothing is due from then on.
        var end = UInt64.max
        var nextDue: UInt64 { start + UInt64(Double(sent) / rate * 1e9) }

        /// How long nothing is due, nanoseconds.
        var wait: UInt64 {
            let now = monotonicTime()
            return max(nextDue > now ? nextDue - now : 0, paceStep)
        }
    }

    private func sendDue(_ pace: inout Pace?) throws {
        guard let kind = pace?.kind else { return }
        let now = min(monotonicTime(), pace?.end ?? 0)
        while let due = pace?.nextDue, due < now, let connection = connectionWithRoom() {
            var ask = workload.next(kind)
            ask.moment = due
            connection.write(ask)
            connection.isTouched = true
            pace?.sent += 1
        }
        for connection in connections where connection.isTouched {
            try connection.flush()
            try watch(connection)
        }
    }

    private func connectionWithRoom() -> Connection<Speech>? {
        for _ in connections.indices {
            let connection = connections[turn]
            turn = (turn + 1) % connections.count
            if connection.inFlight < depth { return connection }
        }
        return nil
    }

    // MARK: - Events

    /// Waits for events, at most so many nanoseconds, and serves them.
    private func serveOnce(_ wait: UInt64) throws {
        let count = Int(holdfast_wait(poll, Int64(wait), ready))
        guard count >= 0 || errno == EINTR else {
            throw Complaint("epoll: \(String(cString: strerror(errno)))")
        }
        for index in 0..<max(count, 0) {
            let connection = connections[Int(ready[index].index)]
            if ready[index].is_writable != 0 { try connection.send() }
            try serve(connection)
        }
    }

    private func serve(_ connection: Connection<Speech>) throws {
        var isMore = true
        while isMore {
            isMore = try connection.receive()
            let now = monotonicTime()
            while let answer = try connection.nextAnswer() {
                record(answer.ask, answer.isCorrect, connection, now)
                guard phase != .draining, var ask = next() else { continue }
                ask.moment = now
                connection.write(ask)
            }
        }
        try connection.flush()
        try watch(connection)
    }

    private func record(
        _ ask: Ask, _ isCorrect: Bool, _ connection: Connection<Speech>, _ now: UInt64
    ) {
        if phase == .measuring { histogram.record(now > ask.moment ? now - ask.moment : 0) }
        guard !isCorrect else { return }
        if phase == .measuring { errors += 1 }
        if problem.isEmpty { problem = connection.problem }
    }

    /// Has `epoll` tell when a full socket takes more.
    private func watch(_ connection: Connection<Speech>) throws {
        guard connection.isBlocked != connection.isWatched else { return }
        connection.isWatched = connection.isBlocked
        guard let index = connections.firstIndex(where: { $0 === connection }) else { return }
        let wantsRoom: Int32 = connection.isBlocked ? 1 : 0
        holdfast_watch(poll, connection.socket, UInt32(index), wantsRoom, 0)
    }
}
