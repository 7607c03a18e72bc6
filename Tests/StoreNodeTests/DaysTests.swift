import Environment
import Simulation
import Testing
import WorkProtocol

/// What the node does by itself when days begin.
@Suite struct DaysTests {
    private let cluster: SimulatedCluster

    init() {
        // 2023-11-14, 22:13 by UTC.
        cluster = SimulatedCluster(seed: 12)
        cluster.start()
    }

    /// A client that says nothing for a minute is sent away, so each question has its own.
    private func ask(
        _ method: Method, _ message: some Message, route: UInt64 = SimulatedCluster.workspace
    ) throws -> [UInt8] {
        let client = RawClient(cluster)
        client.greet()
        let answer = try #require(client.ask(method.id, message.encoded(), route: route))
        #expect(answer.status == 0)
        client.close()
        return answer.payload
    }

    private var today: Int32 { Int32(cluster.scheduler.wallTime / 86_400_000) }

    private func myself() throws -> Gid {
        let answer = try Identified(decoding: ask(.whoAmI, WhoAmI()))
        return Gid(try #require(answer.account).gid)
    }

    private func task(due day: Int32, of account: Gid) throws -> UInt64 {
        var create = CreateTask()
        create.name = "due \(day)"
        create.assignee = account.rawValue
        create.bucket = .later
        create.dueOn = day
        return try Changed(decoding: ask(.createTask, create)).gid
    }

    private func bucket(_ task: UInt64) throws -> Bucket {
        var get = GetTask()
        get.task = task
        return try WorkTask(decoding: ask(.getTask, get)).bucket
    }

    /// A round comes every minute.
    private func waitForARound() { cluster.run(for: .seconds(62)) }

    @Test func `what falls due moves to today when the day begins where its assignee is`() throws {
        let account = try myself()
        let now = try task(due: today, of: account)
        let tomorrow = try task(due: today + 1, of: account)
        let late = try task(due: today + 30, of: account)
        waitForARound()
        #expect(try bucket(now) == .today)
        #expect(try bucket(tomorrow) == .upcoming)
        #expect(try bucket(late) == .later)

        // 23:15 by UTC, and a quarter past midnight an hour further east.
        cluster.scheduler.wallOffset += 3_600_000
        waitForARound()
        #expect(try bucket(tomorrow) == .upcoming)
        var update = UpdateAccount()
        update.account = account.rawValue
        update.timeZone = SimulatedTimeZones.zone
        _ = try ask(.updateAccount, update, route: 0)
        waitForARound()
        #expect(try bucket(tomorrow) == .today)
        #expect(try bucket(late) == .later)
        #expect(cluster.hosts.flatMap(\.alarms).isEmpty)
    }

    @Test func `nothing moves while nobody may write, and it is made up for`() throws {
        let account = try myself()
        let due = try task(due: today, of: account)
        let follower = try #require(cluster.hosts.first { $0 !== cluster.primary })
        let primary = try #require(cluster.primary)
        follower.isSupervised = false
        follower.kill()
        waitForARound()
        #expect(primary.alarms.allSatisfy { !$0.contains("the day of") })
        follower.start()
        waitForARound()
        #expect(try bucket(due) == .today)
        let failure = cluster.makeWhole()
        #expect(failure == nil)
        #expect(cluster.verdict().isGood)
    }
}
