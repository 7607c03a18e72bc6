import StoreNode
import Testing

struct SnapshotPolicyTests {
    @Test func `a snapshot is due after four times what the last one holds, within bounds`() {
        var policy = SnapshotPolicy()
        let least = policy.logBytes
        #expect(policy.dueAfter(snapshotBytes: 0) == least)
        #expect(policy.dueAfter(snapshotBytes: least / 4) == least)
        #expect(policy.dueAfter(snapshotBytes: least / 2) == 2 * least)
        #expect(policy.dueAfter(snapshotBytes: 50 * least) == 4 * least)
        #expect(policy.dueAfter(snapshotBytes: .max) == 4 * least)
        policy.logBytes = .max
        #expect(policy.dueAfter(snapshotBytes: 1) == .max)
    }
}
