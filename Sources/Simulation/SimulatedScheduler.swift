package import Environment

/// Time and queues of the simulated world: one loop over a heap of (time, sequence), so that a seed
/// decides everything and a run can be repeated.
///
/// All queues are this loop; work given with no delay runs after all that was given before, at the
/// same time. Used from one thread only: that is what `@unchecked Sendable` stands on.
package final class SimulatedScheduler: Scheduler, @unchecked Sendable {
    private var heap: [Event] = []
    private var sequence: UInt64 = 0
    package private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// The wall clock is the monotonic one and this, in milliseconds; tests may make it jump.
    package var wallOffset: WallTime = 1_700_000_000_000

    package init() {}

    package var wallTime: WallTime { wallOffset + WallTime(now.nanoseconds / 1_000_000) }

    package func makeQueue(_ label: String, _ kind: QueueKind) -> any SerialQueue {
        SimulatedQueue(label: label, scheduler: self)
    }

    /// A queue that can be ended: what was given to it and has not run then never runs. All queues
    /// of a simulated process are ended when it is killed.
    package func makeSimulatedQueue(
        _ label: String, _ pace: SimulatedPace? = nil
    ) -> SimulatedQueue {
        SimulatedQueue(label: label, scheduler: self, pace: pace)
    }

    /// Runs the next piece of work, going forward to its time. - Returns: whether there was any.
    @discardableResult
    package func step() -> Bool {
        while let event = pop() {
            guard !event.work.isCancelled else { continue }
            now = max(now, event.time)
            event.work.perform()
            return true
        }
        return false
    }

    /// Runs everything up to `limit` pieces. - Returns: whether nothing is left.
    @discardableResult
    package func runUntilIdle(limit: Int = 1_000_000) -> Bool {
        for _ in 0..<limit where !step() { return true }
        return heap.isEmpty
    }

    /// Runs what is due in the next `interval`, and lets it pass.
    package func run(for interval: Interval) {
        let end = now.advanced(by: interval)
        while let first = heap.first, first.time <= end { step() }
        now = max(now, end)
    }

    /// Forgets all work: it holds on to the world it is part of.
    func removeAll() { heap.removeAll() }

    func add(at time: Instant, _ work: SimulatedWork) {
        sequence += 1
        heap.append(Event(time: time, sequence: sequence, work: work))
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func pop() -> Event? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child] < heap[least] { least = child }
            }
            guard least != parent else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

private struct Event: Comparable {
    var time: Instant
    var sequence: UInt64
    var work: SimulatedWork

    static func < (left: Event, right: Event) -> Bool {
        (left.time, left.sequence) < (right.time, right.sequence)
    }

    static func == (left: Event, right: Event) -> Bool { left.sequence == right.sequence }
}

/// A queue of the simulated world.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
package final class SimulatedQueue: SerialQueue, @unchecked Sendable {
    package let label: String
    private let scheduler: SimulatedScheduler
    /// The clock and the standstills of the machine it runs on; none for the world itself.
    private let pace: SimulatedPace?
    /// Whether its process is gone.
    package private(set) var isEnded = false

    init(label: String, scheduler: SimulatedScheduler, pace: SimulatedPace? = nil) {
        self.label = label
        self.scheduler = scheduler
        self.pace = pace
    }

    package func run(_ work: @escaping @Sendable () -> Void) { schedule(after: .zero, work) }

    @discardableResult
    package func schedule(
        after delay: Interval, _ work: @escaping @Sendable () -> Void
    ) -> any ScheduledWork {
        let scheduled = SimulatedWork(self, work)
        let own = pace?.inWorld(delay) ?? delay
        if !isEnded { scheduler.add(at: scheduler.now.advanced(by: own), scheduled) }
        return scheduled
    }

    /// Runs what is due, unless the process is gone; when the machine stands still, afterwards.
    fileprivate func perform(_ work: SimulatedWork) {
        guard !isEnded else { return }
        if let until = pace?.pausedUntil, until > scheduler.now {
            return scheduler.add(at: until, work)
        }
        work.body()
    }

    /// The process this queue belonged to is gone.
    package func end() { isEnded = true }
}

/// Work that waits for its time in the simulated world.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
final class SimulatedWork: ScheduledWork, @unchecked Sendable {
    fileprivate let body: () -> Void
    private let queue: SimulatedQueue
    private(set) var isCancelled = false

    fileprivate init(_ queue: SimulatedQueue, _ body: @escaping () -> Void) {
        self.queue = queue
        self.body = body
    }

    fileprivate func perform() { queue.perform(self) }

    func cancel() { isCancelled = true }
}
