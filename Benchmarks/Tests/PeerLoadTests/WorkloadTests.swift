import Testing

@testable import peer_load

@Suite struct WorkloadTests {
    @Test func `work is gets mostly, updates, and a create in a hundred`() {
        let workload = Workload(KeyFile(tasks: 4_000), seed: 1)
        var counts: [Operation: Int] = [:]
        for _ in 0..<10_000 { counts[workload.next(.work).operation, default: 0] += 1 }
        #expect(counts.keys.count == 3)
        #expect((8_850...9_150).contains(counts[.get] ?? 0))
        #expect((770...1_030).contains(counts[.update] ?? 0))
        #expect((60...145).contains(counts[.create] ?? 0))
    }
}
