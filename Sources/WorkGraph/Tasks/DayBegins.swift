package import WorkProtocol

/// My Tasks by the calendar: what moves by itself when the assignee's local day begins.
///
/// What is due that day goes to *Today*; what lies in *Later* and is due within seven days to
/// *Upcoming*. Once a day and person, so that what the assignee then puts elsewhere stays there.
///
/// Clock work is logged like any other change. The node's ticker, on the primary and where it may
/// write, now and then asks each workspace for `daysToBegin` and performs each as a `BeginDay`, as
/// `Principal.node`, without a request ID; the follower and recovery apply the records and consult
/// no clock.
extension WorkspaceGraph {
    /// The days that have begun for members and not yet in their My Tasks, at most `most`, by
    /// account. `localDay` says what day it is in a time zone (empty: UTC), in days since 1970; nil
    /// for a zone that is not known, where it is the day of UTC. O(people).
    package func daysToBegin(most: Int, _ localDay: (String) -> Int32?) -> [BeginDay] {
        guard ordinal != 0 else { return [] }
        var days: [String: Int32] = [:]
        func day(in zone: String) -> Int32 {
            if let known = days[zone] { return known }
            let day = localDay(zone) ?? localDay("") ?? .min
            days[zone] = day
            return day
        }
        var waiting: [UInt64: String] = [:]
        indexes.people.forEachInAnyOrder { account, person in
            let isWaiting =
                person.isActive && !person.isService && person.day < day(in: person.timeZone)
                && Self.movable.contains { bucket in
                    indexes.assigned[Indexes.Assigned(account: account, bucket: bucket).number]
                        != nil
                }
            if isWaiting { waiting[account] = person.timeZone }
        }
        return waiting.keys.sorted().prefix(most).map { account in
            var begin = BeginDay()
            begin.account = account
            begin.day = day(in: waiting[account] ?? "")
            return begin
        }
    }

    private static let movable: [Bucket] = [.new, .upcoming, .later]

    /// Moves what is due. What is too much for one record stays for another command: the day counts
    /// as begun only when all is done.
    func beginDay(
        _ request: BeginDay, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        guard caller.principal.isNode, CivilDate(days: request.day) != nil,
            let person = indexes.people[request.account],
            var member = load(Membership.self, person.row)
        else { throw .notFound }
        guard member.day < request.day else { return Changed(request.account, unchanged: true) }
        // Days on which no primary ran are made up for; the first is a day like any other.
        let since = member.day == 0 ? request.day - 1 : member.day
        let moves = moves(of: request.account, after: since, on: request.day)
        var bytes = 0
        for (count, move) in moves.enumerated() {
            guard count < GraphLimits.tasksMovedAtOnce, bytes < GraphLimits.bytesMovedAtOnce else {
                return Changed(request.account)
            }
            bytes += rows.byteCount(of: move.row)
            edit(move.row) { task in
                let before = task
                file(&task, row: move.row, in: move.bucket, at: move.bucket.spot)
                self.count(&task, since: before, at: now)
            }
        }
        member.day = request.day
        put(person.row, .membership, member)
        return Changed(request.account)
    }

    /// Where the open tasks of somebody go, in the order they lie.
    private func moves(
        of account: UInt64, after since: Int32, on day: Int32
    ) -> [(row: UInt32, bucket: Bucket)] {
        var moves: [(row: UInt32, bucket: Bucket)] = []
        for bucket in Self.movable {
            let list = indexes.assigned[Indexes.Assigned(account: account, bucket: bucket).number]
            list?.forEach { entry in
                guard let keys = taskKeys(entry.row), !keys.completed, let due = keys.dueOn else {
                    return true
                }
                if due > since, due <= day {
                    moves.append((entry.row, .today))
                } else if bucket == .later, due > day, due - day <= GraphLimits.upcomingDays {
                    moves.append((entry.row, .upcoming))
                }
                return true
            }
        }
        return moves
    }
}
