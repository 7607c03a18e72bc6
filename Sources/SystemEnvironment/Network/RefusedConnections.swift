package import Environment

/// Tells of connections that never opened, a few a minute: strangers decide how many there are, and
/// a line for each would let them fill the disk that the diagnostics are on.
///
/// Touched on the queue of the listeners only, hence unchecked Sendable.
package final class RefusedConnections: @unchecked Sendable {
    /// Told one by one in a minute; the others are counted.
    package static let aMinute = 10

    private let now: @Sendable () -> Instant
    private let tell: @Sendable (String) -> Void
    private var began = Instant(nanoseconds: 0)
    private var toldCount = 0
    private var untoldCount = 0

    /// - Parameter tell: Takes a line.
    package init(
        now: @escaping @Sendable () -> Instant, tell: @escaping @Sendable (String) -> Void
    ) {
        self.now = now
        self.tell = tell
    }

    /// One more, and why.
    package func add(_ error: NetworkError) {
        let now = now()
        if toldCount == 0 || now.since(began) >= .seconds(60) {
            if untoldCount > 0 {
                tell("\(untoldCount) more connections that did not open in that minute")
            }
            began = now
            toldCount = 0
            untoldCount = 0
        }
        if toldCount < Self.aMinute {
            toldCount += 1
            tell("\(error)")
        } else {
            untoldCount += 1
        }
    }
}
