package import Environment

/// How a machine of the simulated world goes through time: how fast its monotonic clock is, what
/// its wall clock shows, and whether it stands still. Outlives processes.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
package final class SimulatedPace: @unchecked Sendable {
    private let world: SimulatedScheduler
    /// Where the two clocks were when the pace last changed.
    private var anchor: (world: Instant, own: Instant)
    /// What the monotonic clock gains in a thousand; negative where it is slow.
    private var gain: Int64 = 0
    /// What the wall clock is ahead of the world's, in milliseconds.
    private var wallAhead: WallTime = 0
    /// Nothing of the machine runs before this moment of the world.
    private(set) var pausedUntil = Instant(nanoseconds: 0)

    package init(_ world: SimulatedScheduler) {
        self.world = world
        anchor = (world.now, world.now)
    }

    package var now: Instant {
        let passed = world.now.since(anchor.world).nanoseconds
        return anchor.own.advanced(by: Interval(nanoseconds: passed * rate / 1000))
    }

    package var wallTime: WallTime { world.wallTime + wallAhead }

    private var rate: UInt64 { UInt64(1000 + gain) }

    /// From now on the monotonic clock gains so many thousandths.
    /// - Precondition: not more than half, either way.
    package func drift(perThousand gain: Int64) {
        precondition(abs(gain) <= 500, "a clock that gains \(gain) in a thousand")
        anchor = (world.now, now)
        self.gain = gain
    }

    /// Sets the wall clock forward, or back, by so many milliseconds.
    package func jump(_ milliseconds: WallTime) { wallAhead += milliseconds }

    /// The machine stands still for a while: what is due then happens afterwards.
    package func pause(for interval: Interval) {
        pausedUntil = max(pausedUntil, world.now.advanced(by: interval))
    }

    /// How much of the world's time passes until the own clock has gone on by `delay`.
    func inWorld(_ delay: Interval) -> Interval {
        guard gain != 0 else { return delay }
        return Interval(nanoseconds: (delay.nanoseconds * 1000 + rate - 1) / rate)
    }
}
