import Environment
import SystemEnvironment
import Testing

@Suite(.timeLimit(.minutes(3))) struct SchedulerTests {
    let scheduler = SystemScheduler()

    @Test(arguments: [QueueKind.core, .background])
    func `work runs in the order it was given, never inside run`(_ kind: QueueKind) async {
        let queue = scheduler.makeQueue("test", kind)
        let order = Watched<[Int]>([])
        queue.run {
            queue.run { order.change { $0.append(2) } }
            order.change { $0.append(1) }
        }
        for number in 3..<1_000 { queue.run { order.change { $0.append(number) } } }
        let seen = await order.until { $0.count == 999 }
        #expect(seen[0] == 1)
        // The inner work was given after some of the outer loop's, but the rest keeps its order.
        #expect(seen.filter { $0 > 2 } == Array(3..<1_000))
    }

    @Test func `a timer runs once, not before its time`() async {
        let queue = scheduler.makeQueue("test", .core)
        let fired = Watched<[Instant]>([])
        let start = scheduler.now
        let scheduler = scheduler
        queue.schedule(after: .milliseconds(30)) { fired.change { $0.append(scheduler.now) } }
        let seen = await fired.until { !$0.isEmpty }
        #expect(seen[0].since(start) >= .milliseconds(30))
        #expect(fired.value.count == 1)
    }

    @Test func `a timer cancelled by another of the same moment does not run`() async {
        let queue = scheduler.makeQueue("test", .core)
        let fired = Watched<[Int]>([])
        let timers = Watched<[any ScheduledWork]>([])
        queue.run {
            for number in 0..<3 {
                let timer = queue.schedule(after: .milliseconds(5)) {
                    fired.change { $0.append(number) }
                    for timer in timers.value { timer.cancel() }
                }
                timers.change { $0.append(timer) }
            }
        }
        // A later timer proves that the time of the cancelled ones has passed.
        queue.schedule(after: .milliseconds(60)) { fired.change { $0.append(99) } }
        let seen = await fired.until { $0.contains(99) }
        #expect(seen.count == 2)
    }

    @Test func `a background queue may block without holding up the core`() async {
        let background = scheduler.makeQueue("background", .background)
        let core = scheduler.makeQueue("core", .core)
        let gate = Watched(false)
        let answered = Watched(false)
        background.run {
            // Blocks until the core has run.
            while !gate.value {}
            answered.change { $0 = true }
        }
        core.run { gate.change { $0 = true } }
        _ = await answered.until { $0 }
    }

    /// Came back in its end to the queue that had just let go of it, which held its own lock.
    private final class Returning: Sendable {
        let queue: any SerialQueue
        init(_ queue: any SerialQueue) { self.queue = queue }
        deinit { queue.run {} }
        func stay() {}
    }

    @Test func `what is dropped with the queue may come back to it in its end`() async {
        let scheduler = SystemScheduler()
        let queue = scheduler.makeQueue("test", .core)
        let gate = Watched(false)
        let began = Watched(false)
        queue.run {
            began.change { $0 = true }
            while !gate.value {}
        }
        _ = await began.until { $0 }
        let returning = Returning(queue)
        queue.run { returning.stay() }
        let timer = queue.schedule(after: .seconds(60)) { returning.stay() }
        timer.cancel()
        let ended = Watched(false)
        let other = SystemScheduler().makeQueue("other", .background)
        other.run {
            scheduler.shutdown()
            ended.change { $0 = true }
        }
        gate.change { $0 = true }
        _ = await ended.until { $0 }
        scheduler.shutdown()
    }

    @Test func `of ten thousand timers those run that were not cancelled`() async {
        let queue = scheduler.makeQueue("test", .core)
        let fired = Watched<[Int]>([])
        let timers = (0..<10_000).map { number in
            queue.schedule(after: .milliseconds(200 + UInt64(number % 7))) {
                fired.change { $0.append(number) }
            }
        }
        for number in 0..<10_000 where number % 1_000 != 3 { timers[number].cancel() }
        let seen = await fired.until { $0.count == 10 }
        #expect(seen.sorted() == Array(stride(from: 3, to: 10_000, by: 1_000)))
    }

    @Test func `the clocks go on`() {
        let first = scheduler.now
        #expect(scheduler.now >= first)
        // 2024-01-01 and 2100-01-01.
        #expect((1_704_067_200_000..<4_102_444_800_000).contains(scheduler.wallTime))
    }

    @Test func `random bytes are as many as asked for, and differ`() {
        let randomness = SystemRandomness()
        for count in [0, 1, 7, 8, 9, 32, 1_000] { #expect(randomness.bytes(count).count == count) }
        #expect(randomness.bytes(32) != randomness.bytes(32))
        #expect(randomness.number() != randomness.number())
    }
}
