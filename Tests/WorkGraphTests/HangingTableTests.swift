import Testing

@testable import WorkGraph

@Suite struct HangingTableTests {
    private struct Place: Hashable {
        var kind: HangingTable.Kind
        var row: UInt32
    }

    @Test(arguments: [1, 2, Seeds.fresh()])
    func `it is a list for each kind and row, and so is every copy taken on the way`(
        seed: UInt64
    ) throws {
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        var table = HangingTable()
        var model: [Place: Set<UInt32>] = [:]
        var copies: [(HangingTable, [Place: Set<UInt32>])] = []
        let kinds: [HangingTable.Kind] = [.subtask, .dependent, .story, .attachment]
        for step in 0..<3_000 {
            let place = Place(
                kind: kinds[random.below(4)], row: UInt32(random.below(8) * 1_000))
            let row = UInt32(random.below(3))
            let entry = RankedList.Entry(rank: Int64(row % 2), row: row)
            let isThere = model[place]?.contains(row) == true
            table.set(place.kind, place.row, entry, !isThere)
            if isThere { model[place]?.remove(row) } else { model[place, default: []].insert(row) }
            if random.once(in: 300) { copies.append((table, model)) }
            expect(table, model, kinds, "seed \(seed), step \(step)")
        }
        for (copy, model) in copies { expect(copy, model, kinds, "seed \(seed), copy") }
        #expect(copies.contains { $0.0 != table })
        // The same, however it came to be.
        var again = HangingTable()
        for (place, rows) in model {
            for row in rows {
                again.set(
                    place.kind, place.row, RankedList.Entry(rank: Int64(row % 2), row: row), true)
            }
        }
        #expect(again == table)
    }

    private func expect(
        _ table: HangingTable, _ model: [Place: Set<UInt32>], _ kinds: [HangingTable.Kind],
        _ what: String
    ) {
        for row in stride(from: UInt32(0), to: 8_000, by: 1_000) {
            let counts = table.counts(row)
            for kind in kinds {
                var found: Set<UInt32> = []
                table[kind, row]?.forEach { found.insert($0.row).inserted }
                let expected = model[Place(kind: kind, row: row)] ?? []
                #expect(found == expected, "\(what)")
                let count: UInt32? =
                    switch kind {
                    case .subtask: counts.subtasks
                    case .dependent: counts.dependents
                    case .attachment: counts.attachments
                    case .story: nil
                    }
                if let count { #expect(Int(count) == expected.count, "\(what)") }
            }
        }
    }
}
