internal import Environment

/// How long to wait before trying again: doubling from the first pause up to a cap, and of that a
/// random part between half and all, so that clients that failed together do not return together.
struct Backoff: Sendable {
    var first = Interval.milliseconds(50)
    var cap = Interval.milliseconds(500)

    /// The pause after `failures` failures in a row (from 1), with 64 random bits.
    func pause(after failures: Int, random: UInt64) -> Interval {
        let shift = UInt64(min(max(failures, 1) - 1, 16))
        let (raised, overflow) = first.nanoseconds.multipliedReportingOverflow(by: 1 << shift)
        let whole = overflow ? cap.nanoseconds : min(raised, cap.nanoseconds)
        let half = whole / 2
        return Interval(nanoseconds: half + random % (whole - half + 1))
    }
}
