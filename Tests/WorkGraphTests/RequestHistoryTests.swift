import ByteCoding
import Testing
import WorkProtocol

@testable import WorkGraph

@Suite struct RequestHistoryTests {
    private let now: Int64 = 1_700_000_000_000
    private let ann = Gid(1)

    private func request(
        created: Int64? = nil, _ sequence: UInt64, low: UInt64 = 5, acknowledged: UInt64 = 0
    ) -> RequestID {
        var request = RequestID(time: created ?? now, random: (1, low), sequence: sequence)
        request.acknowledged = acknowledged
        return request
    }

    private func outcome(_ sequence: UInt64, hash: UInt64 = 7) -> RequestHistory.Outcome {
        RequestHistory.Outcome(
            done: RequestHistory.Done(
                sequence: sequence, requestHash: hash, method: 1, position: sequence),
            // Some short enough to be kept apart from others, some not.
            answer: [UInt8](
                repeating: UInt8(truncatingIfNeeded: sequence), count: Int(sequence % 20)))
    }

    @Test func `a request is new once, known after, and reused if it differs`() {
        var history = RequestHistory()
        let id = request(1)
        #expect(history.recall(id, ann, hash: 7, at: now) == .new)
        history.remember(id, ann, outcome(1), at: now)
        #expect(history.recall(id, ann, hash: 7, at: now) == .known(outcome(1)))
        #expect(history.recall(id, ann, hash: 8, at: now) == .reused)
        #expect(history.recall(request(2), ann, hash: 7, at: now) == .new)
        // Another principal's session of the same number is another session.
        #expect(history.recall(id, Gid(2), hash: 7, at: now) == .new)
    }

    @Test func `a request is executed only after the one that it names`() throws {
        let world = try World()
        func create(_ sequence: UInt64, after: UInt64, as principal: Principal, acked: UInt64 = 0)
            throws(Rejection) -> UInt64
        {
            var id = RequestID(time: world.time, random: (1, 2), sequence: sequence)
            id.high = RequestID(time: now, random: (1, 2), sequence: 1).high
            id.acknowledged = acked
            id.after = after
            var create = CreateTask()
            create.name = "\(sequence)"
            return try world.perform(
                .createTask(create), as: principal, request: id, requestHash: sequence
            ).position
        }
        func expectRefusal(_ sequence: UInt64, after: UInt64, as principal: Principal? = nil) {
            let position = world.graph.position
            let refusal = #expect(throws: Rejection.self) {
                try create(sequence, after: after, as: principal ?? world.bob)
            }
            #expect(refusal?.reason == .outOfOrder && world.graph.position == position)
        }
        expectRefusal(2, after: 1)
        let first = try create(1, after: 0, as: world.bob)
        // Somebody else's session of the same number, and what comes after itself.
        expectRefusal(2, after: 1, as: world.cat)
        expectRefusal(2, after: 2)
        let second = try create(2, after: 1, as: world.bob)
        #expect(second == first + 1)
        // What was done is told again, whatever it is to come after.
        #expect(try create(2, after: 9, as: world.bob) == second)
        // What the client says it has is forgotten, and may not be named.
        _ = try create(3, after: 2, as: world.bob, acked: 3)
        expectRefusal(4, after: 2)
        _ = try create(4, after: 3, as: world.bob)
    }

    @Test func `what is remembered has a digest that is the same however it came to be`() throws {
        var live = RequestHistory()
        for number in UInt64(1)...400 {
            let low = number * 7 % 13
            let id = request(number, low: low, acknowledged: number > 50 ? number - 50 : 0)
            live.remember(id, ann, outcome(number), at: now + Int64(number))
            #expect(live.digest == live.expectedDigest)
        }
        var restored = RequestHistory()
        try live.forEachStored { session throws(Corruption) in try restored.restore(session) }
        restored.restore(evicted: live.evicted)
        #expect(restored.digest == live.digest)
        // A day later all are evicted but one.
        let later = now + RequestHistory.age + 1_000
        for history in [live, restored] {
            var history = history
            history.remember(request(created: later, 1), ann, outcome(1), at: later)
            #expect(history.count == 1)
            #expect(history.digest == history.expectedDigest)
        }
    }

    @Test func `another answer, session, time or acknowledgement is another digest`() {
        func digest(
            _ id: RequestID, _ outcome: RequestHistory.Outcome, at time: Int64
        ) -> UInt64 {
            var history = RequestHistory()
            history.remember(request(1), ann, self.outcome(1), at: now)
            history.remember(id, ann, outcome, at: time)
            return history.digest
        }
        var other = outcome(2)
        other.answer = [9]
        let digests = [
            digest(request(2), outcome(2), at: now),
            digest(request(2), outcome(2, hash: 8), at: now),
            digest(request(2), other, at: now),
            digest(request(3), outcome(2), at: now),
            digest(request(2, low: 6), outcome(2), at: now),
            digest(request(2, acknowledged: 2), outcome(2), at: now),
            digest(request(2), outcome(2), at: now + 1),
        ]
        // The sequence an outcome has is its own; the request's only says what is acknowledged.
        #expect(digests[3] == digests[0])
        #expect(Set(digests).count == digests.count - 1)
    }

    @Test func `a session from the future is not begun, so that it cannot outlast all others`() {
        var history = RequestHistory()
        let limit = now + RequestHistory.ahead
        #expect(history.recall(request(created: limit, 1), ann, hash: 7, at: now) == .new)
        #expect(history.recall(request(created: limit + 1, 1), ann, hash: 7, at: now) == .expired)
    }

    @Test func `requests may come in any order`() {
        var history = RequestHistory()
        for sequence in [5, 3, 9, 1] as [UInt64] {
            #expect(history.recall(request(sequence), ann, hash: 7, at: now) == .new)
            history.remember(request(sequence), ann, outcome(sequence), at: now)
        }
        for sequence in [1, 3, 5, 9] as [UInt64] {
            #expect(
                history.recall(request(sequence), ann, hash: 7, at: now)
                    == .known(outcome(sequence)))
        }
        #expect(history.recall(request(4), ann, hash: 7, at: now) == .new)
    }

    @Test func `what the client acknowledged is forgotten, and never done again`() {
        var history = RequestHistory()
        for sequence in UInt64(1)...4 {
            history.remember(request(sequence), ann, outcome(sequence), at: now)
        }
        history.remember(request(5, acknowledged: 4), ann, outcome(5), at: now)
        #expect(history.recall(request(3), ann, hash: 7, at: now) == .expired)
        #expect(history.recall(request(4), ann, hash: 7, at: now) == .known(outcome(4)))
        // An older acknowledgement that comes late brings nothing back.
        history.remember(request(6, acknowledged: 1), ann, outcome(6), at: now)
        #expect(history.recall(request(2), ann, hash: 7, at: now) == .expired)
    }

    @Test func `a session keeps 1,024 outcomes, and knows which it dropped`() {
        var history = RequestHistory()
        for sequence in UInt64(1)...1030 {
            history.remember(request(sequence), ann, outcome(sequence), at: now)
        }
        for sequence in UInt64(1)...6 {
            #expect(history.recall(request(sequence), ann, hash: 7, at: now) == .expired)
        }
        #expect(history.recall(request(7), ann, hash: 7, at: now) == .known(outcome(7)))
        #expect(history.recall(request(1031), ann, hash: 7, at: now) == .new)
    }

    /// Without a bound in bytes, one client could make a session that no snapshot can hold: then
    /// no node could start from it any more.
    @Test func `answers are kept within a number of bytes, and the newest always`() throws {
        var history = RequestHistory()
        let large = [UInt8](repeating: 7, count: 1 << 20)
        func answer(_ sequence: UInt64) -> RequestHistory.Outcome {
            var outcome = outcome(sequence)
            outcome.answer = large
            return outcome
        }
        for sequence in UInt64(1)...10 {
            history.remember(request(sequence), ann, answer(sequence), at: now)
        }
        #expect(history.bytes == RequestHistory.bytesPerSession)
        #expect(history.recall(request(6), ann, hash: 7, at: now) == .expired)
        #expect(history.recall(request(7), ann, hash: 7, at: now) == .known(answer(7)))
        history.remember(request(11, acknowledged: 10), ann, answer(11), at: now)
        #expect(history.bytes == 2 << 20)
        let most = UInt64(RequestHistory.bytesMax >> 20)
        for session in 1...most {
            let id = request(created: now + Int64(session), 1, low: 100 + session)
            history.remember(id, ann, answer(1), at: now + 1)
        }
        #expect(history.bytes <= RequestHistory.bytesMax)
        #expect(history.count == Int(most))
        #expect(history.recall(request(11), ann, hash: 7, at: now) == .expired)
        var copy = RequestHistory()
        try history.forEachStored { (stored) throws(Corruption) in
            #expect(stored.encoded().count < WorkspaceLoader.entryMax)
            try copy.restore(stored)
        }
        #expect(copy.bytes == history.bytes)
    }

    @Test func `a session older than a day that nobody knows is not executed`() {
        var history = RequestHistory()
        let old = now - RequestHistory.age
        #expect(history.recall(request(created: old - 1, 1), ann, hash: 7, at: now) == .expired)
        #expect(history.recall(request(created: old, 1), ann, hash: 7, at: now) == .new)
    }

    @Test func `of too many sessions that used longest ago goes, and is never executed`() {
        var history = RequestHistory()
        let count = RequestHistory.sessionsMax
        for index in 0..<count {
            let id = request(created: now + Int64(index), 1)
            history.remember(id, ann, outcome(1), at: now)
        }
        // The first is used again, so the second has to go.
        history.remember(request(created: now, 2), ann, outcome(2), at: now)
        history.remember(request(created: now + Int64(count), 1), ann, outcome(1), at: now)
        #expect(history.count == count && history.evicted == now + 1)
        #expect(history.recall(request(created: now + 1, 1), ann, hash: 7, at: now) == .expired)
        let unknown = request(created: now, 1, low: 77)
        #expect(history.recall(unknown, ann, hash: 7, at: now) == .expired)
        let first = request(created: now, 1)
        #expect(history.recall(first, ann, hash: 7, at: now) == .known(outcome(1)))
    }

    @Test func `a session in use outlives its first day; one that is not is evicted`() {
        var history = RequestHistory()
        let later = now + RequestHistory.age + 10
        history.remember(request(1), ann, outcome(1), at: now)
        history.remember(request(created: now + 1, 1, low: 6), ann, outcome(1), at: now + 1)
        history.remember(request(2), ann, outcome(2), at: now + 20)
        history.remember(request(created: later, 1, low: 8), ann, outcome(1), at: later)
        #expect(history.recall(request(1), ann, hash: 7, at: later) == .known(outcome(1)))
        let idle = request(created: now + 1, 1, low: 6)
        #expect(history.recall(idle, ann, hash: 7, at: later) == .expired)
        let end = later + RequestHistory.age + 1
        history.remember(request(created: end, 1, low: 9), ann, outcome(1), at: end)
        #expect(history.count == 1)
        #expect(history.recall(request(2), ann, hash: 7, at: end) == .expired)
    }

    @Test func `the memory survives a snapshot`() throws {
        var history = RequestHistory()
        for sequence in UInt64(1)...20 {
            let id = request(
                created: now + Int64(sequence % 3), sequence, low: sequence % 3, acknowledged: 4)
            history.remember(id, ann, outcome(sequence), at: now)
        }
        var copy = RequestHistory()
        copy.restore(evicted: history.evicted)
        try history.forEachStored { stored in
            try copy.restore(StoredSession(decoding: stored.encoded()))
        }
        #expect(copy.count == history.count)
        for sequence in UInt64(1)...25 {
            let id = request(created: now + Int64(sequence % 3), sequence, low: sequence % 3)
            #expect(
                copy.recall(id, ann, hash: 7, at: now)
                    == history.recall(id, ann, hash: 7, at: now))
        }
    }

    // MARK: - In a workspace

    @Test func `a retry is answered the same and done once, also after a replay`() throws {
        let world = try World()
        let id = request(created: world.time, 1)
        let create = Command.createTask(.with { $0.name = "once" })
        let first = try world.perform(create, as: world.bob, request: id, requestHash: 7)
        let count = world.graph.rowCount
        let again = try world.perform(create, as: world.bob, request: id, requestHash: 7)
        #expect(again.answer == first.answer && again.record == nil)
        #expect(again.position == first.position && world.graph.rowCount == count)
        let replayed = try world.replayed()
        let third = try replayed.perform(
            create, as: world.bob, request: id, requestHash: 7, wallTime: world.time)
        #expect(third.answer == first.answer && third.record == nil)
        #expect(throws: Rejection.self) {
            try world.perform(create, as: world.bob, request: id, requestHash: 8)
        }
    }

    @Test func `a command that changes nothing is remembered as well`() throws {
        let world = try World()
        let task = try world.task("t")
        let id = request(created: world.time, 1)
        let same = Command.updateTask(
            .with {
                $0.task = task
                $0.name = "t"
            })
        let first = try world.perform(same, as: world.ann, request: id, requestHash: 7)
        #expect(first.record != nil)
        try world.update(task) { $0.name = "u" }
        let again = try world.perform(same, as: world.ann, request: id, requestHash: 7)
        #expect(again.answer == first.answer)
        #expect(try world.replayed().digest == world.graph.digest)
    }

    @Test func `who was removed since is not told a stored answer, but that it was done`() throws {
        let world = try World()
        let id = request(created: world.time, 1)
        let create = Command.createTask(.with { $0.name = "t" })
        _ = try world.perform(create, as: world.bob, request: id, requestHash: 7)
        try world.change(
            .updateMembership(
                .with {
                    $0.account = 2
                    $0.isActive = false
                }), as: world.ann)
        var refusal = Rejection.notFound
        refusal.wasExecuted = true
        #expect(throws: refusal) {
            try world.perform(create, as: world.bob, request: id, requestHash: 7)
        }
        #expect(Failure(refusal).outcome == .executed)
        // What was never asked, or asked otherwise, was not.
        for (id, hash) in [(request(created: world.time, 2), UInt64(7)), (id, 8)] {
            #expect(throws: Rejection.notFound) {
                try world.perform(create, as: world.bob, request: id, requestHash: hash)
            }
        }
    }
}

extension RequestHistory {
    fileprivate mutating func remember(
        _ id: RequestID, _ principal: Gid, _ outcome: Outcome, at time: Int64
    ) {
        remember(id, principal, outcome.done, outcome.answer.span.bytes, at: time)
    }
}
