package import Environment
internal import Glibc
package import NIOCore
internal import NIOPosix
internal import Synchronization

/// The machine's clocks, and queues that are SwiftNIO event loops.
///
/// A `.core` queue is one of few loops that also carry the connections bound to it: what a
/// connection reports runs inline in the loop's turn, with no hand-over (25 µs to an idle core,
/// `performance.md`). A `.background` queue has a thread of its own, so that it may block. It is an
/// event loop too: a loop that nothing but work is given to is a thread with a queue and timers.
package final class SystemScheduler: Scheduler {
    private let core: MultiThreadedEventLoopGroup
    private let background = Mutex<[MultiThreadedEventLoopGroup]>([])

    /// With one core thread all `.core` queues share it, which is what one node wants.
    package init(coreThreads: Int = 1) {
        core = MultiThreadedEventLoopGroup(numberOfThreads: coreThreads)
    }

    package var now: Instant {
        Instant(nanoseconds: Self.read(CLOCK_BOOTTIME))
    }

    package var wallTime: WallTime {
        WallTime(Self.read(CLOCK_REALTIME) / 1_000_000)
    }

    package func makeQueue(_ label: String, _ kind: QueueKind) -> any SerialQueue {
        switch kind {
        case .core:
            return EventLoopQueue(label, core.next())
        case .background:
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            background.withLock { $0.append(group) }
            return EventLoopQueue(label, group.next())
        }
    }

    /// Ends all threads after the work they are at, and waits for it. Not from a queue's own
    /// thread. Work still queued is dropped.
    package func shutdown() throws {
        let groups = background.withLock { groups in
            defer { groups = [] }
            return groups
        }
        for group in groups + [core] {
            try group.syncShutdownGracefully()
        }
    }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        let result = unsafe clock_gettime(clock, &time)
        precondition(result == 0, "clock \(clock) cannot be read: errno \(errno)")
        // Both clocks are after 1970 on any machine that runs this.
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}

/// A serial queue that is an event loop.
package final class EventLoopQueue: SerialQueue {
    package let label: String
    package let eventLoop: any EventLoop

    package init(_ label: String, _ eventLoop: any EventLoop) {
        self.label = label
        self.eventLoop = eventLoop
    }

    package func run(_ work: @escaping @Sendable () -> Void) {
        eventLoop.execute(work)
    }

    @discardableResult
    package func schedule(after delay: Interval, _ work: @escaping @Sendable () -> Void)
        -> any ScheduledWork
    {
        let nanoseconds = Int64(clamping: delay.nanoseconds)
        return EventLoopTimer(eventLoop, .nanoseconds(nanoseconds), work)
    }
}

/// Work that an event loop will run later.
private final class EventLoopTimer: ScheduledWork {
    /// NIO takes all due timers off its heap before it runs the first, so that one cancelled by
    /// another of the same moment would still run: hence a mark of our own.
    private let cancelled = Atomic<Bool>(false)
    private let scheduled = Mutex<Scheduled<Void>?>(nil)

    init(_ loop: any EventLoop, _ delay: TimeAmount, _ work: @escaping @Sendable () -> Void) {
        let timer = loop.scheduleTask(in: delay) { [self] in
            if !cancelled.load(ordering: .relaxed) { work() }
        }
        scheduled.withLock { $0 = timer }
    }

    func cancel() {
        cancelled.store(true, ordering: .relaxed)
        let timer = scheduled.withLock { scheduled in
            defer { scheduled = nil }
            return scheduled
        }
        timer?.cancel()
    }
}
