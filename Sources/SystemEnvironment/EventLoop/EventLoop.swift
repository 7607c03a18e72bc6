internal import CLinux
internal import Environment
internal import Glibc
internal import Synchronization

/// A thread that runs work, timers, and whoever has a descriptor that became ready, one after the
/// other: a serial queue that also waits for sockets.
///
/// Each turn takes what is ready, then the timers that are due, then the work that was given. Who
/// has collected bytes to send sends them in a burst with others: after some that were ready, and
/// at the end of the turn. Whatever is not marked otherwise is touched on the loop's own thread
/// only, hence unchecked Sendable.
@safe
final class EventLoop: @unchecked Sendable {
    private struct Given {
        var work: [@Sendable () -> Void] = []
        /// Whether the thread waits, so that who gives something must wake it.
        var isAsleep = false
        var isEnding = false
    }

    /// How much one read takes at most. Shared by all, since what is read is used at once.
    static let readBytes = 64 << 10
    /// How many that were ready are answered in one burst. To wake who waits for bytes costs more
    /// than to send them, and only the first of a burst does; a longer one would leave them
    /// waiting.
    private static let burst = 16
    /// After so many bytes were read in a turn, timers and given work have theirs: neither
    /// heartbeats nor other threads shall wait until all is read and done.
    private static let part = 64 << 10
    /// A burst of so many bytes is sent by another thread: to copy them takes longer than to wake
    /// it.
    private static let handedOver = 32 << 10
    /// Rounds of given work in a turn: work that gives work must not keep sockets waiting for ever.
    private static let rounds = 8

    private let given = Mutex(Given())
    private let thread = Atomic<UInt>(0)
    private let poll: Poll
    private var timers = TimerHeap()
    /// Bytes that have been read since timers and given work had their turn.
    private var bytesRead = 0
    /// Those who have collected bytes.
    private var senders: [any BurstSender] = []
    private let ended = Semaphore()
    private let name: String
    /// Sends large bursts, from the first of them on.
    private var sendLoop: EventLoop?
    /// Valid during one call of `EventSource.ready`.
    let readBuffer: UnsafeMutableRawBufferPointer

    /// Whoever writes where nobody reads shall get an error, not the signal that ends a program.
    private static let ignoresBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    /// Starts the thread, called `name` (at most 15 bytes).
    init(_ name: String) {
        _ = Self.ignoresBrokenPipes
        poll = Poll()
        unsafe readBuffer = .allocate(byteCount: Self.readBytes, alignment: 64)
        self.name = name
        WorkerThread.start(name) { [self] in
            thread.store(UInt(pthread_self()), ordering: .relaxed)
            run()
            ended.signal()
        }
    }

    deinit { unsafe readBuffer.deallocate() }

    /// Whether the caller is on the loop's thread. From any thread.
    var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Runs `work` after everything given before. From any thread.
    func run(_ work: @escaping @Sendable () -> Void) {
        let mustWake = given.withLock { given in
            guard !given.isEnding else { return false }
            given.work.append(work)
            defer { given.isAsleep = false }
            return given.isAsleep
        }
        if mustWake { poll.wake() }
    }

    /// Runs `work` at `time` or soon after. From any thread.
    @discardableResult
    func schedule(at time: Instant, _ work: @escaping @Sendable () -> Void) -> LoopTimer {
        let timer = LoopTimer(self, work)
        if isCurrent {
            timers.add(timer, at: time)
        } else {
            run { [self] in timers.add(timer, at: time) }
        }
        return timer
    }

    /// A timer in here was cancelled. From any thread.
    func cancelled() {
        if isCurrent {
            timers.noteCancelled()
        } else {
            run { [self] in timers.noteCancelled() }
        }
    }

    /// Ends the thread after what it is at, and waits for that; work still queued is dropped, and
    /// who had a descriptor here is told to give it up. From any other thread.
    func shutdown() {
        precondition(!isCurrent, "a loop cannot wait for its own end")
        given.withLock { $0.isEnding = true }
        poll.wake()
        ended.wait()
        // For whoever asks again.
        ended.signal()
    }

    // MARK: Sources

    /// Watches `descriptor` for `source`, until it is removed. O(1).
    /// - Returns: what to call it by.
    func add(_ source: any EventSource, _ descriptor: Int32, _ interest: Interest)
        throws(SystemError) -> Poll.Number
    {
        try poll.add(source, descriptor, interest)
    }

    func change(_ number: Poll.Number, _ descriptor: Int32, _ interest: Interest)
        throws(SystemError)
    {
        try poll.change(number, descriptor, interest)
    }

    /// Watches it no more; nothing that was ready in this turn is told any more.
    func remove(_ number: Poll.Number, _ descriptor: Int32) {
        poll.remove(number, descriptor)
    }

    /// Somebody has read so many bytes.
    func noteRead(_ count: Int) { bytesRead += count }

    /// Calls `sender` with the next burst, in this turn, once for each call of this.
    func sendSoon(_ sender: any BurstSender) {
        senders.append(sender)
    }

    // MARK: The thread

    private func run() {
        while takeTurn() {}
        sendLoop?.shutdown()
        poll.abandon()
        // Let go of outside of the lock: what it holds may come back here in its end.
        _ = takeWork()
    }

    /// - Returns: whether there is another.
    private func takeTurn() -> Bool {
        let limit = timeToWait()
        poll.wait(limit)
        guard stayAwake() else { return false }
        poll.tell { told in
            if bytesRead >= Self.part {
                fireTimers()
                runGiven()
                sendBurst()
            } else if told % Self.burst == 0 {
                sendBurst()
            }
        }
        fireTimers()
        var rounds = 0
        while rounds < Self.rounds, runGiven() { rounds += 1 }
        sendBurst()
        return true
    }

    private func fireTimers() {
        guard !timers.isEmpty else { return }
        while let timer = timers.next(due: MonotonicClock.now) { timer.fire() }
    }

    /// - Returns: whether there was any.
    @discardableResult
    private func runGiven() -> Bool {
        bytesRead = 0
        let work = takeWork()
        for piece in work { piece() }
        return !work.isEmpty
    }

    private func sendBurst() {
        while !senders.isEmpty {
            var burst: [any BurstSender] = []
            swap(&burst, &senders)
            send(burst)
            if senders.isEmpty {
                burst.removeAll(keepingCapacity: true)
                senders = burst
            }
        }
    }

    private func send(_ burst: [any BurstSender]) {
        guard burst.reduce(0, { $0 + $1.unsentBytes }) >= Self.handedOver else {
            for sender in burst { sender.sendCollected() }
            return
        }
        let parcels = burst.compactMap { $0.parcelCollected() }
        let sendLoop = sendLoop ?? EventLoop("\(name)-send")
        self.sendLoop = sendLoop
        sendLoop.run { [self] in
            let tried = parcels.map { $0.sent() }
            run { for parcel in tried { parcel.owner.back(parcel) } }
        }
    }

    /// Nothing to wait for when work is there; else until the next timer.
    private func timeToWait() -> Interval? {
        let sleeps = given.withLock { given in
            given.isAsleep = given.work.isEmpty && !given.isEnding
            return given.isAsleep
        }
        guard sleeps else { return .zero }
        guard let next = timers.nextTime else { return nil }
        return next.since(MonotonicClock.now)
    }

    /// Who gives something from now on need not wake this thread.
    /// - Returns: false when it shall end.
    private func stayAwake() -> Bool {
        given.withLock { given in
            given.isAsleep = false
            return !given.isEnding
        }
    }

    private func takeWork() -> [@Sendable () -> Void] {
        given.withLock { given in
            var work: [@Sendable () -> Void] = []
            swap(&work, &given.work)
            return work
        }
    }
}

/// Who is told that its descriptor is ready, on the loop's thread.
protocol EventSource: AnyObject {
    func ready(_ interest: Interest)
    /// The loop ends: give the descriptor up.
    func abandon()
}

/// Who collects bytes, and is told when to send them.
protocol BurstSender: AnyObject {
    /// How many bytes are collected.
    var unsentBytes: Int { get }
    func sendCollected()
    /// What is collected, to be sent by another thread; nil when nothing can be sent now.
    func parcelCollected() -> Parcel?
}

/// What a descriptor is ready for, or shall be watched for.
struct Interest: OptionSet {
    let rawValue: UInt32

    static let readable = Interest(rawValue: UInt32(holdfast_readable))
    /// The other end sends no more, or all of the connection is gone. Watched for with `readable`;
    /// that all is gone is told always.
    static let hungUp = Interest(rawValue: UInt32(holdfast_hung_up))
    static let writable = Interest(rawValue: UInt32(holdfast_writable))
}
