internal import Environment
internal import Glibc
internal import Synchronization

/// Writes what is appended to files, durably and in order.
///
/// Appends that wait together and continue each other in one file become one write. Completions go
/// back in the order of the calls, with one wake-up of the queue for each write.
final class LogWriter: Sendable {
    /// One call of `DiskFile.append`.
    struct Append: Sendable {
        let file: SystemFile
        let bytes: [UInt8]
        let offset: Int
        let queue: any SerialQueue
        let completed: @Sendable (DiskError?) -> Void
    }

    /// What waits, and whether someone has been told.
    private struct Waiting {
        var appends: [Append] = []
        var isWoken = false
        var hasEnded = false
    }

    /// Bytes up to which waiting appends are joined: a write of 64 KiB costs hardly more than one
    /// of 4 KiB, one of 1 MiB four times as much.
    private static let joinedBytes = 1 << 20
    /// Memory kept between writes: what is usual, and a joined write.
    private static let keptBytes = 1 << 20

    /// The part that the thread holds too, so that the writer can end it in `deinit`.
    private final class Shared: Sendable {
        let waiting = Mutex(Waiting())
        let wake = Semaphore()
    }

    private let shared = Shared()

    init() {
        let shared = shared
        WorkerThread.start("log-writer") {
            var buffer = AlignedBytes(capacity: Self.keptBytes)
            while true {
                shared.wake.wait()
                let (appends, hasEnded) = shared.waiting.withLock { waiting in
                    defer { waiting.appends = [] }
                    waiting.isWoken = false
                    return (waiting.appends, waiting.hasEnded)
                }
                Self.write(appends, through: &buffer)
                if hasEnded { return }
            }
        }
    }

    deinit {
        shared.waiting.withLock { $0.hasEnded = true }
        shared.wake.signal()
    }

    /// Takes an append; returns at once.
    func append(_ append: Append) {
        let mustWake = shared.waiting.withLock { waiting in
            waiting.appends.append(append)
            defer { waiting.isWoken = true }
            return !waiting.isWoken
        }
        if mustWake { shared.wake.signal() }
    }

    // MARK: Writing

    /// Writes all, and reports each.
    private static func write(_ appends: [Append], through buffer: inout AlignedBytes) {
        var start = 0
        while start < appends.count {
            let end = endOfRun(appends, from: start)
            let run = appends[start..<end]
            let first = appends[start]
            for append in run { buffer.append(append.bytes) }
            let failure = first.file.writeAppended(buffer, at: first.offset, appends: run.count)
            buffer.removeAll(keeping: keptBytes)
            report(run, failure)
            start = end
        }
    }

    /// The end of the appends that can be written at once with the one at `start`.
    private static func endOfRun(_ appends: [Append], from start: Int) -> Int {
        let file = appends[start].file
        var place = appends[start].offset + appends[start].bytes.count
        var bytes = appends[start].bytes.count
        var end = start + 1
        while end < appends.count, appends[end].file === file, appends[end].offset == place,
            bytes + appends[end].bytes.count <= joinedBytes
        {
            place += appends[end].bytes.count
            bytes += appends[end].bytes.count
            end += 1
        }
        return end
    }

    private static func report(_ run: ArraySlice<Append>, _ failure: DiskError?) {
        var rest = run
        while let queue = rest.first?.queue {
            let same = rest.prefix { $0.queue === queue }
            rest = rest.dropFirst(same.count)
            queue.run { for append in same { append.completed(failure) } }
        }
    }
}
