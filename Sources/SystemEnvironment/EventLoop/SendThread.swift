internal import Synchronization

/// A thread that writes to sockets for an event loop, so that a loop that has much to send goes on
/// with its work while the kernel copies.
///
/// What is handed over is out of its owner's hands until the loop gives back what the socket did
/// not take; the socket stays open until then. The thread starts with the first hand-over.
final class SendThread: Sendable {
    /// Bytes of one connection.
    struct Parcel {
        let owner: any ParcelOwner
        let socket: Int32
        var bytes: OutputBytes
        /// What the socket said instead of taking more; nil when it has taken all.
        var refusal: StreamSocket.Outcome?
    }

    private struct Waiting {
        var parcels: [Parcel] = []
        var isStarted = false
        var isAsleep = false
        var isEnding = false
    }

    private let name: String
    private let waiting = Mutex(Waiting())
    private let wakeUp = Semaphore()
    private let ended = Semaphore()

    /// - Parameter name: Of the thread, at most 15 bytes.
    init(_ name: String) { self.name = name }

    /// Sends `parcels` after those given before. `loop` gives them back to their owners; it is the
    /// same in each call.
    func send(_ parcels: [Parcel], for loop: EventLoop) {
        let (mustStart, mustWake) = waiting.withLock { waiting in
            waiting.parcels += parcels
            defer { (waiting.isStarted, waiting.isAsleep) = (true, false) }
            return (!waiting.isStarted, waiting.isAsleep)
        }
        if mustStart {
            WorkerThread.start(name) { [self] in
                while let parcels = next() {
                    let tried = parcels.map { parcel in
                        var parcel = parcel
                        parcel.refusal = parcel.bytes.write(to: parcel.socket)
                        return parcel
                    }
                    loop.run { for parcel in tried { parcel.owner.back(parcel) } }
                }
                ended.signal()
            }
        } else if mustWake {
            wakeUp.signal()
        }
    }

    /// Ends the thread and waits for that. What is on its way may be dropped.
    func shutdown() {
        let (isStarted, mustWake) = waiting.withLock { waiting in
            waiting.isEnding = true
            defer { waiting.isAsleep = false }
            return (waiting.isStarted, waiting.isAsleep)
        }
        guard isStarted else { return }
        if mustWake { wakeUp.signal() }
        ended.wait()
    }

    /// - Returns: what is to be sent next; nil at the end.
    private func next() -> [Parcel]? {
        while true {
            var parcels: [Parcel] = []
            let isEnding = waiting.withLock { waiting in
                swap(&parcels, &waiting.parcels)
                waiting.isAsleep = parcels.isEmpty && !waiting.isEnding
                return waiting.isEnding
            }
            if isEnding { return nil }
            if !parcels.isEmpty { return parcels }
            wakeUp.wait()
        }
    }
}

/// Whose bytes a send thread may send.
protocol ParcelOwner: AnyObject, Sendable {
    /// This was tried. On the loop's thread.
    func back(_ parcel: SendThread.Parcel)
}
