import Testing
import WorkProtocol

@testable import WorkGraph

/// What moves in My Tasks when a day begins.
@Suite struct DayBeginsTests {
    private let today: Int32 = 20_000

    private func begin(
        _ world: World, _ day: Int32, as principal: Principal? = nil
    ) -> Command {
        .beginDay(
            .with {
                $0.account = (principal ?? world.ann).account.rawValue
                $0.day = day
            })
    }

    private func task(
        _ world: World, due: Int32?, in bucket: Bucket,
        _ body: (inout CreateTask) -> Void = { _ in }
    ) throws -> UInt64 {
        try world.task("due \(due ?? 0)") {
            $0.assignee = world.ann.account.rawValue
            $0.bucket = bucket
            $0.dueOn = due
            body(&$0)
        }
    }

    private func bucket(_ world: World, _ task: UInt64) throws -> Bucket {
        try world.get(task).bucket
    }

    @Test func `what is due goes to today, and what is due within seven days is upcoming`() throws {
        let world = try World()
        for from in [Bucket.new, .upcoming, .later] {
            let due = try task(world, due: today, in: from)
            let soon = try task(world, due: today + 7, in: from)
            let late = try task(world, due: today + 8, in: from)
            let past = try task(world, due: today - 1, in: from)
            let none = try task(world, due: nil, in: from)
            let done = try task(world, due: today, in: from) { $0.completed = true }
            let version = try world.get(due)
            try world.change(begin(world, today), as: .node)
            #expect(try bucket(world, due) == .today)
            #expect(try bucket(world, soon) == (from == .later ? .upcoming : from))
            for other in [late, past, none, done] { #expect(try bucket(world, other) == from) }
            // Everybody sees the bucket; nobody has modified the task, or told a story.
            #expect(try world.get(due).version == version.version + 1)
            #expect(try world.get(due).modifiedAt == version.modifiedAt)
            #expect(try world.stories(due).isEmpty)
            // The next round begins with another day.
            try world.update(due) { $0.bucket = .later }
            #expect(try world.change(begin(world, today), as: .node).unchanged)
            #expect(try bucket(world, due) == .later)
            try world.change(.deleteTask(.with { $0.task = due }), as: world.ann)
            for other in [soon, late, past, none, done] {
                try world.change(.deleteTask(.with { $0.task = other }), as: world.ann)
            }
            let member = try #require(world.graph.indexes.people[1]).row
            #expect(world.graph.load(Membership.self, member)?.day == today)
            try forgetDay(world)
        }
        #expect(world.graph.checkInvariants() == [])
    }

    /// Makes Ann somebody for whom no day has begun yet.
    private func forgetDay(_ world: World) throws {
        let row = try #require(world.graph.indexes.people[1]).row
        var member = try #require(world.graph.load(Membership.self, row))
        member.day = 0
        try world.graph.write(row, .membership, member.encoded().span.bytes)
    }

    @Test func `days on which nothing ran are made up for`() throws {
        let world = try World()
        try world.change(begin(world, today), as: .node)
        let missed = try task(world, due: today + 2, in: .upcoming)
        try world.change(begin(world, today + 3), as: .node)
        #expect(try bucket(world, missed) == .today)
    }

    @Test func `each member's day begins where it lives, once`() throws {
        let world = try World()
        _ = try task(world, due: today, in: .later)
        _ = try world.task("Bob's") { $0.assignee = world.bob.account.rawValue }
        let days = world.graph.daysToBegin(most: 10) { $0 == "" ? today : nil }
        // Cat and Gus have nothing that could move.
        #expect(days.map(\.account) == [1, 2])
        #expect(days.allSatisfy { $0.day == today })
        #expect(world.graph.daysToBegin(most: 1) { _ in today }.map(\.account) == [1])
        for day in days { try world.change(.beginDay(day), as: .node) }
        #expect(world.graph.daysToBegin(most: 10) { _ in today }.isEmpty)
        #expect(world.graph.daysToBegin(most: 10) { _ in today + 1 }.map(\.account) == [2])
        let replayed = try world.replayed()
        #expect(replayed.digest == world.graph.digest)
        // The day is the store's own note.
        let shown: Membership = try world.ask(.getUser(.with { $0.user = "me" }), as: world.ann)
        #expect(shown.day == 0)
    }

    @Test func `only the node begins days`() throws {
        let world = try World()
        #expect(world.refused(begin(world, today), as: world.ann) == .notFound)
        let stranger = Command.beginDay(
            .with {
                $0.account = 99
                $0.day = today
            })
        #expect(world.refused(stranger, as: .node) == .notFound)
        #expect(world.refused(begin(world, .max), as: .node) == .notFound)
    }

    @Test func `a day with more than one record holds begins in several`() throws {
        let world = try World()
        let large = String(repeating: "n", count: 65_536)
        let tasks = try (0..<40).map { _ in
            try task(world, due: today, in: .later) { $0.notes = large }
        }
        var rounds = 0
        while let day = world.graph.daysToBegin(most: 1, { _ in today }).first {
            try world.change(.beginDay(day), as: .node)
            rounds += 1
            try #require(rounds < 10)
        }
        #expect(rounds == 3)
        for task in tasks { #expect(try bucket(world, task) == .today) }
    }
}
