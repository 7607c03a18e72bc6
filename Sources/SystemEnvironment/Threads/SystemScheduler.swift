package import Environment
internal import Glibc
internal import Synchronization

/// The machine's clocks, and queues that are event loops.
///
/// A `.core` queue is one of few loops that also carry the connections bound to it: what a
/// connection reports runs inline in the loop's turn, with no hand-over (25 µs to an idle core,
/// `performance.md`). A `.background` queue has a thread of its own, so that it may block. It is an
/// event loop too: a loop that nothing but work is given to is a thread with a queue and timers.
package final class SystemScheduler: Scheduler {
    private struct Loops {
        var core: [EventLoop]
        var background: [EventLoop] = []
        var coreQueues = 0
    }

    private let loops: Mutex<Loops>

    /// With one core thread all `.core` queues share it, which is what one node wants.
    package init(coreThreads: Int = 1) {
        loops = Mutex(Loops(core: (0..<max(1, coreThreads)).map { _ in EventLoop("core") }))
    }

    package var now: Instant { MonotonicClock.now }

    package var wallTime: WallTime {
        WallTime(MonotonicClock.nanoseconds(of: CLOCK_REALTIME) / 1_000_000)
    }

    package func makeQueue(_ label: String, _ kind: QueueKind) -> any SerialQueue {
        loops.withLock { loops in
            switch kind {
            case .core:
                let loop = loops.core[loops.coreQueues % loops.core.count]
                loops.coreQueues += 1
                return LoopQueue(loop)
            case .background:
                let loop = EventLoop(label)
                loops.background.append(loop)
                return LoopQueue(loop)
            }
        }
    }

    /// Ends all threads after the work they are at, and waits for it; their connections are closed.
    /// Not from a queue's own thread. Work still queued is dropped, and so is what is given later.
    package func shutdown() {
        let all = loops.withLock { loops in
            defer { loops.background = [] }
            return loops.background + loops.core
        }
        for loop in all { loop.shutdown() }
    }
}

/// A serial queue that is an event loop.
final class LoopQueue: SerialQueue {
    let loop: EventLoop

    init(_ loop: EventLoop) {
        self.loop = loop
    }

    func run(_ work: @escaping @Sendable () -> Void) {
        loop.run(work)
    }

    @discardableResult
    func schedule(after delay: Interval, _ work: @escaping @Sendable () -> Void)
        -> any ScheduledWork
    {
        loop.schedule(at: MonotonicClock.now.advanced(by: delay), work)
    }
}
