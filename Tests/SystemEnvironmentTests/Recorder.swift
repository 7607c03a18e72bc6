import Environment
import Synchronization

/// A value that tests wait for, from whatever thread it is changed.
final class Watched<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var waiting:
            [(
                condition: @Sendable (Value) -> Bool,
                continuation: CheckedContinuation<Value, Never>
            )] = []
    }
    private let state: Mutex<State>

    init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    var value: Value { state.withLock { $0.value } }

    func change(_ body: (inout Value) -> Void) {
        let (value, ready) = state.withLock { state in
            body(&state.value)
            let value = state.value
            let ready = state.waiting.filter { $0.condition(value) }
            state.waiting.removeAll { $0.condition(value) }
            return (value, ready)
        }
        for waiter in ready { waiter.continuation.resume(returning: value) }
    }

    /// The value as soon as `condition` holds. The suites' time limit ends waiting in vain.
    func until(_ condition: @escaping @Sendable (Value) -> Bool) async -> Value {
        await withCheckedContinuation { continuation in
            let now = state.withLock { state -> Value? in
                if condition(state.value) { return state.value }
                state.waiting.append((condition, continuation))
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
    }
}

/// A receiver that keeps what it is told.
final class Recorder: ConnectionReceiver {
    struct Seen: Sendable {
        var bytes: [UInt8] = []
        var turns = 0
        var writable = 0
        var closed = 0
        var reason: NetworkError?

        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    let seen = Watched(Seen())
    private let onBytes: (@Sendable (UnsafeRawBufferPointer, any Connection) -> Void)?

    init(_ onBytes: (@Sendable (UnsafeRawBufferPointer, any Connection) -> Void)? = nil) {
        self.onBytes = onBytes
    }

    func received(_ bytes: UnsafeRawBufferPointer, on connection: any Connection) {
        seen.change { $0.bytes += bytes }
        onBytes?(bytes, connection)
    }

    func receivedAll(on connection: any Connection) { seen.change { $0.turns += 1 } }
    func writable(_ connection: any Connection) { seen.change { $0.writable += 1 } }
    func closed(_ connection: any Connection, _ reason: NetworkError?) {
        seen.change {
            $0.closed += 1
            $0.reason = reason
        }
    }
}

extension SerialQueue {
    /// Runs `body` on the queue and gives its result.
    func result<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            run { continuation.resume(returning: body()) }
        }
    }
}
