internal import ByteCoding

/// Keeps memory ready for rows on a thread of its own.
package enum MemoryAhead {
    /// Starts the thread, once for the process; it ends when the system has no memory any more, and
    /// then whoever needs some asks for it as if there had been no thread.
    package static func start() {
        WorkerThread.start("memory") {
            while LargePages.prepare() {}
        }
    }
}
