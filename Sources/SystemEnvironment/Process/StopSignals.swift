package import Environment
internal import Glibc

/// SIGTERM and SIGINT as calls on a queue.
package enum StopSignals {
    /// Which signal came.
    package enum Signal: Sendable, Equatable {
        case terminate, interrupt
    }

    /// Calls `received` on `queue` for every SIGTERM and SIGINT from now on.
    ///
    /// Called once, by the main thread, before any other thread is made: the signals are blocked in
    /// it, and so in all threads that come from it, and a thread of ours waits for them. A program
    /// that starts others must unblock them there.
    package static func report(
        on queue: any SerialQueue, _ received: @escaping @Sendable (Signal) -> Void
    ) {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGTERM)
        unsafe sigaddset(&signals, SIGINT)
        let result = unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        precondition(result == 0, "signals cannot be blocked: error \(result)")
        let waited = signals
        WorkerThread.start("signals") {
            var waited = waited
            while true {
                var number: Int32 = 0
                guard unsafe sigwait(&waited, &number) == 0 else { continue }
                let signal: Signal = number == SIGTERM ? .terminate : .interrupt
                queue.run { received(signal) }
            }
        }
    }
}
