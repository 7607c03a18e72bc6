package import Environment
internal import Glibc
internal import Synchronization

/// SIGTERM and SIGINT as calls on a queue.
package enum StopSignals {
    /// Which signal came.
    package enum Signal: Sendable, Equatable {
        case terminate, interrupt
    }

    /// Where the signal handler writes the signal's number; it may do hardly anything else.
    private static let writeEnd = Atomic<Int32>(-1)

    /// Calls `received` on `queue` for every SIGTERM and SIGINT from now on. Called once in a
    /// process.
    package static func report(
        on queue: any SerialQueue, _ received: @escaping @Sendable (Signal) -> Void
    ) {
        var ends: [Int32] = [-1, -1]
        let made = unsafe pipe(&ends)
        precondition(made == 0, "no pipe for signals: errno \(errno)")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let readEnd = ends[0]
        let (isFirst, _) = writeEnd.compareExchange(
            expected: -1, desired: ends[1], ordering: .sequentiallyConsistent)
        precondition(isFirst, "signals are reported already")

        WorkerThread.start("signals") {
            var number: UInt8 = 0
            while true {
                let got = unsafe read(readEnd, &number, 1)
                if got == 1 {
                    let signal: Signal = Int32(number) == SIGTERM ? .terminate : .interrupt
                    queue.run { received(signal) }
                }
                precondition(got == 1 || errno == EINTR, "signals cannot be read: errno \(errno)")
            }
        }
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { number in
            let before = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = unsafe write(StopSignals.writeEnd.load(ordering: .relaxed), &byte, 1)
            errno = before
        }
        action.sa_flags = SA_RESTART
        for signal in [SIGTERM, SIGINT] {
            let result = unsafe sigaction(signal, &action, nil)
            precondition(result == 0, "signal \(signal) cannot be caught: errno \(errno)")
        }
        // Whoever started us may have had them blocked, and that is inherited.
        var awaited = sigset_t()
        unsafe sigemptyset(&awaited)
        for signal in [SIGTERM, SIGINT] { unsafe sigaddset(&awaited, signal) }
        let unblocked = unsafe pthread_sigmask(SIG_UNBLOCK, &awaited, nil)
        precondition(unblocked == 0, "signals stay blocked: error \(unblocked)")
    }
}
