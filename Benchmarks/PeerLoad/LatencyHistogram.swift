/// How often each latency was seen: log-linear, 128 steps for each doubling, so that a percentile
/// is at most 0.8 % too high. Nanoseconds.
struct LatencyHistogram {
    private static let stepBits = 7
    private static let steps = 1 << stepBits
    private var counts = [UInt64](repeating: 0, count: (64 - stepBits + 1) * steps)
    private(set) var total: UInt64 = 0
    private(set) var max: UInt64 = 0

    mutating func record(_ nanoseconds: UInt64) {
        counts[Self.index(nanoseconds)] += 1
        total += 1
        if nanoseconds > max { max = nanoseconds }
    }

    private static func index(_ value: UInt64) -> Int {
        guard value >= UInt64(steps) else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - stepBits
        return (shift + 1) << stepBits + Int(value >> UInt64(shift)) - steps
    }

    /// The highest value that is counted at `index`.
    private static func highest(_ index: Int) -> UInt64 {
        guard index >= steps else { return UInt64(index) }
        let shift = UInt64(index >> stepBits - 1)
        return (UInt64(index & (steps - 1) + steps + 1) << shift) &- 1
    }

    /// The latency that `percent` of all did not exceed; 0 if there are none.
    func percentile(_ percent: Double) -> UInt64 {
        let wanted = Swift.max((Double(total) * percent / 100).rounded(.up), 1)
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if Double(seen) >= wanted { return min(Self.highest(index), max) }
        }
        return 0
    }
}
