internal import Environment

/// How far something long has come, on standard error: a line that is written over on a terminal, a
/// line every ten seconds elsewhere; nothing before the first second.
struct ProgressLine {
    private let began: ContinuousClock.Instant
    private var told: ContinuousClock.Instant
    private var isShown = false
    private let isTerminal = StandardStream.error.isTerminal

    init() {
        began = ContinuousClock.now
        told = began
    }

    mutating func show(_ text: @autoclosure () -> String) {
        let now = ContinuousClock.now
        guard began.duration(to: now) > .seconds(1) else { return }
        let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(10)
        guard !isShown || told.duration(to: now) > pause else { return }
        guard isTerminal || began.duration(to: now) > .seconds(10) else { return }
        told = now
        isShown = true
        StandardStream.error.write(isTerminal ? "\r\u{1B}[K\(text())" : "\(text())\n")
    }

    /// Takes the line away.
    mutating func end() {
        if isShown, isTerminal { StandardStream.error.write("\r\u{1B}[K") }
        isShown = false
    }

    var seconds: Double {
        let (seconds, attoseconds) = began.duration(to: ContinuousClock.now).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

extension Duration {
    /// `0.4 ms`, `12 ms`, `1.7 s`.
    var shown: String {
        let (seconds, attoseconds) = components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        func tenths(_ value: Int64, _ unit: Int64) -> String {
            let tenths = (value * 10 + unit / 2) / unit
            return "\(tenths / 10).\(tenths % 10)"
        }
        if microseconds < 10_000 { return "\(tenths(microseconds, 1_000)) ms" }
        if microseconds < 1_000_000 { return "\(microseconds / 1_000) ms" }
        return "\(tenths(microseconds, 1_000_000)) s"
    }
}

extension Interval {
    var duration: Duration { .nanoseconds(Int64(clamping: nanoseconds)) }
}
