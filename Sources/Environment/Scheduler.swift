/// Time and serial queues: the only source of concurrency in the program.
///
/// In production a queue is pinned to a thread; in simulation all queues are one loop that a seed
/// orders, so that interleavings are among the things simulated. The core holds no lock: what
/// belongs to a queue is touched only by work that runs on it.
package protocol Scheduler: AnyObject, Sendable {
    /// The monotonic clock, now.
    var now: Instant { get }
    /// The wall clock, now, in milliseconds since 1970.
    var wallTime: WallTime { get }
    /// A new serial queue. Queues of one `kind` may share a thread.
    func makeQueue(_ label: String, _ kind: QueueKind) -> any SerialQueue
    /// Makes `count` values, one after the other, and gives each to `take`, in that order, until
    /// that returns false. `take` runs here; values may be made ahead of it, a few at most, on
    /// another thread, while this one waits. When it returns, nothing is being made any more.
    func makeAhead<Value: Sendable>(
        _ count: Int, _ make: @escaping @Sendable (Int) -> Value, _ take: (Value) -> Bool)
}

extension Scheduler {
    /// The same without another thread: what a simulated world does.
    package func makeAhead<Value: Sendable>(
        _ count: Int, _ make: @escaping @Sendable (Int) -> Value, _ take: (Value) -> Bool
    ) {
        for index in 0..<count where !take(make(index)) { return }
    }
}

/// What a queue's work is like, so that the scheduler can place it.
package enum QueueKind: Sendable {
    /// Short steps that answer requests: never blocks.
    case core
    /// Long or blocking work: snapshots, archive, export, files of any size.
    case background
}

/// Runs work one piece after the other, in the order it was given.
package protocol SerialQueue: AnyObject, Sendable {
    /// Runs `work` soon, after everything given before. Never runs it before returning.
    func run(_ work: @escaping @Sendable () -> Void)
    /// Runs `work` once, `delay` from now, unless cancelled before.
    @discardableResult
    func schedule(after delay: Interval, _ work: @escaping @Sendable () -> Void)
        -> any ScheduledWork
}

/// A piece of work that waits for its time.
package protocol ScheduledWork: AnyObject, Sendable {
    /// Makes sure the work does not run, if it has not begun. On the queue's own thread this is
    /// exact.
    func cancel()
}

/// Unpredictable bytes in production, a seeded stream in simulation.
package protocol Randomness: AnyObject, Sendable {
    /// `count` random bytes, good enough for keys and tokens in production.
    func bytes(_ count: Int) -> [UInt8]
    /// A random number of 64 bits.
    func number() -> UInt64
}
