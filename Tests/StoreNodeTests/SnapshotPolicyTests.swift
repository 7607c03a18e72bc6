import StoreNode
import Testing

struct SnapshotPolicyTests {
    @Test func `a snapshot is due after as much log as the last one holds, within bounds`() {
        var policy = SnapshotPolicy()
        let least = policy.logBytes
        #expect(policy.dueAfter(snapshotBytes: 0) == least)
        #expect(policy.dueAfter(snapshotBytes: least - 1) == least)
        #expect(policy.dueAfter(snapshotBytes: 3 * least) == 3 * least)
        #expect(policy.dueAfter(snapshotBytes: 50 * least) == 4 * least)
        policy.logBytes = .max
        #expect(policy.dueAfter(snapshotBytes: 1) == .max)
    }
}
