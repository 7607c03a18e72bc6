import Testing

@testable import peer_load

@Suite struct LatencyHistogramTests {
    @Test func `percentiles are at most one part in 128 too high`() {
        var histogram = LatencyHistogram()
        for value in 1...100_000 { histogram.record(UInt64(value) * 1_000) }
        for percent in [1.0, 50, 99, 99.9, 100] {
            let exact = percent * 1_000_000
            let found = Double(histogram.percentile(percent))
            #expect(found >= exact && found <= exact * (1 + 1 / 128.0))
        }
        #expect(histogram.total == 100_000)
        #expect(histogram.max == 100_000_000)
    }

    @Test func `small numbers are exact and the largest has its place`() {
        var histogram = LatencyHistogram()
        for value in [0, 1, 127, 128, UInt64.max] { histogram.record(value) }
        #expect(histogram.percentile(20) == 0)
        #expect(histogram.percentile(40) == 1)
        #expect(histogram.percentile(60) == 127)
        #expect(histogram.percentile(80) == 128)
        #expect(histogram.percentile(100) == UInt64.max)
    }

    @Test func `a histogram without entries has percentiles of 0`() {
        #expect(LatencyHistogram().percentile(99) == 0)
    }
}
