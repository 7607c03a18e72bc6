import Testing

@testable import peer_load

@Suite struct WorkloadTests {
    @Test func `work is seven gets, two updates and a create`() {
        let workload = Workload(KeyFile(tasks: 4_000), seed: 1)
        var counts: [Operation: Int] = [:]
        for _ in 0..<10_000 { counts[workload.next(.work).operation, default: 0] += 1 }
        #expect(counts.keys.count == 3)
        #expect((6_800...7_200).contains(counts[.get] ?? 0))
        #expect((1_800...2_200).contains(counts[.update] ?? 0))
        #expect((850...1_150).contains(counts[.create] ?? 0))
    }
}
