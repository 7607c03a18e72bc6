import ReplicatedLog
import Testing

@Suite struct EpochHistoryTests {
    /// A log written as the version of each record's epoch: "1122" has four records.
    private struct Written {
        var history = EpochHistory()
        var end = LSN.zero

        init(_ text: String) {
            for digit in text {
                end = end.next
                history.note(Epoch(version: UInt64(digit.wholeNumberValue ?? 0), boot: 0), at: end)
            }
        }
    }

    @Test(arguments: [
        ("", "", 0), ("11", "", 0), ("11", "11", 2), ("111", "11", 2),
        // The same beginning, then another epoch here and there.
        ("1122", "1133", 2), ("1123", "1122", 3), ("11", "1122", 2),
        // The other wrote on in an old epoch that this one has left.
        ("1133", "1111", 2), ("122", "111222", 1),
        // Nothing in common.
        ("22", "11", 0), ("2", "1222", 0),
    ])
    func `two logs are the same up to their last common record`(
        _ one: String, _ other: String, _ expected: UInt64
    ) {
        let (left, right) = (Written(one), Written(other))
        for (first, second) in [(left, right), (right, left)] {
            let common = EpochHistory.common(
                first.history, endingAt: first.end, second.history, endingAt: second.end)
            #expect(common == LSN(expected), "\(one) and \(other)")
        }
    }

    /// Any two logs that one protocol can have left: common to all is that equal (place, epoch)
    /// means equal beginnings.
    @Test func `the common part of random logs is what comparing record by record finds`() {
        var random = Seeded(5)
        for _ in 0..<2_000 {
            let shared = (0..<random.below(6)).map { _ in 1 + random.below(2) }.sorted()
            let one = shared + (0..<random.below(4)).map { _ in 3 + 2 * random.below(2) }.sorted()
            let other = shared + (0..<random.below(4)).map { _ in 4 + 2 * random.below(2) }.sorted()
            let (left, right) = (
                Written(one.map(String.init).joined()), Written(other.map(String.init).joined())
            )
            let common = EpochHistory.common(
                left.history, endingAt: left.end, right.history, endingAt: right.end)
            #expect(common == LSN(UInt64(shared.count)), "\(one) and \(other)")
        }
    }

    @Test func `a history that does not reach back far enough cannot tell`() {
        let here = EpochHistory([EpochStart(epoch: Epoch(version: 9, boot: 0), first: LSN(100))])
        let there = Written("1111")
        let common = EpochHistory.common(
            here ?? EpochHistory(), endingAt: LSN(120), there.history, endingAt: there.end)
        #expect(common == nil)
    }
}
