internal import Environment
internal import Glibc
internal import HeapModule
internal import Synchronization

/// Work that an event loop will run later.
final class LoopTimer: ScheduledWork {
    private let loop: EventLoop
    private let work: Mutex<(@Sendable () -> Void)?>

    init(_ loop: EventLoop, _ work: @escaping @Sendable () -> Void) {
        self.loop = loop
        self.work = Mutex(work)
    }

    var isCancelled: Bool { work.withLock { $0 == nil } }

    func cancel() {
        if takeWork() != nil { loop.cancelled() }
    }

    /// Runs the work, unless it has run or was cancelled.
    func fire() {
        takeWork()?()
    }

    /// It is let go of outside of the lock: what it holds may come back here in its end.
    private func takeWork() -> (@Sendable () -> Void)? {
        work.withLock { work in
            defer { work = nil }
            return work
        }
    }
}

/// The timers of one loop, the next one first.
///
/// Those cancelled stay until there are many, so that cancelling costs nothing: most timers are
/// limits that are never reached.
struct TimerHeap {
    private struct Entry: Comparable {
        var time: Instant
        /// Those of one moment run in the order they were set.
        var number: UInt64
        var timer: LoopTimer

        static func < (left: Entry, right: Entry) -> Bool {
            (left.time, left.number) < (right.time, right.number)
        }

        static func == (left: Entry, right: Entry) -> Bool { left.number == right.number }
    }

    /// Fewer cancelled ones than this are not worth looking for.
    private static let few = 64

    private var entries = Heap<Entry>()
    private var lastNumber: UInt64 = 0
    private var cancelledCount = 0

    var isEmpty: Bool { entries.isEmpty }
    var nextTime: Instant? { entries.min?.time }

    /// O(log timers).
    mutating func add(_ timer: LoopTimer, at time: Instant) {
        lastNumber += 1
        entries.insert(Entry(time: time, number: lastNumber, timer: timer))
    }

    /// Takes out the next one if its time has come.
    mutating func next(due now: Instant) -> LoopTimer? {
        guard let first = entries.min, first.time <= now else { return nil }
        let timer = entries.removeMin().timer
        if timer.isCancelled { cancelledCount -= 1 }
        return timer
    }

    /// One more is cancelled. O(1) in the mean of many calls.
    mutating func noteCancelled() {
        cancelledCount += 1
        guard cancelledCount > Self.few, cancelledCount * 2 > entries.count else { return }
        entries = Heap(entries.unordered.filter { !$0.timer.isCancelled })
        cancelledCount = 0
    }
}

/// The clock that timers go by.
enum MonotonicClock {
    static var now: Instant { Instant(nanoseconds: nanoseconds(of: CLOCK_BOOTTIME)) }

    static func nanoseconds(of clock: clockid_t) -> UInt64 {
        var time = timespec()
        let result = unsafe clock_gettime(clock, &time)
        precondition(result == 0, "clock \(clock) cannot be read: errno \(errno)")
        // Both clocks are after 1970 on any machine that runs this.
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
