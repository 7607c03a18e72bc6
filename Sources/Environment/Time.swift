/// A moment on the clock that never goes back and that goes on while the machine sleeps
/// (`CLOCK_BOOTTIME`): nanoseconds since some beginning that only this process knows.
///
/// For leases, deadlines and timers. What people read, and what goes into a record, is wall time.
@frozen
package struct Instant: Comparable, Hashable, Sendable {
    package var nanoseconds: UInt64

    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The moment `interval` later; stays at the end of time rather than overflow.
    package func advanced(by interval: Interval) -> Instant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(interval.nanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// How long after `earlier` this is; nothing if it is not after it.
    package func since(_ earlier: Instant) -> Interval {
        Interval(
            nanoseconds: nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0)
    }
}

/// A length of time, never negative. (`Duration` is the standard library's, and is 128 bits wide.)
@frozen
package struct Interval: Comparable, Hashable, Sendable {
    package var nanoseconds: UInt64

    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    package static func < (left: Interval, right: Interval) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    package static let zero = Interval(nanoseconds: 0)
    package static func microseconds(_ count: UInt64) -> Interval {
        Interval(nanoseconds: count &* 1_000)
    }
    package static func milliseconds(_ count: UInt64) -> Interval {
        Interval(nanoseconds: count &* 1_000_000)
    }
    package static func seconds(_ count: UInt64) -> Interval {
        Interval(nanoseconds: count &* 1_000_000_000)
    }

    /// Whole milliseconds, rounded down.
    package var milliseconds: UInt64 { nanoseconds / 1_000_000 }
}

/// Milliseconds since 1970-01-01T00:00:00Z, as the machine's wall clock has it.
///
/// Only for people and for records; the primary makes what it stamps monotone. Never for leases.
package typealias WallTime = Int64
