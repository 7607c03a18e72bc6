import Testing

@testable import WorkGraph

@Suite struct BlockTableTests {
    @Test(arguments: [1, 2, Seeds.fresh()])
    func `it is an array without an end, and so is every copy taken on the way`(
        seed: UInt64
    ) throws {
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        var table = BlockTable(empty: UInt32(7))
        var model: [UInt32: UInt32] = [:]
        var copies: [(table: BlockTable<UInt32>, model: [UInt32: UInt32])] = []
        for step in 0..<2_000 {
            let row = UInt32(random.below(100) * 1_000 + random.below(5))
            #expect(table[row] == model[row] ?? 7)
            table[row] = UInt32(step)
            model[row] = UInt32(step)
            if random.once(in: 200) { copies.append((table, model)) }
        }
        copies.append((table, model))
        for copy in copies {
            for row in stride(from: UInt32(0), to: 120_000, by: 500) {
                #expect(copy.table[row] == copy.model[row] ?? 7)
            }
            for (row, value) in copy.model { #expect(copy.table[row] == value) }
        }
    }

    @Test func `two tables are equal that hold the same, whatever room they have`() {
        var one = BlockTable(empty: UInt32(0))
        let other = BlockTable(empty: UInt32(0))
        one[50_000] = 1
        #expect(one != other)
        one[50_000] = 0
        #expect(one == other)
    }
}
