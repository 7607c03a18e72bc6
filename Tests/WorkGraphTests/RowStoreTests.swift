import ByteCoding
import Testing
import WorkProtocol

@testable import WorkGraph

@Suite struct RowStoreTests {
    private struct Row: Equatable {
        var kind: EntityKind
        var bytes: [UInt8]
    }

    /// A copy of a store, and what was in it when it was taken.
    private final class Copy {
        let store: RowStore
        let model: [UInt32: Row]

        init(_ store: inout RowStore, _ model: [UInt32: Row]) {
            self.store = store.copy()
            self.model = model
        }
    }

    private func rows(of store: borrowing RowStore) -> [UInt32: Row] {
        var found: [UInt32: Row] = [:]
        var previous: UInt32?
        store.forEach { row, kind, bytes in
            if let previous { #expect(row > previous) }
            previous = row
            found[row] = Row(kind: kind, bytes: bytes.withUnsafeBytes { [UInt8]($0) })
            return true
        }
        return found
    }

    @Test(arguments: [1, 2, 3, Seeds.fresh()])
    func `it is a dictionary, and so is every copy taken on the way`(seed: UInt64) {
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        var store = RowStore()
        var model: [UInt32: Row] = [:]
        var copies: [Copy] = []
        // One that is large enough for large pages.
        let (rowMax, sizeMax) = seed == 3 ? (6_000, 2_000) : (500, 700)
        for step in 0..<3000 {
            let row = UInt32(1 + random.below(rowMax))
            if random.once(in: 4) {
                store.remove(row)
                model[row] = nil
            } else {
                // Now and then a row larger than a page.
                let size = random.once(in: 400) ? 70_000 : random.below(sizeMax)
                let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &+ step) }
                let kind: EntityKind = random.once(in: 2) ? .task : .story
                store.set(row, kind: kind, bytes.span.bytes)
                model[row] = Row(kind: kind, bytes: bytes)
            }
            #expect(store.bytes(of: row) == model[row]?.bytes, "seed \(seed), step \(step)")
            #expect(store.kind(of: row) == model[row]?.kind)
            #expect(store.count == model.count)
            if random.once(in: 300) { copies.append(Copy(&store, model)) }
            if random.once(in: 700), !copies.isEmpty { copies.removeFirst() }
        }
        #expect(rows(of: store) == model, "seed \(seed)")
        #expect(store.contentBytes == model.values.reduce(0) { $0 + $1.bytes.count })
        for copy in copies { #expect(rows(of: copy.store) == copy.model, "seed \(seed)") }
    }

    @Test func `rows that come and go do not fill the memory`() {
        var store = RowStore()
        let bytes = [UInt8](repeating: 7, count: 300)
        for round in 0..<50 {
            for row in UInt32(1)...1000 {
                let grown = bytes + [UInt8](repeating: 8, count: round * 8)
                store.set(row, kind: .task, grown.span.bytes)
            }
        }
        let needed = store.contentBytes + 1000 * 20
        #expect(store.allocatedBytes < needed * 5 / 2 + 4 * RowPage.standardCapacity)
    }

    @Test func `what rows leave behind that grow is taken by others`() {
        var store = RowStore()
        var random = SeededRandom(seed: 5)
        for row in UInt32(1)...20_000 {
            let bytes = [UInt8](repeating: 1, count: 250 + random.below(100))
            store.set(row, kind: .task, bytes.span.bytes)
            let older = UInt32(1 + random.below(Int(row)))
            let grown = (store.bytes(of: older) ?? []) + [UInt8](repeating: 2, count: 16)
            store.set(older, kind: .task, grown.span.bytes)
            let story = [UInt8](repeating: 3, count: 40)
            store.set(100_000 + row, kind: .story, story.span.bytes)
        }
        #expect(store.contentBytes > 20_000 * 300)
        // A header of 12, a slot of 8, and some bytes of rounding are what each row takes besides.
        let needed = store.contentBytes + store.count * 28
        #expect(store.allocatedBytes < needed * 110 / 100 + 400 << 10)
        for row in UInt32(1)...20_000 {
            #expect(store.bytes(of: row)?.first == 1 && store.byteCount(of: 100_000 + row) == 40)
        }
    }

    @Test func `a copy is not touched by what is written later`() {
        var store = RowStore()
        for row in UInt32(1)...100 { store.set(row, kind: .task, [UInt8(row)].span.bytes) }
        let copy = store.copy()
        for row in UInt32(1)...100 { store.set(row, kind: .task, [0].span.bytes) }
        store.remove(50)
        for row in UInt32(1)...100 { #expect(copy.bytes(of: row) == [UInt8(row)]) }
        #expect(copy.count == 100 && store.count == 99)
    }

    /// Where a row's bytes lie.
    private func place(_ row: UInt32, in store: borrowing RowStore) -> UnsafeRawPointer? {
        store.withRow(row) { _, bytes in bytes.withUnsafeBytes { $0.baseAddress } } ?? nil
    }

    @Test func `while there is a copy, a write costs its row and not its page`() {
        var store = RowStore()
        let bytes = [UInt8](repeating: 1, count: 500)
        for row in UInt32(1)...20_000 { store.set(row, kind: .task, bytes.span.bytes) }
        let before = store.allocatedBytes
        let copy = store.copy()
        // One row of each page, and of some more.
        for row in stride(from: UInt32(1), through: 20_000, by: 100) {
            store.set(row, kind: .story, bytes.span.bytes)
        }
        #expect(store.allocatedBytes < before + 200 * 520 + 3 * RowPage.standardCapacity)
        var moved = 0
        for row in UInt32(1)...20_000 {
            #expect(copy.kind(of: row) == .task)
            #expect(store.kind(of: row) == (row % 100 == 1 ? .story : .task))
            if place(row, in: store) != place(row, in: copy) { moved += 1 }
        }
        // All others are in memory that both have, but for the page that was being filled.
        #expect(moved >= 200 && moved < 200 + RowPage.standardCapacity / 500)
    }

    @Test func `what rows leave while there is a copy is taken when it has gone`() {
        var store = RowStore()
        // The same without copies.
        var twin = RowStore()
        var random = SeededRandom(seed: 8)
        func write(_ row: UInt32) {
            let bytes = [UInt8](repeating: 1, count: 400 + random.below(100))
            store.set(row, kind: .task, bytes.span.bytes)
            twin.set(row, kind: .task, bytes.span.bytes)
        }
        func update(_ rows: Int) { for _ in 0..<rows { write(UInt32(1 + random.below(10_000))) } }
        for row in UInt32(1)...10_000 { write(row) }
        for _ in 0..<30 {
            let copy = store.copy()
            update(1000)
            #expect(copy.count == 10_000)
            update(2000)
        }
        print("\(twin.allocatedBytes) bytes without copies, \(store.allocatedBytes) with them")
        // A tenth is what one copy kept from being taken.
        #expect(store.allocatedBytes < twin.allocatedBytes * 115 / 100)
    }
}
