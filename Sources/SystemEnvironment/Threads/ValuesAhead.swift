internal import Environment
internal import Synchronization

extension SystemScheduler {
    package func makeAhead<Value: Sendable>(
        _ count: Int, _ make: @escaping @Sendable (Int) -> Value, _ take: (Value) -> Bool
    ) {
        let ahead = ValuesAhead<Value>()
        WorkerThread.start("ahead") {
            for index in 0..<count {
                ahead.room.wait()
                guard !ahead.isAbandoned else { break }
                ahead.put(make(index))
            }
            ahead.ended.signal()
        }
        for _ in 0..<count {
            let value = ahead.next()
            ahead.room.signal()
            guard take(value) else { break }
        }
        ahead.abandon()
        ahead.ended.wait()
    }
}

/// A few values between the thread that makes them and the one that takes them.
private final class ValuesAhead<Value: Sendable>: Sendable {
    /// How many may wait to be taken.
    private static var most: Int { 2 }

    private let waiting = Mutex<[Value]>([])
    private let abandoned = Atomic<Bool>(false)
    /// Counts the places that are free, the values that wait, and the end of the making.
    let room = Semaphore()
    private let made = Semaphore()
    let ended = Semaphore()

    init() {
        for _ in 0..<Self.most { room.signal() }
    }

    var isAbandoned: Bool { abandoned.load(ordering: .relaxed) }

    /// Nothing is taken any more.
    func abandon() {
        abandoned.store(true, ordering: .relaxed)
        room.signal()
    }

    func put(_ value: Value) {
        waiting.withLock { $0.append(value) }
        made.signal()
    }

    func next() -> Value {
        made.wait()
        return waiting.withLock { $0.removeFirst() }
    }
}
